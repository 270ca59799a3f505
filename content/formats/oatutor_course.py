"""The course around OATutor's problems: its lessons (coursePlans.json) and skills (skillModel.json) as concepts.

The skill model names no prerequisites, so none are invented; the order of the concepts is that of the lessons.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from content.formats.oatutor_problem import Report, items, mapping, said
from content.formats.source import Files
from content.package import Concept


@dataclass(frozen=True, kw_only=True)
class Course:
    """What the two files say, ready to be asked."""

    slug: str
    title: str
    language: str
    licence: str
    oer: str
    concepts: tuple[Concept, ...]
    lessons: Mapping[str, int]  # id to position
    skills: Mapping[str, tuple[str, ...]]  # step id to concept keys

    def lesson_position(self, lesson: str) -> int:
        """Where a lesson stands in the course; unknown ones last."""
        return self.lessons.get(lesson, len(self.lessons))


def read_course(files: Files, report: Report) -> Course:
    """Read the plans and the skill model; either may be missing."""
    plans = _json(files, "coursePlans.json", report)
    plan = mapping(plans[0]) if isinstance(plans, list) and len(plans) == 1 else {}
    skill_model = mapping(_json(files, "skillModel.json", report))
    lessons = [mapping(lesson) for lesson in plan.get("lessons") or []] if isinstance(plan.get("lessons"), list) else []
    named = [skill for lesson in lessons for skill in mapping(lesson.get("learningObjectives"))]
    named += [skill for step in skill_model for skill in items(skill_model, step)]
    title = said(plan, "courseName") or "OATutor"
    keys = _keys(named)
    return Course(
        slug=re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:80] or "oatutor",
        title=title[:200],
        language="zh-hans" if said(plan, "language").lower().startswith("zh") else "en",
        licence=said(plan, "courseLicense"),
        oer=said(plan, "courseOER"),
        concepts=tuple(Concept(key=key, title=_title(skill)) for skill, key in keys.items()),
        lessons={said(lesson, "id"): at for at, lesson in enumerate(lessons)},
        skills={step: tuple(dict.fromkeys(keys[one] for one in items(skill_model, step))) for step in skill_model},
    )


def _json(files: Files, name: str, report: Report) -> Any:
    found = next((full for full in files if full == name or full.endswith(f"/{name}")), None)
    if found is None:
        report(name, "the file is missing")
        return None
    try:
        return json.loads(files[found].decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        report(name, f"not JSON: {error}")
        return None


def _keys(skills: list[str]) -> dict[str, str]:
    """A concept key for each skill: its own name, with what a key may not contain replaced, still unique."""
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for skill in dict.fromkeys(skills):
        key = plain = re.sub(r"[^\w.-]+", "-", skill).strip("-")[:110] or "skill"
        number = 1
        while key in taken:
            number += 1
            key = f"{plain}-{number}"
        taken.add(key)
        keys[skill] = key
    return keys


def _title(skill: str) -> str:
    words = " ".join(skill.replace("_", " ").split())
    return (words[:1].upper() + words[1:])[:200] or skill[:200]
