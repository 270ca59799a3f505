"""Courses written as packages of QTI 2.1: read back they are the same, as far as QTI can say it."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content import grading
from content.formats import qti
from content.formats.source import Loaded
from content.package import Concept, CoursePackage, Exercise, Hint, Misconception, Step, WrongAnswer

WORDS = st.text(alphabet="abcdefgh", min_size=1, max_size=6)
TEXTS = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
CHOICES = st.lists(TEXTS, min_size=2, max_size=5, unique=True).filter(lambda texts: "true" not in texts)
NUMBERS = st.decimals(min_value=-1000, max_value=1000, allow_nan=False, places=2).map(
    lambda value: f"{value.normalize():f}"
)


def numbered(texts: list[str]) -> dict[str, str]:
    return {str(at): text for at, text in enumerate(texts, 1)}


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(
        st.sampled_from(
            ["one_choice", "several_choices", "true_false", "number", "text", "matching", "ordering", "cloze"]
        )
    )
    choices = numbered(draw(CHOICES))
    made: dict[str, Any] = {"kind": kind}
    if kind == "one_choice":
        made |= {"choices": choices, "correct": draw(st.sampled_from(list(choices)))}
    elif kind == "several_choices":
        right = draw(st.lists(st.sampled_from(list(choices)), min_size=1, unique=True))
        made |= {"choices": choices, "correct": sorted(right)}
    elif kind == "true_false":
        made |= {"correct": draw(st.booleans())}
    elif kind == "number":
        made |= {"value": draw(NUMBERS)} | draw(st.sampled_from([{}, {"tolerance": "0.5"}]))
    elif kind == "text":
        made |= {"accept": draw(st.lists(WORDS, min_size=1, max_size=3, unique=True))} | draw(
            st.sampled_from([{}, {"case": True}])
        )
    elif kind == "matching":
        options = numbered(draw(CHOICES))
        made |= {"stems": choices, "options": options}
        made |= {"pairs": {stem: draw(st.sampled_from(list(options))) for stem in choices}}
    elif kind == "ordering":
        made |= {"items": choices, "correct": draw(st.permutations(list(choices)))}
    else:
        gaps = {
            "1": {"kind": "text", "accept": [draw(WORDS)]},
            "2": {"kind": "one_choice", "choices": choices, "correct": "1"},
        }
        made |= {"text": f"{draw(WORDS)} [[1]] {draw(WORDS)} [[2]] end.", "gaps": gaps}
    if kind in {"one_choice", "several_choices"} and draw(st.booleans()):
        made["shuffle"] = True
    return made


@st.composite
def exercises(draw: st.DrawFn, key: str = "e1") -> Exercise:
    answer = draw(answers())
    prompt = "" if answer["kind"] == "cloze" else draw(TEXTS)
    hints = draw(st.lists(TEXTS, max_size=2))
    wrong: tuple[WrongAnswer, ...] = ()
    if answer["kind"] == "one_choice":
        other = next(one for one in answer["choices"] if one != answer["correct"])
        wrong = draw(st.sampled_from([(), (WrongAnswer(response=other, feedback="not that"),)]))
    step = Step(
        key=key,
        answer=answer,
        concepts=("c1",),
        hints=tuple(Hint(key=f"h{at}", text=text) for at, text in enumerate(hints, 1)),
        solution=draw(st.sampled_from(["", "because so"])),
        wrong_answers=wrong,
    )
    return Exercise(
        key=key,
        steps=(step,),
        title=draw(st.sampled_from(["", "A title"])),
        prompt=prompt,
        lesson=draw(st.sampled_from(["", "Lesson one"])),
        tags=tuple(draw(st.lists(WORDS, max_size=2, unique=True))),
        difficulty=draw(st.sampled_from(["", "0.25"])),
        licence=draw(st.sampled_from(["", "CC BY 4.0"])),
        attribution=draw(st.sampled_from(["", "Ada Lovelace"])),
    )


def course(*made: Exercise, **more: Any) -> CoursePackage:
    concepts = more.pop("concepts", (Concept(key="c1", title="Concept one"),))
    return CoursePackage(slug="sums", title="Sums", language="en", concepts=concepts, exercises=made, **more)


def back(package: CoursePackage) -> Loaded:
    return qti.read(qti.write(package).files)


def comparable(exercise: Exercise) -> Exercise:
    """Without a lesson the test is one: then its title is the lesson."""
    return replace(exercise, lesson=exercise.lesson or "Sums")


@settings(deadline=None, max_examples=50)
@given(exercises())
def test_what_qti_can_say_comes_back(exercise: Exercise) -> None:
    written = qti.write(course(exercise))
    assert written.defects == ()
    found = qti.read(written.files)
    assert found.package.exercises == (comparable(exercise),)
    assert found.package.concepts == (Concept(key="c1", title="Concept one"),)
    assert found.defects == ()


@settings(deadline=None, max_examples=50)
@given(exercises())
def test_what_came_from_qti_comes_back_once_more(exercise: Exercise) -> None:
    first = back(course(exercise)).package
    assert back(first).package.exercises == first.exercises


@pytest.mark.parametrize("kind", list(grading.KINDS))
def test_every_kind_is_written_and_can_be_answered_after(kind: Any) -> None:
    example = grading.KINDS[kind].example
    step = Step(key="e1", answer=example, concepts=("c1",))
    (made,) = back(course(Exercise(key="e1", prompt="Question?", steps=(step,)))).package.exercises
    (again,) = made.steps
    assert again.answer["kind"] in {kind.value, "text", "cloze"}
    grade = grading.grade(grading.parse_key(again.answer), grading.right_response(again.answer))
    assert grade.correct or grade.is_waiting


def test_steps_keep_their_names_and_their_hints() -> None:
    steps = (
        Step(
            key="e1:rise",
            prompt="Up?",
            answer={"kind": "number", "value": "6"},
            concepts=("c1",),
            hints=(Hint(key="h1", text="Look."),),
        ),
        Step(key="e1:run", prompt="Along?", answer={"kind": "text", "accept": ["three"]}, concepts=("c1",)),
    )
    exercise = Exercise(key="e1", title="Slope", prompt="A line.", steps=steps, lesson="1")
    assert back(course(exercise)).package.exercises == (exercise,)


def test_mathematics_stays_mathematics() -> None:
    step = Step(key="e1", answer={"kind": "number", "value": "2"}, concepts=("c1",), solution="$$x^2 < 5$$")
    exercise = Exercise(key="e1", prompt="What is $\\frac{4}{2}$ & $a<b$?", steps=(step,), lesson="1")
    assert back(course(exercise)).package.exercises == (exercise,)


def test_figures_come_along_and_keep_their_names() -> None:
    step = Step(key="e1", answer={"kind": "number", "value": "2"}, concepts=("c1",))
    exercise = Exercise(key="e1", prompt="![a line](figures/line.png)", steps=(step,), lesson="1")
    first = back(course(exercise, files={"line.png": b"\x89PNG picture"})).package
    (name,) = first.files
    assert first.files[name] == b"\x89PNG picture"
    second = back(first).package
    assert second.exercises == first.exercises
    assert list(second.files) == [name]


def test_what_qti_has_no_place_for_is_said() -> None:
    step = Step(
        key="e1",
        answer={"kind": "expression", "value": "2x+6", "form": "expanded"},
        concepts=("c1",),
        wrong_answers=(WrongAnswer(response="2x+3", feedback="No.", misconception="m"),),
    )
    concepts = (Concept(key="c1", title="One", requires=("c2",)), Concept(key="c2", title="Two", summary="What it is."))
    package = course(
        Exercise(key="e1", prompt="Expand.", steps=(step,)),
        concepts=concepts,
        misconceptions=(Misconception(key="m", title="M"),),
    )
    said = [defect.problem for defect in qti.write(package).defects]
    assert said == [
        "form: QTI has no place for this: expanded",
        "QTI compares this as a text: expression",
        "QTI has no place for this: a misconception: m",
        "QTI has no place for this: prerequisites",
        "QTI has no place for this: summaries, examples and rules of concepts",
        "QTI has no place for this: misconceptions",
    ]


ORDER = [
    *("responseDeclaration", "outcomeDeclaration", "templateDeclaration", "templateProcessing", "stylesheet"),
    *("itemBody", "responseProcessing", "modalFeedback"),
]


@settings(deadline=None, max_examples=50)
@given(exercises())
def test_packages_name_what_they_hold_and_items_have_the_order_of_the_schema(exercise: Exercise) -> None:
    files = qti.write(course(exercise, files={"line.png": b"x"})).files
    manifest = ElementTree.fromstring(files["imsmanifest.xml"])
    named = {one.get("href", "") for one in manifest.iter() if one.get("href")}
    assert named == set(files) - {"imsmanifest.xml"}
    item = ElementTree.fromstring(files["items/e1.xml"])
    tags = [child.tag.rpartition("}")[2] for child in item]
    assert tags == sorted(tags, key=ORDER.index)
    declared = {one.get("identifier") for one in item if one.tag.endswith("Declaration")}
    used = {one.get("responseIdentifier") for one in item.iter() if one.get("responseIdentifier")}
    assert used <= declared
