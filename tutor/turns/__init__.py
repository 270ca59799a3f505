"""A turn: one exercise for one student, from the choice to the last answer.

    choosing    what comes next, and what the worker should predict for it
    shown       a turn as its student may see it
    answering   answer, hint, scaffold, giving up
    progress    what has happened in a turn so far (plain)
    resources   what there is to read, watch or play about a step
    refreshing  asks the worker for fresh predictions

Pages, the API and commands call these functions only, and translate their results and exceptions.
"""

from tutor.turns.answering import AlreadyMoved, Outcome, answer_scaffold, ask_hint, give_up, submit_answer
from tutor.turns.choosing import CourseFinished, next_turn, skip, steps_wanted
from tutor.turns.refreshing import without_refresh
from tutor.turns.shown import (
    HintView,
    NotYours,
    ReasonView,
    ScaffoldView,
    StepState,
    StepView,
    TurnView,
    concrete,
    concrete_of,
    current,
    view,
)

__all__ = [
    "AlreadyMoved",
    "CourseFinished",
    "HintView",
    "NotYours",
    "Outcome",
    "ReasonView",
    "ScaffoldView",
    "StepState",
    "StepView",
    "TurnView",
    "answer_scaffold",
    "ask_hint",
    "concrete",
    "concrete_of",
    "current",
    "give_up",
    "next_turn",
    "skip",
    "steps_wanted",
    "submit_answer",
    "view",
    "without_refresh",
]
