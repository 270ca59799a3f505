"""The sample course in its two languages: sound, of one structure, and fit to be the first thing that anyone sees."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from content import formats, grading, graph, schema, variants
from content.formats import Loaded
from content.package import CoursePackage, Exercise, HintKind, Step, StepKind

COURSES = Path(__file__).parents[2] / "courses"
LANGUAGES = {"linear-equations-en": "en", "linear-equations-zh": "zh-hans"}
SEEDS = 20


@lru_cache
def loaded(slug: str) -> Loaded:
    return formats.load(COURSES / slug)


def package(slug: str) -> CoursePackage:
    return loaded(slug).package


def steps(slug: str) -> list[Step]:
    return [step for exercise in package(slug).exercises for step in exercise.steps]


def concrete(slug: str) -> Iterator[tuple[int, Step]]:
    """Every step in every variant that is tried."""
    for exercise in package(slug).exercises:
        for seed in range(SEEDS if exercise.variables else 1):
            for step in variants.instantiate(exercise, seed).steps:
                yield seed, step


@pytest.fixture(params=LANGUAGES)
def slug(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_it_has_no_defects(slug: str) -> None:
    assert loaded(slug).defects == ()


def test_it_says_whose_it_is(slug: str) -> None:
    course = package(slug)
    assert (course.slug, course.language) == (slug, LANGUAGES[slug])
    assert (course.licence, course.attribution) == ("CC BY 4.0", "The Yincai developers")
    assert course.title
    assert course.description


def test_it_is_large_enough_to_learn_from(slug: str) -> None:
    course = package(slug)
    assert len(course.concepts) >= 15
    assert len(course.exercises) >= 100
    practised = [{concept for step in exercise.steps for concept in step.concepts} for exercise in course.exercises]
    for concept in course.concepts:
        assert sum(concept.key in concepts for concepts in practised) >= 5, concept.key


def test_concepts_stand_after_what_they_require_and_have_a_worked_example(slug: str) -> None:
    before: set[str] = set()
    for concept in package(slug).concepts:
        assert set(concept.requires) <= before
        assert concept.summary
        assert "$" in concept.example
        before.add(concept.key)
    assert graph.find_cycle({concept.key: concept.requires for concept in package(slug).concepts}) == []


def test_every_kind_of_step_occurs_and_some_steps_scaffold(slug: str) -> None:
    assert {step.answer["kind"] for step in steps(slug)} == set(StepKind)
    assert any(hint.kind == HintKind.SCAFFOLD for step in steps(slug) for hint in step.hints)


def test_every_step_has_hints_a_solution_and_a_wrong_answer_with_feedback(slug: str) -> None:
    for step in steps(slug):
        assert len(step.hints) >= 2, step.key
        assert step.solution, step.key
        assert step.wrong_answers, step.key
        assert all(wrong.feedback for wrong in step.wrong_answers), step.key


def test_most_wrong_answers_are_named_and_every_name_is_used(slug: str) -> None:
    named = [wrong.misconception for step in steps(slug) for wrong in step.wrong_answers]
    assert sum(map(bool, named)) >= 0.8 * len(named)
    assert {misconception.key for misconception in package(slug).misconceptions} <= set(named)


def test_every_key_is_graded_right_in_every_variant(slug: str) -> None:
    for seed, step in concrete(slug):
        for answer in (step.answer, *(hint.answer for hint in step.hints if hint.answer)):
            assert schema.key_problems(answer) == [], (step.key, seed)


def test_every_wrong_answer_is_wrong_and_gets_its_own_feedback_in_every_variant(slug: str) -> None:
    for seed, step in concrete(slug):
        key = grading.parse_key(step.answer)
        for index, wrong in enumerate(step.wrong_answers):
            response = wrong.response if isinstance(wrong.response, str) else list(wrong.response)
            grade = grading.grade(key, response, wrong_answers=step.wrong_answers)
            assert (grade.correct, grade.wrong_answer) == (False, index), (step.key, seed, response)


def test_no_two_exercises_ask_the_same(slug: str) -> None:
    asked = [(exercise.prompt, *(step.prompt for step in exercise.steps)) for exercise in package(slug).exercises]
    assert len(set(asked)) == len(asked)


def structure(exercise: Exercise) -> Any:
    """What must be the same in both languages: everything but the words."""
    return exercise.key, exercise.variables, tuple(map(_step_structure, exercise.steps))


def _step_structure(step: Step) -> Any:
    is_text = step.answer["kind"] == "text"
    return (
        step.key,
        step.concepts,
        _answer_structure(step.answer),
        tuple((hint.key, hint.kind, hint.answer and _answer_structure(hint.answer)) for hint in step.hints),
        tuple((is_text or wrong.response, wrong.misconception) for wrong in step.wrong_answers),
    )


def _answer_structure(answer: Any) -> Any:
    worded = {"choices": tuple(answer["choices"])} if "choices" in answer else {}
    return {name: value for name, value in answer.items() if name not in ("choices", "accept")} | worded


def test_both_languages_have_the_same_structure() -> None:
    english, chinese = (package(slug) for slug in LANGUAGES)
    assert list(map(structure, english.exercises)) == list(map(structure, chinese.exercises))
    assert [(each.key, each.requires) for each in english.concepts] == [
        (each.key, each.requires) for each in chinese.concepts
    ]
    assert [each.key for each in english.misconceptions] == [each.key for each in chinese.misconceptions]


def test_no_chinese_is_left_in_the_english_course_and_every_chinese_explanation_is_chinese() -> None:
    english, chinese = (package(slug) for slug in LANGUAGES)

    def is_chinese(text: str) -> bool:
        return any("\u4e00" <= sign <= "\u9fff" for sign in text)

    for exercise in english.exercises:
        for step in exercise.steps:
            assert not any(is_chinese(text) for _, text in schema.step_texts(step)), step.key
    for exercise in chinese.exercises:
        assert is_chinese(exercise.title)
        for step in exercise.steps:
            assert all(is_chinese(wrong.feedback) for wrong in step.wrong_answers), step.key
