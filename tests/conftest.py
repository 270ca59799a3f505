"""The cast: student and classmate, their teacher, a teacher of another class who must see nothing, administrator.

`course` is a small course made of rows: four concepts in a diamond, twelve exercises of every kind of step.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils.translation import override

from content.models import Concept, Course, Exercise, Hint, Misconception, Prerequisite, Step, WrongAnswer
from students.models import Classroom, Enrolment, User

PASSWORD = "a long enough phrase"


@dataclass(frozen=True, kw_only=True)
class StepPlan:
    """A step of the course of the tests: the concepts it needs, its answer key, and a recognised wrong answer."""

    concepts: str  # keys, separated by spaces
    answer: Mapping[str, Any]
    wrong: str = ""
    prompt: str = ""


@dataclass(frozen=True, kw_only=True)
class ExercisePlan:
    """An exercise of the course of the tests."""

    steps: Sequence[StepPlan]
    prompt: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


# concept -> what it requires
CONCEPTS = {
    "adding": "",
    "subtracting": "adding",
    "multiplying": "adding",
    "equations": "subtracting multiplying",
}


def number(concepts: str, value: int, wrong: str = "") -> StepPlan:
    """A step that asks for a whole number."""
    return StepPlan(concepts=concepts, answer={"kind": "number", "value": value}, wrong=wrong)


EXERCISES = {
    "add-small": ExercisePlan(prompt="What is $2+3$?", steps=[number("adding", 5, wrong="6")]),
    "add-large": ExercisePlan(prompt="What is $27+35$?", steps=[number("adding", 62, wrong="52")]),
    "add-choice": ExercisePlan(
        prompt="Which is the sum of $4$ and $5$?",
        steps=[
            StepPlan(
                concepts="adding",
                answer={"kind": "one_choice", "choices": {"a": "8", "b": "9", "c": "20"}, "correct": "b"},
                wrong="c",
            )
        ],
    ),
    "subtract-small": ExercisePlan(prompt="What is $9-4$?", steps=[number("subtracting", 5, wrong="13")]),
    "subtract-large": ExercisePlan(prompt="What is $50-27$?", steps=[number("subtracting", 23, wrong="37")]),
    "subtract-name": ExercisePlan(
        prompt="What is the result of a subtraction called?",
        steps=[StepPlan(concepts="subtracting", answer={"kind": "text", "accept": ["difference"]}, wrong="sum")],
    ),
    "multiply-small": ExercisePlan(prompt="What is $6\\times 7$?", steps=[number("multiplying", 42, wrong="13")]),
    "multiply-large": ExercisePlan(prompt="What is $12\\times 11$?", steps=[number("multiplying", 132, wrong="23")]),
    "multiply-several": ExercisePlan(
        prompt="Which of these are multiples of $4$?",
        steps=[
            StepPlan(
                concepts="multiplying",
                answer={
                    "kind": "several_choices",
                    "choices": {"a": "$8$", "b": "$10$", "c": "$12$"},
                    "correct": ["a", "c"],
                },
            )
        ],
    ),
    "solve-steps": ExercisePlan(
        prompt="Solve $3x+4=19$.",
        steps=[
            StepPlan(
                concepts="subtracting",
                prompt="Subtract $4$ on both sides.",
                answer={"kind": "expression", "value": "3x=15"},
            ),
            StepPlan(
                concepts="equations multiplying",
                prompt="What is $x$?",
                answer={"kind": "number", "value": 5},
                wrong="12",
            ),
        ],
    ),
    "solve-any": ExercisePlan(
        prompt="Solve $@{a}x=@{c}$.",
        variables={
            "draw": {"a": {"from": 2, "to": 9}, "x": {"from": 2, "to": 9}},
            "let": {"c": "a*x"},
        },
        steps=[StepPlan(concepts="equations", answer={"kind": "number", "value": "@{x}"})],
    ),
    "solve-expression": ExercisePlan(
        prompt="Write $x+x+3$ in a shorter way.",
        steps=[StepPlan(concepts="equations", answer={"kind": "expression", "value": "2x+3"}, wrong="x^2+3")],
    ),
}


def make_course(slug: str = "arithmetic") -> Course:
    """Write the course of the tests under a name of its own."""
    course = Course.objects.create(slug=slug, title="Arithmetic", language="en")
    concepts = {
        key: Concept.objects.create(
            course=course, key=key, title=key.capitalize(), position=position, example=f"An example of {key}."
        )
        for position, key in enumerate(CONCEPTS)
    }
    Prerequisite.objects.bulk_create(
        Prerequisite(concept=concepts[key], requires=concepts[needed])
        for key, requires in CONCEPTS.items()
        for needed in requires.split()
    )
    misconception = Misconception.objects.create(
        course=course, key="wrong-operation", title="Another operation", explanation="Look at the sign once more."
    )
    for position, (key, plan) in enumerate(EXERCISES.items()):
        exercise = Exercise.objects.create(
            course=course, key=key, prompt=plan.prompt, variables=dict(plan.variables), position=position
        )
        for place, step in enumerate(plan.steps):
            _make_step(exercise, place, step, concepts, misconception)
    return course


def _make_step(
    exercise: Exercise, place: int, plan: StepPlan, concepts: Mapping[str, Concept], misconception: Misconception
) -> None:
    key = exercise.key if len(EXERCISES[exercise.key].steps) == 1 else f"{exercise.key}:{place + 1}"
    step = Step.objects.create(
        exercise=exercise,
        key=key,
        position=place,
        kind=plan.answer["kind"],
        prompt=plan.prompt,
        answer=dict(plan.answer),
        solution="One way to see it.",
    )
    step.concepts.set([concepts[name] for name in plan.concepts.split()])
    Hint.objects.bulk_create(
        Hint(step=step, key=f"{key}-h{number}", position=number, kind="hint", text=f"Hint {number + 1}.")
        for number in range(2)
    )
    if plan.wrong:
        WrongAnswer.objects.create(
            step=step, response=plan.wrong, feedback="That is another operation.", misconception=misconception
        )


@pytest.fixture(autouse=True)
def _cheap_passwords(settings: Any) -> None:
    """Hashing slowly, as a site must, would take most of the time of the tests."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _files_when_asked_for(settings: Any) -> None:
    """Every test client would list all static files before its first request."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """The language that a test's requests spoke does not stay for the next test."""
    with override("en"):
        yield


