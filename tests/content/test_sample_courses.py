"""The sample course in its two languages: sound, of one structure, and fit to be the first thing that anyone sees."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from content import formats, grading, graph, markup, schema, variants
from content.formats import Loaded
from content.grading import units
from content.package import CoursePackage, Exercise, HintKind, Step, StepKind

COURSES = Path(__file__).parents[2] / "courses"
LANGUAGES = {"linear-equations-en": "en", "linear-equations-zh": "zh-hans"}
# What is graded is the same in both, but for texts and the spelling of units: see the test of their structure.
SEEDS = {"linear-equations-en": 20, "linear-equations-zh": 3}
DRAWS = 150  # of the values alone, for answers that coincide only now and then

WORDS = ("accept", "text", "rubric", "sample")  # of an answer key, to be translated
NAMED = ("choices", "stems", "options", "items")  # texts by their names

FORMULA = re.compile(r"\$\$?([^$]+)\$\$?")
CLUMSY = {
    "two signs": r"[-+]\s*[-+]\s*[\d.]",
    "a factor 1": r"(?<![\d.a-zA-Z}])1[a-z]",
    "a power 1": r"\^1(?!\d)",
    "a factor 0": r"(?<![\d.])0[a-z]",
    "nothing added": r"[-+] 0(?![.\d])",
    "a sign after a sign of multiplying": r"\\(?:times|cdot|div)\s*-",
    "a long number": r"\d{6}",
}
HALF_WIDTH = re.compile(r"[,;:?!()\"“”]|\.(?!\d)")
NATURAL = re.compile(r"\$\$?[^$]+\$\$?|\d+:\d+")  # formulas and times of day, which have signs of their own


@lru_cache
def loaded(slug: str) -> Loaded:
    return formats.load(COURSES / slug)


def package(slug: str) -> CoursePackage:
    return loaded(slug).package


def steps(slug: str) -> list[Step]:
    return [step for exercise in package(slug).exercises for step in exercise.steps]


@lru_cache
def concrete(slug: str) -> tuple[tuple[int, Exercise], ...]:
    """Every exercise in every variant that is tried."""
    return tuple(
        (seed, variants.instantiate(exercise, seed, misconceptions=package(slug).misconceptions))
        for exercise in package(slug).exercises
        for seed in range(SEEDS[slug] if exercise.variables else 1)
    )


def texts(exercise: Exercise) -> Iterator[str]:
    yield from (exercise.title, exercise.prompt)
    for step in exercise.steps:
        yield from (text for _, text in schema.step_texts(step))


def asked(exercise: Exercise, step: Step) -> list[str]:
    """The formulas of the prompts, as practice hands them to the grader."""
    return [formula for text in (exercise.title, exercise.prompt, step.prompt) for formula in markup.formulas(text)]


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
    concepts = package(slug).concepts
    assert graph.find_cycle({concept.key: concept.requires for concept in concepts}) == []
    assert [concept.key for concept in concepts if not concept.requires] == [concepts[0].key]


def test_every_kind_of_step_occurs_and_some_steps_scaffold(slug: str) -> None:
    assert {step.answer["kind"] for step in steps(slug)} == set(StepKind)
    assert any(hint.kind == HintKind.SCAFFOLD for step in steps(slug) for hint in step.hints)
    for concept in package(slug).concepts:
        kinds = {step.answer["kind"] for step in steps(slug) if concept.key in step.concepts}
        assert len(kinds) >= 3, concept.key


def test_every_step_has_hints_a_solution_and_wrong_answers_one_of_them_a_named_misconception(slug: str) -> None:
    for step in steps(slug):
        assert len(step.hints) >= 2, step.key
        assert step.solution, step.key
        if step.answer["kind"] == StepKind.LONG_TEXT:
            continue  # judged by people
        assert len(step.wrong_answers) >= (1 if step.answer["kind"] == StepKind.TRUE_FALSE else 2), step.key
        assert all(wrong.feedback for wrong in step.wrong_answers), step.key
        assert any(wrong.misconception for wrong in step.wrong_answers), step.key


def test_each_wrong_choice_of_one_is_explained(slug: str) -> None:
    for step in steps(slug):
        if step.answer["kind"] == StepKind.ONE_CHOICE and "distractors" not in step.answer:
            explained = [wrong.response for wrong in step.wrong_answers]
            assert sorted(explained) == sorted(set(step.answer["choices"]) - {step.answer["correct"]}), step.key


def test_most_wrong_answers_are_named_and_every_name_is_used(slug: str) -> None:
    named = [wrong.misconception for step in steps(slug) for wrong in step.wrong_answers]
    assert sum(map(bool, named)) >= 0.8 * len(named)
    assert {misconception.key for misconception in package(slug).misconceptions} <= set(named)


def test_no_first_hint_gives_the_answer_away(slug: str) -> None:
    for step in steps(slug):
        if step.answer["kind"] in (StepKind.NUMBER, StepKind.EXPRESSION):
            first = step.hints[0]
            given = {*FORMULA.findall(first.text), first.answer and first.answer.get("value")}
            assert step.answer["value"] not in given, step.key


def test_every_key_is_graded_right_in_every_variant(slug: str) -> None:
    for seed, exercise in concrete(slug):
        for step in exercise.steps:
            for answer in (step.answer, *(hint.answer for hint in step.hints if hint.answer)):
                assert schema.key_problems(answer) == [], (step.key, seed)
            key, own = grading.parse_key(step.answer), schema.own_answer(step.answer)
            graded = grading.grade(key, own, given=asked(exercise, step))
            assert graded.correct or graded.is_waiting, (step.key, seed)


def test_every_wrong_answer_is_wrong_and_gets_its_own_feedback_in_every_variant(slug: str) -> None:
    for seed, exercise in concrete(slug):
        for step in exercise.steps:
            key = grading.parse_key(step.answer)
            for index, wrong in enumerate(step.wrong_answers):
                response = wrong.response if isinstance(wrong.response, str) else list(wrong.response)
                grade = grading.grade(key, response, wrong_answers=step.wrong_answers)
                assert (grade.correct, grade.wrong_answer) == (False, index), (step.key, seed, response)


def test_no_two_answers_of_a_step_ever_coincide() -> None:
    for exercise in package("linear-equations-en").exercises:
        for seed in range(DRAWS if exercise.variables else 0):
            values = variants.draw_values(exercise, seed)
            for step in exercise.steps:
                answers = [
                    wrong.response for wrong in step.wrong_answers if isinstance(wrong.response, str) and wrong.response
                ]
                answers = [variants.fill(answer, values) for answer in (step.answer.get("value", ""), *answers)]
                assert len(set(answers)) == len(answers), (step.key, seed, answers)


def test_a_template_makes_many_different_exercises(slug: str) -> None:
    for exercise in package(slug).exercises:
        if exercise.variables:
            assert len({str(variants.draw_values(exercise, seed)) for seed in range(20)}) >= 6, exercise.key


def test_no_variant_is_written_clumsily(slug: str) -> None:
    for seed, exercise in concrete(slug):
        for text in texts(exercise):
            for formula in FORMULA.findall(text):
                clumsy = [name for name, pattern in CLUMSY.items() if re.search(pattern, formula)]
                assert clumsy == [], (exercise.key, seed, formula)
            assert not re.search(r"\$1\$ (?!(?:is|was|has|belongs)\b)[a-z]+s\b", text), (exercise.key, seed, text)


def test_where_y_is_asked_for_its_formula_alone_is_an_answer(slug: str) -> None:
    open_ended = [step for step in steps(slug) if step.prompt.endswith("=\\ldots$")]
    assert open_ended
    for _, exercise in concrete(slug):
        for step in exercise.steps:
            if (step.prompt or exercise.prompt).endswith("=\\ldots$"):
                right_side = step.answer["value"].split("=")[-1]
                assert grading.grade(grading.parse_key(step.answer), right_side).correct, step.key


def test_a_form_or_unit_that_is_demanded_is_asked_for(slug: str) -> None:
    said = {
        "simplest": r"lowest terms|最简分数",
        "simplified": r"[Ss]impl|化简|最简",
        "expanded": r"Multiply out|去括号",
        "factored": r"product|乘积",
        "integer": r"whole|largest number of|整数|最多",
    }
    for exercise in package(slug).exercises:
        for step in exercise.steps:
            prompt = exercise.prompt + step.prompt
            if form := said.get(step.answer.get("form", "")):
                assert re.search(form, prompt), step.key
            if step.answer.get("unit_required"):
                assert re.search(r"unit|单位", step.prompt), step.key
            if step.answer.get("tolerance"):
                assert re.search(r"rounded to|保留", prompt), step.key


def test_no_two_exercises_ask_the_same(slug: str) -> None:
    firsts = [exercise for seed, exercise in concrete(slug) if seed == 0]
    asked = [(exercise.prompt, *(step.prompt for step in exercise.steps)) for exercise in firsts]
    assert len(set(asked)) == len(asked)


def structure(exercise: Exercise) -> Any:
    """What must be the same in both languages: everything but the words."""
    variables = dict(exercise.variables)
    themes = {theme: sorted(words) for theme, words in variables.pop("themes", {}).items()}
    return exercise.key, variables, themes, exercise.difficulty, tuple(map(_step_structure, exercise.steps))


def _step_structure(step: Step) -> Any:
    is_text = step.answer["kind"] == "text"
    return (
        step.key,
        step.concepts,
        _answer_structure(step.answer),
        tuple((hint.key, hint.kind, hint.answer and _answer_structure(hint.answer)) for hint in step.hints),
        tuple((is_text or _measured(wrong.response), wrong.misconception) for wrong in step.wrong_answers),
    )


def _answer_structure(answer: Any) -> Any:
    kept = {name: value for name, value in answer.items() if name not in (*WORDS, *NAMED, "unit")}
    kept |= {name: sorted(answer[name]) for name in NAMED if isinstance(answer.get(name), dict)}
    if (unit := units.UNITS.get(answer.get("unit", ""))) and answer.get("unit_required"):
        kept["unit"] = unit
    return kept


def _measured(response: Any) -> Any:
    """A response with its unit as what the unit is, however the language spells it."""
    number, _, unit = response.rpartition(" ") if isinstance(response, str) else ("", "", "")
    return (number, units.UNITS[unit]) if unit in units.UNITS else response


def test_both_languages_have_the_same_structure() -> None:
    english, chinese = (package(slug) for slug in LANGUAGES)
    assert list(map(structure, english.exercises)) == list(map(structure, chinese.exercises))
    assert [(each.key, each.requires) for each in english.concepts] == [
        (each.key, each.requires) for each in chinese.concepts
    ]
    assert [(each.key, each.rewritings) for each in english.misconceptions] == [
        (each.key, each.rewritings) for each in chinese.misconceptions
    ]
    assert [[rule.key for rule in each.rules] for each in english.concepts] == [
        [rule.key for rule in each.rules] for each in chinese.concepts
    ]
    assert [(each.key, each.kind, each.concepts) for each in english.resources] == [
        (each.key, each.kind, each.concepts) for each in chinese.resources
    ]


def test_most_concepts_have_a_rule_and_there_is_something_to_read(slug: str) -> None:
    course = package(slug)
    assert sum(bool(concept.rules) for concept in course.concepts) >= 0.9 * len(course.concepts)
    assert {one.kind for one in course.resources} >= {"reading", "worked_example"}


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


def test_chinese_texts_have_chinese_punctuation() -> None:
    course = package("linear-equations-zh")
    written = [text for exercise in course.exercises for text in texts(exercise)]
    written += [text for concept in course.concepts for text in (concept.title, concept.summary, concept.example)]
    written += [
        text for misconception in course.misconceptions for text in (misconception.title, misconception.explanation)
    ]
    for text in written:
        assert not HALF_WIDTH.search(NATURAL.sub("", text)), text
