"""Curves of a version as pictures: its losses and its AUC by pass, and how well it is calibrated.

Geometry only; templates/admin/training/modelversion/charts.html draws it, with the figures as a table beside it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

WIDTH, HEIGHT = 360, 240
LEFT, RIGHT, TOP, BOTTOM = 48, 350, 28, 196  # of the area that is drawn in
TICKS = 6  # about so many on an axis
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a chart, in pixels: its corners as SVG writes them, and its dots with their radius."""

    name: str
    look: str  # a class: first, second
    corners: str
    dots: list[tuple[str, str, str]]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture with its axes, its words for those who do not see it, and its figures as a table."""

    key: str
    title: str
    description: str
    across: str
    upwards: str
    lines: list[Line]
    x_ticks: list[tuple[str, str]]  # pixels, label
    y_ticks: list[tuple[str, str]]
    columns: list[str]
    rows: list[list[str]]
    diagonal: str = ""  # corners of the line on which expectation and outcome are the same
    frame: Mapping[str, int] = field(
        default_factory=lambda: {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "bottom": BOTTOM}
    )


def of_report(report: Mapping[str, Any]) -> list[Chart]:
    """The charts that a report has the figures for."""
    history = report.get("history") or []
    found = [_losses(history)] if history else []
    if any(row.get("valid_auc") is not None for row in history):
        found.append(_auc(history))
    if report.get("calibration"):
        found.append(_calibration(report))
    return found


def _losses(history: Sequence[Mapping[str, Any]]) -> Chart:
    training = [(row["epoch"] + 1, row["loss"]) for row in history]
    later = [(row["epoch"] + 1, row["valid_loss"]) for row in history]
    best = min(later, key=lambda point: point[1])
    description = _(
        "On the answers trained on, the log loss went from %(first)s to %(last)s; on later answers it was lowest "
        "after pass %(best)s of %(passes)s, %(lowest)s."
    ) % {
        "first": _figure(training[0][1]),
        "last": _figure(training[-1][1]),
        "best": best[0],
        "passes": len(history),
        "lowest": _figure(best[1]),
    }
    return _by_pass(
        {_("answers trained on"): training, _("later answers, to stop by"): later},
        key="loss",
        title=_("Log loss by pass"),
        description=description,
        upwards=_("log loss"),
    )


def _auc(history: Sequence[Mapping[str, Any]]) -> Chart:
    later = [(row["epoch"] + 1, row["valid_auc"]) for row in history if row.get("valid_auc") is not None]
    best = max(later, key=lambda point: point[1])
    description = _("On later answers the AUC was highest after pass %(best)s of %(passes)s, %(highest)s.") % {
        "best": best[0],
        "passes": len(history),
        "highest": _figure(best[1]),
    }
    return _by_pass(
        {_("later answers, to stop by"): later},
        key="auc",
        title=_("AUC by pass"),
        description=description,
        upwards="AUC",
    )


def _by_pass(lines: Mapping[str, Points], *, key: str, title: str, description: str, upwards: str) -> Chart:
    passes = [x for x, _y in next(iter(lines.values()))]
    values = [y for points in lines.values() for _x, y in points]
    x_axis, x_ticks = _axis(min(passes), max(passes), start=LEFT, end=RIGHT, whole=True)
    y_axis, y_ticks = _axis(min(values), max(values), start=BOTTOM, end=TOP)
    columns = [dict(points) for points in lines.values()]
    return Chart(
        key=key,
        title=title,
        description=description,
        across=_("pass over the data"),
        upwards=upwards,
        lines=[
            _line(name, look, points, x=x_axis, y=y_axis)
            for (name, points), look in zip(lines.items(), ("second", "first")[-len(lines) :], strict=True)
        ],
        x_ticks=x_ticks,
        y_ticks=y_ticks,
        columns=[_("pass"), *lines],
        rows=[[f"{place:.0f}", *(_figure(column[place]) for column in columns)] for place in passes],
    )


def _calibration(report: Mapping[str, Any]) -> Chart:
    """Of ten groups of answers by what was expected: what share was right. Bigger dots are more answers."""
    rival = "serving" if "serving" in report["calibration"] else "knowledge"
    names = {"candidate": _("this version"), "serving": _("the version that served then")}
    shown = {who: report["calibration"][who] for who in (rival, "candidate")}
    x_axis, x_ticks = _axis(0, 1, start=LEFT, end=RIGHT)
    y_axis, y_ticks = _axis(0, 1, start=BOTTOM, end=TOP)
    most = max(row["answers"] for row in shown["candidate"])
    lines = [
        _line(
            names.get(who, _("the plain estimate")),
            "first" if who == "candidate" else "second",
            [(row["expected"], row["right"]) for row in bins],
            x=x_axis,
            y=y_axis,
            sizes=[math.sqrt(row["answers"] / most) for row in bins],
        )
        for who, bins in shown.items()
    ]
    widest = max(shown["candidate"], key=lambda row: row["answers"])
    description = _(
        "On a perfectly calibrated model all dots lie on the diagonal. Most answers, %(answers)s, were expected right "
        "with %(expected)s on average, and %(right)s of them were."
    ) % {**widest, "expected": _figure(widest["expected"]), "right": _figure(widest["right"])}
    return Chart(
        key="calibration",
        title=_("Calibration on later answers"),
        description=description,
        across=_("expected"),
        upwards=_("share that was right"),
        lines=lines,
        x_ticks=x_ticks,
        y_ticks=y_ticks,
        columns=["", _("answers"), _("expected"), _("share that was right")],
        rows=[
            [line.name, str(row["answers"]), _figure(row["expected"]), _figure(row["right"])]
            for line, bins in reversed(list(zip(lines, shown.values(), strict=True)))
            for row in bins
        ],
        diagonal=f"{LEFT},{BOTTOM} {RIGHT},{TOP}",
    )


def _line(
    name: str,
    look: str,
    points: Points,
    *,
    x: Callable[[float], str],
    y: Callable[[float], str],
    sizes: Sequence[float] | None = None,
) -> Line:
    places = [(x(across), y(upwards)) for across, upwards in points]
    radii = [f"{1.5 + 4 * size:.1f}" for size in sizes] if sizes else ["2.5"] * len(places)
    return Line(
        name=name,
        look=look,
        corners=" ".join(",".join(place) for place in places),
        dots=[(*place, radius) for place, radius in zip(places, radii, strict=True)],
    )


def _axis(
    low: float, high: float, *, start: int, end: int, whole: bool = False
) -> tuple[Callable[[float], str], list[tuple[str, str]]]:
    """From values to pixels, and the ticks: round numbers. Those of an axis of passes lie within it, others around."""
    room = max(high - low, 1.0 if whole else 0.002)
    step = 10 ** math.floor(math.log10(room / TICKS))
    step *= next(factor for factor in (1, 2, 5, 10) if room / (step * factor) <= TICKS)
    if whole:
        step = max(step, 1.0)
        first, last = math.ceil(low / step), math.floor(high / step)
        low, high = low - 0.3, high + 0.3
    else:
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        last = max(last, first + 1)
        low, high = first * step, last * step

    def pixels(value: float) -> str:
        return f"{start + (end - start) * (value - low) / (high - low):.1f}"

    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return pixels, [(pixels(i * step), f"{i * step:.{digits}f}") for i in range(first, last + 1)]


def _figure(value: float) -> str:
    return f"{value:.4f}"
