"""A course package is checked as a whole: every mistake is found, at once, and named with its place."""

from dataclasses import replace
from typing import Any

import pytest

from content import schema
from content.package import (
    Concept,
    CoursePackage,
    Exercise,
    Hint,
    HintKind,
    Misconception,
    Step,
    WrongAnswer,
)


def step(**changes: Any) -> Step:
    fields: dict[str, Any] = {
        "key": "sum",
        "prompt": "What is $2+3$?",
        "answer": {"kind": "number", "value": "5"},
        "concepts": ("adding",),
        "hints": (Hint(key="h1", text="Count on from $3$."),),
        "wrong_answers": (WrongAnswer(response="6", feedback="That is the product.", misconception="product"),),
    }
    return Step(**(fields | changes))


def course(*steps: Step, **changes: Any) -> CoursePackage:
    fields: dict[str, Any] = {
        "slug": "sums",
        "title": "Sums",
        "language": "en",
        "concepts": (Concept(key="adding", title="Adding"), Concept(key="more", title="More", requires=("adding",))),
        "misconceptions": (Misconception(key="product", title="Product"),),
        "exercises": (Exercise(key="sum", steps=steps or (step(),)),),
    }
    return CoursePackage(**(fields | changes))


def problems(package: CoursePackage) -> str:
    return "\n".join(f"{defect.place}: {defect.problem}" for defect in schema.check(package))


def test_a_sound_course_has_no_defects() -> None:
    assert schema.check(course()) == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"answer": {"kind": "number", "value": "five apples and"}}, "answer"),
        ({"answer": {"kind": "guess"}}, "kind"),
        ({"answer": {}}, "kind"),
        ({"answer": {"kind": "number", "value": "5", "form": "integer", "colour": "red"}}, "colour"),
        ({"answer": {"kind": "one_choice", "choices": {"a": "x", "b": " x"}, "correct": "a"}}, "are equal"),
        ({"answer": {"kind": "one_choice", "choices": {"a": "x", "b": ""}, "correct": "a"}}, "is empty"),
        ({"answer": {"kind": "one_choice", "choices": {"a": "x", "b": "y"}, "correct": "c"}}, "not the id of a choice"),
        ({"answer": {"kind": "text", "accept": []}}, "accept"),
        ({"wrong_answers": (WrongAnswer(response="5.0", feedback="No."),)}, "this answer is right: 5.0"),
        ({"wrong_answers": (WrongAnswer(response="((", feedback="No."),)}, "cannot be read"),
        ({"wrong_answers": (WrongAnswer(response="6", feedback=" "),)}, "say what the student is told"),
        (
            {"wrong_answers": (WrongAnswer(response="6", feedback="No.", misconception="gone"),)},
            "not in the course: gone",
        ),
        ({"concepts": ("gone",)}, "not in the course: gone"),
        ({"concepts": ()}, "choose the concept that it practises"),
        ({"hints": (Hint(key="h1", text="  "),)}, "hint 1: it is empty"),
        ({"hints": (Hint(key="h1", text="Ask", kind=HintKind.SCAFFOLD),)}, "a smaller question needs an answer"),
        (
            {"hints": (Hint(key="h1", text="Ask", kind=HintKind.SCAFFOLD, answer={"kind": "number", "value": "x"}),)},
            "hint 1",
        ),
        ({"prompt": r"What is $\frac{1$?"}, r"LaTeX that cannot be shown: \frac{1"),
        ({"solution": "![a line](figures/line.png)"}, "there is no such figure: line.png"),
        ({"prompt": ""}, "nothing is asked"),
        ({"prompt": "What is @{a}?"}, "@{a}"),
        ({"key": "a b"}, "a key is letters"),
    ],
)
def test_a_mistake_in_a_step_is_found(changes: dict[str, Any], complaint: str) -> None:
    assert complaint in problems(course(step(**changes)))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"slug": "Not a slug"}, "slug"),
        ({"language": "fr"}, "language: this is not known: fr"),
        ({"exercises": ()}, "no exercises"),
        ({"concepts": (Concept(key="adding", title="A"), Concept(key="adding", title="B"))}, "used twice"),
        ({"concepts": (Concept(key="adding", title="A", requires=("gone",)),)}, "not in the course: gone"),
        ({"concepts": (Concept(key="adding", title=" "),)}, "no title"),
        ({"files": {"../line.png": b""}}, "not the name of a picture"),
        ({"files": {"line.html": b""}}, "not the name of a picture"),
    ],
)
def test_a_mistake_in_the_course_is_found(changes: dict[str, Any], complaint: str) -> None:
    assert complaint in problems(course(**changes))


def test_a_circle_of_prerequisites_is_named_by_its_path() -> None:
    concepts = (
        Concept(key="adding", title="A", requires=("c",)),
        Concept(key="b", title="B", requires=("adding",)),
        Concept(key="c", title="C", requires=("b",)),
    )
    assert "adding → c → b → adding" in problems(course(concepts=concepts))


def test_all_mistakes_are_found_at_once() -> None:
    first = step(answer={"kind": "number", "value": "("}, concepts=("gone",))
    second = step(key="second", prompt="$\\frac{1$")
    found = problems(course(first, second, slug="A B"))
    for complaint in ("slug", "not in the course: gone", "sum, answer", "second, prompt"):
        assert complaint in found


def test_keys_of_steps_are_unique_in_the_course() -> None:
    package = course()
    again = replace(package, exercises=(*package.exercises, Exercise(key="other", steps=(step(),))))
    assert "step sum: this key is used twice" in problems(again)


def test_a_template_is_checked_over_several_variants() -> None:
    variables = {"draw": {"a": {"from": "2", "to": "9"}}, "let": {"c": "a+3"}}
    sound = step(answer={"kind": "number", "value": "@{c}"}, prompt="$@{a}+3$", wrong_answers=())
    assert schema.check(course(exercises=(Exercise(key="e", steps=(sound,), variables=variables),))) == []
    sometimes = replace(sound, wrong_answers=(WrongAnswer(response="@{c}", feedback="No."),))
    assert "is right" in problems(course(exercises=(Exercise(key="e", steps=(sometimes,), variables=variables),)))


def test_a_wrong_answer_that_is_worth_something_needs_no_words() -> None:
    assert problems(course(step(wrong_answers=(WrongAnswer(response="6", feedback="", credit="0.5"),)))) == ""


def test_a_place_is_given_with_its_file_and_line() -> None:
    defects = schema.check(course(step(concepts=("gone",))), places={"step sum": "exercises/1.yaml line 7"})
    assert [defect.place for defect in defects] == ["exercises/1.yaml line 7 (step sum)"]


@pytest.mark.parametrize(
    ("answer", "own"),
    [
        ({"kind": "number", "value": "3/4", "unit": "cm"}, "3/4 cm"),
        ({"kind": "expression", "value": "x=4"}, "x=4"),
        ({"kind": "text", "accept": ["slope", "gradient"]}, "slope"),
        ({"kind": "one_choice", "choices": {"a": "1", "b": "2"}, "correct": "b"}, "b"),
        ({"kind": "several_choices", "choices": {"a": "1", "b": "2"}, "correct": ["a", "b"]}, ["a", "b"]),
    ],
)
def test_the_own_answer_of_every_kind_is_graded_right(answer: dict[str, Any], own: str | list[str]) -> None:
    assert schema.own_answer(answer) == own
    assert schema.key_problems(answer) == []
