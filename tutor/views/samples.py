"""Turns made up for the style guide: one for every state that a practice page can be in. Nothing is stored."""

from dataclasses import replace
from uuid import UUID

from django.utils.safestring import SafeString

from content import grading
from content.package import Json
from tutor.feedback import Change, Feedback, Offer
from tutor.turns import HintView, ReasonView, ScaffoldView, StepState, StepView, TurnView
from tutor.views.grounds import Grounds, Line

TOKEN = UUID(int=0)
LONG = (
    r"Bring $$\frac{x^2-2x+1}{(x-1)(x+3)}\cdot\frac{x^2+6x+9}{\sqrt{x+3}}"
    r"+\sum_{k=1}^{12}\frac{k(k+1)}{2}\left(\frac{x}{k}\right)^{k}-\frac{7x^4-3x^3+2x^2-9x+11}{x^2+x+1}$$ together."
)


def feedback(*, correct: bool, headline: str, **parts: str) -> Feedback:
    """Feedback with the parts named."""
    return Feedback(
        correct=correct,
        score=float(correct),
        reason=parts.get("reason", "right" if correct else "wrong"),
        headline=headline,
        read_as=parts.get("read_as", ""),
        right_part=parts.get("right_part", ""),
        wrong_part=parts.get("wrong_part", ""),
        said=parts.get("said", ""),
        misconception_title=parts.get("misconception_title", ""),
        misconception_text=parts.get("misconception_text", ""),
        offer=Offer.NEXT if correct else Offer.HINT,
        offer_text=parts.get("offer_text", ""),
        changes=(Change(concept_id=1, title="Slope", before=0.61, after=0.72 if correct else 0.55),),
    )


STEP_FIELD = grading.field({"kind": "number", "value": "2"})
STEP = StepView(
    key="slope:rise",
    number=1,
    prompt="How steep is the line through $A(1\\mid 2)$ and $B(4\\mid 8)$?",
    state=StepState.CURRENT,
    kind="number",
    field=STEP_FIELD,
    hints=(),
    hints_total=3,
    hint_label="Hint 1 of 3",
    tries=0,
    gave_up=False,
    response=None,
    feedback=None,
    solution="",
    right_answer="",
)
RIGHT = feedback(correct=True, headline="Right.", read_as="2")
WRONG = feedback(
    correct=False,
    headline="Not yet.",
    read_as=r"\frac{1}{2}",
    right_part="Both differences are right.",
    wrong_part="They stand the other way round.",
    said="The change in $y$ stands on top: $\\frac{8-2}{4-1}$.",
    misconception_title="Slope turned upside down",
    misconception_text="The slope says how much $y$ changes when $x$ grows by 1.",
    offer_text="A hint may help with the next try.",
)
SHOWN = feedback(correct=False, headline="Here is one way to do it.", reason="gave_up")
HINT = HintView(key="h1", number=1, total=3, title="", text="Subtract the $y$-coordinates first.", scaffold=None)
ASKED = ScaffoldView(kind="number", field=STEP_FIELD, correct=None, response=None, feedback=None)
CHOICES = {"a": "$2$", "b": r"$\frac{1}{2}$", "c": "$-2$", "d": "It has no slope, because it is vertical."}
DONE = replace(
    STEP,
    state=StepState.DONE,
    tries=1,
    response="6",
    feedback=RIGHT,
    hint_label="",
    solution="$8-2=6$",
    right_answer="$6$",
    prompt="How far does it rise?",
)
TURN = TurnView(
    token=TOKEN,
    state="open",
    course_id=0,
    course_slug="sample",
    course_title="Linear equations and functions",
    language="en",
    concept_id=0,
    concept_title="Slope",
    exercise_id=0,
    title="Slope from two points",
    prompt="A line runs through $A$ and $B$.",
    licence="",
    attribution="",
    steps=(STEP,),
    current=STEP,
    strategy="practice",
    example="",
    reason=ReasonView(code="learn", values={}, sentence="You know what slope builds on, so this is a good next step."),
    figures={},
)


GROUNDS = Grounds(
    lead="Of the answers to this concept, these mattered most for this estimate:",
    lines=(
        Line(
            sentence=SafeString("Today you solved “How steep is the line?” at the first try."),
            effect="It raised the estimate.",
            upwards=True,
        ),
        Line(
            sentence=SafeString("On Monday “How far does it rise?” was not right yet."),
            effect="It lowered the estimate a little.",
            upwards=False,
        ),
        Line(sentence=SafeString("Yesterday you had “How far does it run?” shown to you.")),
    ),
)


def _with(step: StepView, **changes: object) -> TurnView:
    return replace(TURN, steps=(step,), current=step, **changes)  # type: ignore[arg-type]


def _over(step: StepView, **changes: object) -> TurnView:
    return replace(TURN, steps=(step,), current=None, state="done", **changes)  # type: ignore[arg-type]


def _of_kind(answer: Json) -> StepView:
    return replace(STEP, kind=str(answer["kind"]), field=grading.field(answer))


SECOND = replace(STEP, key="slope:run", number=2)
SMALLER = replace(HINT, key="h2", number=2, scaffold=ASKED)
EXAMPLE = "From $(0\\mid 1)$ to $(2\\mid 5)$: $\\frac{4}{2}=2$."

STATES: dict[str, TurnView] = {
    "fresh": TURN,
    "worked-example": replace(TURN, strategy="worked_example", example=EXAMPLE),
    **{name.value.replace("_", "-"): _with(_of_kind(kind.example)) for name, kind in grading.KINDS.items()},
    "long-choices": _with(_of_kind({"kind": "one_choice", "choices": CHOICES, "correct": "a"})),
    "long-prompt": _with(replace(_of_kind({"kind": "expression", "value": "x"}), prompt=LONG)),
    "unit": _with(_of_kind({"kind": "number", "value": "2", "unit": "km/h"})),
    "wrong": _with(replace(STEP, tries=1, response="1/2", feedback=WRONG)),
    "hinted": _with(replace(STEP, hints=(HINT,), hint_label="Hint 2 of 3")),
    "scaffold": _with(replace(STEP, hints=(HINT, SMALLER), hint_label="Hint 3 of 3")),
    "second-step": replace(TURN, steps=(DONE, SECOND), current=SECOND),
    "right": _over(replace(DONE, prompt=STEP.prompt, right_answer="$2$")),
    "shown": _over(replace(DONE, gave_up=True, feedback=SHOWN, prompt=STEP.prompt, right_answer="$2$")),
    "skipped": replace(TURN, current=None, state="skipped"),
}
