"""Texts of steps as embeddings, those that have none yet or changed. Reads: courses and steps; writes: embeddings.

What is embedded is what a student reads: the exercise's title and prompt, the step's prompt and its choices, without
Markdown, formulas in plain signs, a template as its first variant. It is read twice, with its formulas and without
them, and the embedding is the mean of both: alone, the one sees little but formulas, and the other sees none.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.conf import settings

from content import markup, package, variants
from content.models import Course, Step
from training.dataset import Floats
from training.encoder import Encoder
from training.models import Embedding

PORTION = 256  # steps that are embedded and written at once: what a killed worker may lose
READINGS = 2  # raised when texts are read in another way, so that all are embedded anew

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StepText:
    """What a student reads at one step, with its formulas and without them."""

    whole: str
    words: str

    @property
    def hash(self) -> str:
        """Changes with the text."""
        return hashlib.sha256(f"{READINGS}\0{self.whole}\0{self.words}".encode()).hexdigest()


def embed(*, now: datetime, course_id: int | None = None) -> int:
    """Embed what is missing, in one course or in all; return how many embeddings were made. Safe to repeat.

    A course in a language without an encoder (the setting TEXT_ENCODERS) has no embeddings, and the embeddings of a
    course are all of one encoder. An encoder that cannot be read is an error in the log, and its courses wait.
    """
    courses = Course.objects.order_by("language", "pk")
    made, encoders = 0, _Encoders()
    for course in courses.filter(pk=course_id) if course_id else courses:
        name = settings.TEXT_ENCODERS.get(course.language, "")
        Embedding.objects.filter(step__exercise__course=course).exclude(encoder=name).delete()
        if not name:
            continue
        try:
            made += _embed_course(course, name, encoders, now)
        except (OSError, ValueError) as error:
            log.error("the texts of %s wait, the encoder %s cannot be read: %s", course.slug, name, error)
    return made


def texts_of(exercise: package.Exercise) -> list[StepText]:
    """The text of each step of an exercise, in order."""
    with suppress(variants.VariantProblem):  # the author is told elsewhere, and the names of the variables are text too
        exercise = variants.instantiate(exercise, 0)
    found = []
    for step in exercise.steps:
        choices = step.answer.get("choices") or {}
        parts = [exercise.title, exercise.prompt, step.prompt, *map(str, choices.values())]
        whole, words = (
            "\n".join(filter(None, (markup.readable(part, formulas=formulas) for part in parts)))
            for formulas in (True, False)
        )
        found.append(StepText(whole, words))
    return found


def encode(encoder: Encoder, texts: Sequence[StepText]) -> list[Floats | None]:
    """The embeddings of the texts, of length 1; None for what is empty or the encoder cannot read."""
    vectors = encoder.encode([text.whole for text in texts] + [text.words for text in texts])
    wholes, words = vectors[: len(texts)], vectors[len(texts) :]
    return [_mean(*pair) for pair in zip(wholes, words, strict=True)]


def _mean(whole: Floats | None, words: Floats | None) -> Floats | None:
    if whole is None or words is None:
        return whole
    mean: Floats = (whole + words) / np.linalg.norm(whole + words)
    return mean


class _Encoders:
    """The encoder that was used last, kept until another is wanted."""

    def __init__(self) -> None:
        self.name = ""

    def get(self, name: str) -> Encoder:
        if name != self.name:
            self.encoder, self.name = Encoder(name), name
        return self.encoder


def _embed_course(course: Course, name: str, encoders: _Encoders, now: datetime) -> int:
    known = dict(Embedding.objects.filter(step__exercise__course=course).values_list("step_id", "text_hash"))
    wanted = [(step, text) for step, text in _texts_of_course(course) if known.get(step) != text.hash]
    for start in range(0, len(wanted), PORTION):
        portion = wanted[start : start + PORTION]
        vectors = encode(encoders.get(name), [text for _, text in portion])
        Embedding.objects.bulk_create(
            (
                Embedding(step_id=step, encoder=name, text_hash=text.hash, vector=vector, made_at=now)
                for (step, text), vector in zip(portion, vectors, strict=True)
            ),
            update_conflicts=True,
            unique_fields=["step"],
            update_fields=["encoder", "text_hash", "vector", "made_at"],
        )
    return len(wanted)


def _texts_of_course(course: Course) -> Iterator[tuple[int, StepText]]:
    """All steps, retired ones too: there may be answers to them."""
    rows: dict[int, list[Step]] = {}
    for row in Step.objects.filter(exercise__course=course).select_related("exercise").order_by("exercise", "pk"):
        rows.setdefault(row.exercise_id, []).append(row)
    for steps in rows.values():
        exercise = steps[0].exercise
        template = package.Exercise(
            key=exercise.key,
            title=exercise.title,
            prompt=exercise.prompt,
            variables=exercise.variables,
            steps=tuple(package.Step(key=step.key, prompt=step.prompt, answer=_offered(step)) for step in steps),
        )
        yield from zip((step.pk for step in steps), texts_of(template), strict=True)


def _offered(step: Step) -> package.Json:
    """Of an answer key what a student reads, as its author wrote it: choices that rules make are left out."""
    return {name: part for name, part in step.answer.items() if name in ("kind", "choices")}
