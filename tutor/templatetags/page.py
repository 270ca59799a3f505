"""What templates need beyond Django's own tags: icons, words for standings, safe course text, the reader's settings."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.forms import BoundField
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from content import markup
from students.history import ConceptEstimate
from students.knowledge import Standing
from students.models import Preference
from training import machinery, wording
from training.models import Objective, TrainingRun

register = template.Library()

ICONS = settings.BASE_DIR / "node_modules" / "lucide-static" / "icons"
THEMES = ("light", "dark")
STANDINGS = {
    "likely_knows": (_("likely knows"), "circle-check"),
    "learning": (_("still learning"), "contrast"),
    "fading": (_("fading"), "circle-dashed"),
    "not_seen": (_("not yet seen"), "circle"),
}
CELL_MARKS = {"likely_knows": "✓ ", "fading": "↺ "}  # in a cell, where there is room for one letter
LEGEND = {
    "likely_knows": _("a right first try is likely"),
    "learning": _("there is more to practise"),
    "fading": _("known before, but some time ago"),
    "not_seen": pgettext_lazy("concept", "nothing tried so far"),
}


@lru_cache(maxsize=128)
def _drawing(name: str) -> str:
    """The inside of one icon of the set, without its frame. Raises OSError for a name that is not in it."""
    text = (ICONS / f"{name}.svg").read_text()
    return text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")].strip()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon as SVG in the page: decoration beside words, or with a label of its own."""
    meaning = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>',
        meaning,
        mark_safe(_drawing(name)),  # noqa: S308 -- a file of the icon package, named by a template
    )


@register.simple_tag
def standing(code: str) -> SafeString:
    """The word for a standing, with its mark."""
    word, mark = STANDINGS[str(code)]
    return format_html('<span class="standing {}">{}{}</span>', code, icon(mark), word)


@register.simple_tag
def standing_word(code: str) -> str:
    """The word alone, for places without room for a mark."""
    return str(STANDINGS[str(code)][0])


@register.simple_tag
def standing_legend() -> list[tuple[str, str]]:
    """Every standing with what it means."""
    return [(code, str(words)) for code, words in LEGEND.items()]


@register.filter(name="markup")
def markup_filter(text: str, figures: dict[str, str] | None = None) -> SafeString:
    """Course text as HTML. Safe because content/markup lets nothing through that could run."""
    return mark_safe(markup.render(text or "", figures=figures or {}))  # noqa: S308


@register.filter
def markup_inline(text: str) -> SafeString:
    """Course text within a line."""
    return mark_safe(markup.render_inline(text or ""))  # noqa: S308


@register.filter
def spoken(text: str) -> str:
    """Course text as the name of a control, where MathML counts for nothing: formulas as their source."""
    return " ".join(text.replace("$", " ").split())


@register.filter
def latex(text: str) -> SafeString:
    """LaTeX as MathML."""
    return mark_safe(markup.math(text or ""))  # noqa: S308


@register.filter
def without_placeholder(field: BoundField) -> SafeString:
    """A field without a placeholder, which is no label: it is gone when one types."""
    return field.as_widget(attrs={"placeholder": False})


@register.filter
def percent(share: float | None) -> str:
    """0.834 as «83%», which no line can break apart; nothing for None."""
    return "" if share is None else f"{round(100 * share)}%"


def shade(held: ConceptEstimate) -> str:
    """The class of a cell: light steps while learning, the dark end for what is likely known, a pattern for fading."""
    if held.standing == Standing.LIKELY_KNOWS:
        return "ramp-4"
    return "fading" if held.fading else f"ramp-{1 + sum(held.value >= edge for edge in (0.4, 0.65))}"


@register.filter
def day(moment: date | None) -> str:
    """A date in the local form, without a time; nothing for None."""
    if moment is None:
        return ""
    there = localtime(moment) if isinstance(moment, datetime) else moment
    return date_format(there, pgettext("a date, as Django's date filter", "j M Y"))


@register.filter
def along(share: float, length: int) -> str:
    """How far along a line of a length a share lies; a decimal point in every language, as SVG wants it."""
    return f"{share * length:.1f}"


@register.filter
def plain(number: float) -> str:
    """A number with a decimal point in every language, as SVG wants it."""
    return f"{number:.2f}"


@register.inclusion_tag("components/estimate.html")
def estimate(value: float, low: float, high: float) -> dict[str, float]:
    """An estimate with its 80 % interval, drawn and in figures."""
    return {"value": value, "low": low, "high": high, "span": high - low}


@register.simple_tag
def cell_of(held: ConceptEstimate, student_id: int) -> SafeString:
    """One cell of a class's table, made here because there may be over a thousand; links start at the class's page."""
    word = STANDINGS[held.standing][0]
    if not held.tries:
        return format_html('<td class="cell not_seen" data-sort="-1" data-standing="not_seen" title="{}">–</td>', word)
    return format_html(
        '<td class="cell {}" data-sort="{}" data-standing="{}"><a href="{}" title="{}">'
        '<span aria-hidden="true">{}</span>{}<span class="visually-hidden"> {}</span></a></td>',
        shade(held),
        plain(held.value),
        held.standing,
        f"students/{student_id}/?concept={held.concept_id}#evidence",
        word,
        CELL_MARKS.get(held.standing, ""),
        percent(held.value),
        word,
    )


@register.simple_tag
def machinery_state() -> dict[str, Any]:
    """How workers, queues and models are doing, for the administration's first page."""
    return machinery.state(now=timezone.now())


@register.filter
def objective_word(code: str) -> str:
    """What a model learns, in words."""
    return str(Objective(code).label)


@register.filter
def gate_reason(reason: Mapping[str, Any]) -> str:
    """A reason of the gate, as machinery.state gives it, in words."""
    return wording.reason(reason)


@register.filter
def run_word(code: str) -> str:
    """How a training run stands, in words."""
    return str(TrainingRun.State(code).label)


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> str:
    """The theme chosen on this device, or nothing: then the device decides."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in THEMES else ""


@register.simple_tag(takes_context=True)
def text_size(context: template.Context) -> str:
    """The reader's text size, looked up once a session."""
    request = context.get("request")
    if request is None or isinstance(getattr(request, "user", AnonymousUser()), AnonymousUser):
        return ""
    if "text_size" not in request.session:
        preference = Preference.objects.filter(student=request.user).only("text_size").first()
        request.session["text_size"] = preference.text_size if preference else Preference.TextSize.USUAL
    return str(request.session["text_size"])
