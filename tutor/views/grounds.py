"""The past answers behind an estimate or a choice, in words: what was asked, what came of it, which way it moved.

«Mattered most» is all that is said: without this answer the estimate would be another. It is no cause. Reads only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from content import markup
from students import evidence, history
from students.evidence import Evidence, PastAnswer
from students.history import ConceptEstimate
from students.models import ConceptState
from training import predictions
from training.predictions import Mattered
from tutor.templatetags.page import day
from tutor.turns import TurnView

SHOWN = 3
ASKED_WIDTH = 70  # letters of what was asked
A_LITTLE = 0.25  # of log odds: about five of a hundred near the middle
WEEK = 7  # days, of which each is called by its name

Moved = tuple[PastAnswer, float | None]  # an answer, and by how much it moved the log odds, where that is known


class Voice(StrEnum):
    """Who reads it."""

    STUDENT = "student"
    TEACHER = "teacher"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One answer: a sentence, and which way it moved the estimate (empty and None where that is not known)."""

    sentence: SafeString
    effect: str = ""
    upwards: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What the answers are, in a sentence that leads over to them, and the answers."""

    lead: str
    lines: tuple[Line, ...]


def of_estimate(
    student_id: int, held: ConceptEstimate, latest: Sequence[Evidence], *, voice: Voice, now: datetime
) -> Grounds:
    """What the estimate of a concept rests on; `latest` are the answers to it, newest first. At most two queries.

    Answers to anything else are left out, so that a teacher sees nothing here of what is done in other courses.
    """
    recent: list[Moved] = [(one, None) for one in latest[:SHOWN]]
    if held.source != ConceptState.Source.TRACER:
        lead = _("This estimate counts all answers to this concept. These are the latest:")
        return _grounds(lead, [(one, one.effect) for one in latest[:SHOWN]], voice=voice, now=now)
    fresh = predictions.fresh(student_id, attempts_seen=history.record_size(student_id))
    if fresh is None:
        lead = _("The model has not looked at the latest answers yet; the number has moved along with them:")
        return _grounds(lead, recent, voice=voice, now=now)
    found = _found(fresh.grounds.get(held.concept_id, ()), {one.attempt_id: one for one in latest})
    if not found:
        lead = _("No single answer stands out: the estimate rests on all of them. These are the latest here:")
        return _grounds(lead, recent, voice=voice, now=now)
    lead = _("Of the answers to this concept, these mattered most for this estimate:")
    return _grounds(lead, found, voice=voice, now=now)


def of_choice(student_id: int, turn: TurnView, *, now: datetime) -> Grounds | None:
    """What the choice of a turn rested on, for its student; None before the first answer to its concept. One query."""
    if turn.rests_on:
        lead = _("Of your answers to this concept, these mattered most for what we believe about it:")
        answers = evidence.answers(student_id, [one.attempt_id for one in turn.rests_on])
        return _grounds(lead, _found(turn.rests_on, answers), voice=Voice.STUDENT, now=now)
    latest = evidence.latest(student_id, turn.concept_id, until=turn.served_at or now, limit=SHOWN)
    if not latest:
        return None
    lead = _("The choice rests on all your answers so far. These are the latest to this concept:")
    return _grounds(lead, [(one, None) for one in latest], voice=Voice.STUDENT, now=now)


def _found(mattered: Sequence[Mattered], answers: Mapping[int, PastAnswer]) -> list[Moved]:
    """The answers with their effects, the strongest first."""
    return [(answers[one.attempt_id], one.effect) for one in mattered if one.attempt_id in answers]


def _grounds(lead: str, answers: Sequence[Moved], *, voice: Voice, now: datetime) -> Grounds:
    lines = [
        Line(
            sentence=_sentence(one, voice=voice, now=now),
            effect="" if effect is None else _effect(effect),
            upwards=None if effect is None else effect > 0,
        )
        for one, effect in answers
    ]
    return Grounds(lead=lead, lines=tuple(lines))


def _effect(effect: float) -> str:
    if abs(effect) < A_LITTLE:
        return _("It raised the estimate a little.") if effect > 0 else _("It lowered the estimate a little.")
    return _("It raised the estimate.") if effect > 0 else _("It lowered the estimate.")


def _sentence(one: PastAnswer, *, voice: Voice, now: datetime) -> SafeString:
    """One answer in a sentence, about the answer and never about the person."""
    exercise = format_html(
        '<span class="asked" lang="{}">{}</span>',
        one.language,
        mark_safe(markup.render_beginning(one.asked, width=ASKED_WIDTH)),  # noqa: S308 -- sanitised there
    )
    blanks = {
        "when": _when(one.at, now=now),
        "exercise": exercise,
        "hints": f"{one.hints_used}",
        "number": f"{one.try_number}",
    }
    words = _words_of_student(one) if voice == Voice.STUDENT else _words_of_teacher(one)
    return mark_safe(words % {name: conditional_escape(value) for name, value in blanks.items()})  # noqa: S308


def _words_of_student(one: PastAnswer) -> str:
    if one.gave_up:
        return _("%(when)s you had “%(exercise)s” shown to you.")
    if not one.correct:
        return _("%(when)s “%(exercise)s” was not right yet.")
    if one.try_number > 1:
        return _("%(when)s you solved “%(exercise)s” at try %(number)s.")
    if one.hints_used:
        return ngettext(
            "%(when)s you solved “%(exercise)s” with %(hints)s hint.",
            "%(when)s you solved “%(exercise)s” with %(hints)s hints.",
            one.hints_used,
        )
    return _("%(when)s you solved “%(exercise)s” at the first try.")


def _words_of_teacher(one: PastAnswer) -> str:
    if one.gave_up:
        return _("%(when)s “%(exercise)s” was not answered: the solution was shown.")
    if not one.correct:
        return _("%(when)s the answer to “%(exercise)s” was not right.")
    if one.try_number > 1:
        return _("%(when)s “%(exercise)s” was solved at try %(number)s.")
    if one.hints_used:
        return ngettext(
            "%(when)s “%(exercise)s” was solved with %(hints)s hint.",
            "%(when)s “%(exercise)s” was solved with %(hints)s hints.",
            one.hints_used,
        )
    return _("%(when)s “%(exercise)s” was solved at the first try.")


def _when(at: datetime, *, now: datetime) -> str:
    """The day, as one would say it, at the beginning of a sentence."""
    days = (localtime(now).date() - localtime(at).date()).days
    if days == 0:
        return _("Today")
    if days == 1:
        return _("Yesterday")
    if 1 < days < WEEK:
        return _("On %(weekday)s") % {"weekday": date_format(localtime(at), "l")}
    return _("On %(date)s") % {"date": day(at)}