@pytest.fixture
def course(db: None) -> Course:
    """The small course of the tests."""
    return make_course()


@pytest.fixture
def teacher(db: None) -> User:
    """The teacher of the student's class."""
    return User.objects.create_user("teacher", "teacher@school.example", PASSWORD, is_teacher=True)


@pytest.fixture
def other_teacher(db: None, course: Course) -> User:
    """A teacher of another class of the same course, who must see nothing of the student's."""
    other = User.objects.create_user("other-teacher", "other@school.example", PASSWORD, is_teacher=True)
    Classroom.objects.create(name="Other class", course=course, join_code="OTHERCODE").teachers.add(other)
    return other


@pytest.fixture
def administrator(db: None) -> User:
    """Somebody who may do everything in the administration."""
    return User.objects.create_superuser("administrator", "admin@school.example", PASSWORD)


@pytest.fixture
def classroom(course: Course, teacher: User) -> Classroom:
    """The class of the student and the classmate, taught by the teacher."""
    made = Classroom.objects.create(name="Class 7a", course=course, join_code="JOINSEVEN")
    made.teachers.add(teacher)
    return made


def _enrolled(username: str, classroom: Classroom) -> User:
    user = User.objects.create_user(username, f"{username}@school.example", PASSWORD)
    Enrolment.objects.create(classroom=classroom, student=user)
    return user


@pytest.fixture
def student(classroom: Classroom) -> User:
    """A student of the class."""
    return _enrolled("student", classroom)


@pytest.fixture
def classmate(classroom: Classroom) -> User:
    """Another student of the same class."""
    return _enrolled("classmate", classroom)


@pytest.fixture
def now() -> datetime:
    """A fixed time of day, for everything that takes a clock."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
