"""What a student is told about an answer: never only right or wrong, about the answer and never about the person.

A `Marking` is the language-free record that is stored with the attempt; `words` turns it into a `Feedback` in the
language of whoever reads it. Elaborated feedback works about ten times as well as right or wrong alone
(Van der Kleij 2015, doi:10.3102/0034654314564881), hence the parts of it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from content.grading import Grade, Reason, Unreadable
from content.mathematics import Code

GAVE_UP = "gave_up"  # the reason of a Marking without an answer
TRIES_BEFORE_SOLUTION = 3
CHANGE_WORTH_SAYING = 0.005


class Offer(StrEnum):
    """The one thing that the student is offered next."""

    NEXT = "next"
    TRY_AGAIN = "try_again"
    HINT = "hint"
    EXAMPLE = "example"
    SOLUTION = "solution"


class Direction(StrEnum):
    """Where an estimate went."""

    UP = "up"
    DOWN = "down"
    SAME = "same"


@dataclass(frozen=True, kw_only=True)
class Change:
    """How the estimate of one concept moved, both ends 0 to 1."""

    concept_id: int
    title: str
    before: float
    after: float

    @property
    def direction(self) -> Direction:
        """Up, down, or too little to speak of."""
        if abs(self.after - self.before) < CHANGE_WORTH_SAYING:
            return Direction.SAME
        return Direction.UP if self.after > self.before else Direction.DOWN


@dataclass(frozen=True, kw_only=True)
class Marking:
    """What came of one answer, without words: stored, so that a repeated request is told the same again."""

    step: str  # its key
    correct: bool
    score: float  # 0 to 1
    reason: str  # a content.grading.Reason, or "gave_up"
    offer: str
    read_as: str = ""  # LaTeX or text: how the answer was understood
    details: Mapping[str, str] = field(default_factory=dict)
    said: str = ""  # the author's feedback on this very wrong answer, Markdown
    misconception_title: str = ""
    misconception_text: str = ""
    hints_used: int = 0
    try_number: int = 1
    changes: tuple[Change, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Marking":
        """The reverse of to_json."""
        return cls(**{**stored, "changes": tuple(Change(**change) for change in stored["changes"])})


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """What the student is shown. Empty texts are not shown; `said` and `misconception_text` are Markdown."""

    correct: bool
    score: float
    reason: str
    headline: str
    read_as: str  # LaTeX or text
    right_part: str  # what is right in it
    wrong_part: str  # what is not, and why
    said: str
    misconception_title: str
    misconception_text: str
    offer: Offer
    offer_text: str
    changes: tuple[Change, ...]
    looked_at: bool = False  # whether each of several places was judged by itself
    wrong_places: tuple[int, ...] = ()  # those that are to be looked at again, counted from 1


@dataclass(frozen=True, kw_only=True)
class Help:
    """What help there still is when an answer comes in, and how much of it the student asked for."""

    hints_left: int
    has_example: bool
    wanted: str = "usual"  # a students.models.Preference.Help


def next_offer(*, correct: bool, try_number: int, available: Help) -> Offer:
    """The one thing to offer after an answer: onwards, another try, or the next kind of help."""
    if correct:
        return Offer.NEXT
    if available.wanted == "little" and try_number == 1:
        return Offer.TRY_AGAIN
    if available.hints_left:
        return Offer.HINT
    if available.has_example and try_number == 2:
        return Offer.EXAMPLE
    return Offer.SOLUTION if try_number >= TRIES_BEFORE_SOLUTION else Offer.TRY_AGAIN


def mark(grade: Grade, *, step: str, offer: Offer, hints_used: int = 0, try_number: int = 1) -> Marking:
    """The grade as it is stored, before what the author said and how estimates moved are added."""
    return Marking(
        step=step,
        correct=grade.correct,
        score=grade.score,
        reason=str(grade.reason),
        offer=offer,
        read_as=grade.read_as,
        details=dict(grade.details),
        hints_used=hints_used,
        try_number=try_number,
    )


def gave_up(*, step: str, hints_used: int, try_number: int) -> Marking:
    """The marking of a step whose solution was asked for."""
    return Marking(
        step=step,
        correct=False,
        score=0.0,
        reason=GAVE_UP,
        offer=Offer.NEXT,
        hints_used=hints_used,
        try_number=try_number,
    )


def words(marking: Marking) -> Feedback:
    """The marking in the language in force."""
    right_part, wrong_part = _parts(marking)
    offer = Offer(marking.offer)
    return Feedback(
        correct=marking.correct,
        score=marking.score,
        reason=marking.reason,
        headline=_headline(marking),
        read_as=marking.read_as,
        right_part=right_part,
        wrong_part=wrong_part,
        said=marking.said,
        misconception_title=marking.misconception_title,
        misconception_text=marking.misconception_text,
        offer=offer,
        offer_text=_offer_text(offer),
        changes=marking.changes,
        looked_at=marking.reason == Reason.PARTS,
        wrong_places=tuple(map(int, marking.details.get("wrong", "").split())),
    )


def _headline(marking: Marking) -> str:
    if marking.reason == GAVE_UP:
        return _("Here is one way to do it.")
    if marking.reason == Reason.WAITING:
        return _("Handed in.")
    if marking.correct and marking.try_number > 1:
        return _("Right now. Staying with it paid off.")
    if marking.correct:
        return _("Right, with the help of a hint.") if marking.hints_used else _("Right.")
    return _("Partly right.") if marking.score > 0 else _("Not yet.")


FORMS = {
    "finished": gettext_lazy("a result with nothing left to compute"),
    "brackets": gettext_lazy("a pair in its brackets, such as (2, 3)"),
    "integer": gettext_lazy("a whole number"),
    "decimal": gettext_lazy("a decimal number"),
    "fraction": gettext_lazy("a fraction"),
    "simplest": gettext_lazy("a fraction in lowest terms"),
    "expanded": gettext_lazy("an expression multiplied out"),
    "factored": gettext_lazy("a product of factors"),
    "simplified": gettext_lazy("an expression in its simplest form"),
    "solved": gettext_lazy("an equation with the variable alone on the left"),
    "names": gettext_lazy("each value with its variable, such as x = 2, y = 3"),
    "interval": gettext_lazy("an interval, such as (2, 5]"),
    "inequality": gettext_lazy("an inequality, such as 2 < x ≤ 5"),
    "solved_inequality": gettext_lazy("an inequality with the variable alone on one side"),
    "fraction_expression": gettext_lazy("one fraction"),
    "statement": gettext_lazy("the equation or inequality itself, before it is solved"),
    "slope_intercept": gettext_lazy("an equation in the form y = mx + b"),
    "standard": gettext_lazy("an equation in standard form, such as 2x + 3y = 12 or x² + 2x − 3 = 0"),
    "scientific": gettext_lazy("a number in scientific notation, such as 3.7 · 10⁴"),
    "exact": gettext_lazy("exactly the form that is asked for"),
}


PART_NAMES = {  # how many of them are right
    "gap": ngettext_lazy("%(right)d of %(total)d gap is right.", "%(right)d of %(total)d gaps are right.", "total"),
    "pair": ngettext_lazy("%(right)d of %(total)d pair is right.", "%(right)d of %(total)d pairs are right.", "total"),
    "cell": ngettext_lazy("%(right)d of %(total)d cell is right.", "%(right)d of %(total)d cells are right.", "total"),
    "entry": ngettext_lazy(
        "%(right)d of %(total)d entry is right.", "%(right)d of %(total)d entries are right.", "total"
    ),
    "item": ngettext_lazy(
        "%(right)d of %(total)d item is in its place.", "%(right)d of %(total)d items are in their places.", "total"
    ),
}


def _parts(marking: Marking) -> tuple[str, str]:
    """What is right in the answer, and what is not and why; both empty when all is said already."""
    details = marking.details
    match marking.reason:
        case Reason.FORM:
            return _form_parts(details)
        case Reason.UNIT:
            return _("The number is right."), _("The unit is not %(given)s here.") % {"given": details["given"]}
        case Reason.MISSING_UNIT:
            return _("The number is right."), _("The unit is missing.")
        case Reason.ROUNDING:
            return _("The value is near."), _("It is rounded too early: more decimal places are asked for.")
        case Reason.RESTATED:
            return "", _("That is the question itself, written again. Work on from there, and give what comes of it.")
        case Reason.PARTLY:
            return _choices_parts(marking)
        case Reason.PARTS:
            return _places_parts(marking)
        case Reason.ITEMS:
            return _items_parts(details)
    return _other_parts(marking)


def _form_parts(details: Mapping[str, str]) -> tuple[str, str]:
    if "figures" in details:
        figures = int(details["figures"])
        asked = ngettext(
            "It is asked for with %(figures)d significant figure.",
            "It is asked for with %(figures)d significant figures.",
            figures,
        )
        return _("The value is right."), asked % {"figures": figures}
    asked = _("It is asked for as %(form)s.") % {"form": FORMS.get(details.get("form", ""), FORMS["exact"])}
    if details.get("place"):
        return _("The values are right."), _("Place %(number)s: %(sentence)s") % {
            "number": details["place"],
            "sentence": asked,
        }
    return _("The value is right."), asked


def _places_parts(marking: Marking) -> tuple[str, str]:
    """How many of several places are right, and which are to be looked at again."""
    right, total = int(marking.details["right"]), int(marking.details["total"])
    counted = str(PART_NAMES[marking.details["part"]] % {"right": right, "total": total})
    places = ", ".join(marking.details["wrong"].split())
    again = _("Look again at: %(places)s.") % {"places": places} if places and right else ""
    return (counted, again) if right else ("", counted)


def _items_parts(details: Mapping[str, str]) -> tuple[str, str]:
    """Which share of a list was found."""
    missing, extra, total = int(details["missing"]), int(details["extra"]), int(details["total"])
    found = ngettext("%(right)s of %(total)d is right.", "%(right)s of %(total)d are right.", total)
    wrong = []
    if missing:
        wrong.append(ngettext("%(count)d is missing.", "%(count)d are missing.", missing) % {"count": missing})
    if extra:
        wrong.append(ngettext("%(count)d does not belong.", "%(count)d do not belong.", extra) % {"count": extra})
    return found % {"right": details["right"], "total": total}, " ".join(wrong)


def _other_parts(marking: Marking) -> tuple[str, str]:
    """Orders, ranges and tables of numbers that are right but for one thing; what waits, and what is simply wrong."""
    match marking.reason:
        case Reason.WAITING:
            return "", _("A teacher reads it and says what it is worth.")
        case Reason.WRONG:
            return "", _("This is not the answer yet. Compare how it was read with what you meant.")
        case Reason.ORDER:
            return _("Everything is there."), _("The order is not right yet.")
        case Reason.ENDS:
            return _("The bounds are right."), _("Look again at whether each bound itself belongs to it.")
        case Reason.DIRECTION:
            return _("The bound is right."), _("It is the other side of it.")
        case Reason.SIZE:
            size = {"rows": marking.details["rows"], "columns": marking.details["columns"]}
            return "", _("It has another size: rows %(rows)s, columns %(columns)s.") % size
        case Reason.TRANSPOSED:
            return _("The numbers are right."), _("Rows and columns are exchanged.")
    return "", ""


def _choices_parts(marking: Marking) -> tuple[str, str]:
    missing, extra = int(marking.details["missing"]), int(marking.details["extra"])
    wrong = []
    if missing:
        wrong.append(
            ngettext("%(count)d right choice is missing.", "%(count)d right choices are missing.", missing)
            % {"count": missing}
        )
    if extra:
        wrong.append(
            ngettext("%(count)d choice does not belong.", "%(count)d choices do not belong.", extra) % {"count": extra}
        )
    return _("Some of your choices are right.") if marking.score > 0 else "", " ".join(wrong)


def _offer_text(offer: Offer) -> str:
    return {
        Offer.NEXT: _("Go on."),
        Offer.TRY_AGAIN: _("Look at it again and give it another try."),
        Offer.HINT: _("A hint may help with the next try."),
        Offer.EXAMPLE: _("A worked example may help: look at it, then come back to this one."),
        Offer.SOLUTION: _("Try once more, or look at the worked solution."),
    }[offer]


UNREADABLE = {
    Code.EMPTY: gettext_lazy("There is no answer yet."),
    Code.TOO_LONG: gettext_lazy("This is longer than an answer can be. Please write it in a shorter way."),
    Code.TOO_DEEP: gettext_lazy("There are too many brackets inside each other at “%(part)s”."),
    Code.TOO_LARGE: gettext_lazy("The number at “%(part)s” is too large to work with."),
    Code.UNKNOWN_SIGN: gettext_lazy("The sign “%(part)s” is not known here."),
    Code.UNKNOWN_WORD: gettext_lazy("“%(part)s” is not known here. Letters that are multiplied need a * between them."),
    Code.UNEXPECTED: gettext_lazy("“%(part)s” cannot stand where it is. Is something missing before it?"),
    Code.MISSING_OPERAND: gettext_lazy("Something is missing after “%(part)s”."),
    Code.MISSING_OPERATOR: gettext_lazy("At “%(part)s” a sign is missing between two numbers, such as + or *."),
    Code.MISSING_CLOSE: gettext_lazy("The bracket “%(part)s” is never closed."),
    Code.MISSING_OPEN: gettext_lazy("The bracket “%(part)s” was never opened."),
    Code.INCOMPLETE: gettext_lazy("A place of the formula is still empty."),
    Code.DIVISION_BY_ZERO: gettext_lazy("In “%(part)s” something is divided by zero."),
    Code.NUMBER_EXPECTED: gettext_lazy("One number is asked for here; “%(part)s” is not one."),
    Code.UNKNOWN_UNIT: gettext_lazy("The unit “%(part)s” is not known here."),
    Code.UNKNOWN_CHOICE: gettext_lazy("Please choose among the answers that are offered."),
    Code.WRONG_SHAPE: gettext_lazy("Please choose among the answers that are offered."),
    Code.EMPTY_PLACE: gettext_lazy("Place %(part)s is still empty."),
    Code.REPEATED: gettext_lazy("“%(part)s” stands in two places. Each one belongs in one place."),
    Code.EQUATION_EXPECTED: gettext_lazy("An equation is asked for here, with an equals sign."),
    Code.INEQUALITY_EXPECTED: gettext_lazy("An inequality or an interval is asked for here, such as x > 2 or (2, 5]."),
    Code.OTHER_LETTER: gettext_lazy("The letter “%(part)s” does not belong to this question."),
    Code.TOO_FEW_WORDS: gettext_lazy("This is too short to be handed in: at least %(part)s words are asked for."),
    Code.TOO_MANY_WORDS: gettext_lazy("This is too long: at most %(part)s words are asked for."),
    Code.SIZE_EXPECTED: gettext_lazy("Rows of numbers are asked for here, each of the same length."),
}


def unreadable_sentence(problem: Unreadable) -> str:
    """Which part of an answer could not be read, and what to do about it. Such an answer is not counted."""
    sentence = str(UNREADABLE[Code(problem.code)]) % {"part": problem.part}
    if problem.place and problem.code != Code.EMPTY_PLACE:
        return _("Place %(number)d: %(sentence)s") % {"number": problem.place, "sentence": sentence}
    return sentence


REASONS = {
    "new_ready": gettext_lazy("You have what it takes to begin with %(concept)s: it is next on your way."),
    "practise_weak": gettext_lazy("You are still learning %(concept)s, and practice helps most there right now."),
    "review_due": gettext_lazy("You knew %(concept)s before. Going over it now keeps it from fading."),
    "after_struggle": gettext_lazy("%(left)s was hard just now, so here is something else: %(concept)s."),
    "probe_prerequisite": gettext_lazy(
        "%(concept)s is needed for %(for)s. Let us see whether it is the part that is missing."
    ),
    "explore": gettext_lazy("A change: %(concept)s is within your reach, and trying it shows where you stand."),
}


def reason_sentence(reason: Mapping[str, Any], *, titles: Mapping[int, str]) -> str:
    """Why this exercise was chosen, in one sentence that a student understands; `titles` are those of concepts."""
    names = {name: titles.get(reason.get(name, 0), _("another concept")) for name in ("concept", "left", "for")}
    sentence = REASONS.get(reason["code"], gettext_lazy("It fits what you are learning now: %(concept)s."))
    return str(sentence) % names


def hint_label(*, number: int, total: int) -> str:
    """The words on the hint button, such as «Hint 1 of 3»."""
    return _("Hint %(number)d of %(total)d") % {"number": number, "total": total}
