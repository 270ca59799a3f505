"""Results of the benchmark as tables in Markdown."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

FEWEST = 400  # answers, below which a cell tells nothing
CURVE = "learning curve"
COLUMNS: Mapping[str, tuple[str, str]] = {
    "AUC": ("all", "auc"),
    "RMSE": ("all", "rmse"),
    "log loss": ("all", "logloss"),
    "ECE": ("all", "ece"),
    "within student": ("all", "within_student"),
    "first ten": ("first_ten", "auc"),
    "rare items": ("rare_items", "auc"),
    "first tries": ("first_tries", "auc"),
    "repeats": ("repeats", "auc"),
}
SMALLER_IS_BETTER = ("RMSE", "log loss", "ECE")


def pages(results: Mapping[str, Mapping[str, Any]]) -> str:
    """All tables: for each data set who scored what, then its learning curve. The best of a column is bold."""
    parts = []
    for name, found in results.items():
        rows = {who: row for who, row in found.items() if who != CURVE}
        if rows:
            parts.append(f"### {name}\n\n{comparison(rows)}")
        if CURVE in found:
            parts.append(f"### {name}: AUC after so many answers\n\n{learning_curve(found[CURVE])}")
    return "\n\n".join(parts) + "\n"


def comparison(rows: Mapping[str, Any]) -> str:
    """A line each, a column for each cell; the last one is seconds."""
    table = {who: [_value(row["cells"][cell], name) for cell, name in COLUMNS.values()] for who, row in rows.items()}
    best = [_best(column, min if title in SMALLER_IS_BETTER else max) for title, column in _columns(table)]
    lines = [
        f"| {who} | {' | '.join(map(_shown, values, best))} | {rows[who]['seconds']:.0f} |"
        for who, values in table.items()
    ]
    head = f"| | {' | '.join(COLUMNS)} | seconds |\n| --- |{' --: |' * (len(COLUMNS) + 1)}"
    return "\n".join([head, *lines])


def learning_curve(found: Mapping[str, Any]) -> str:
    """A line for each number of answers, the mean over the draws."""
    sizes = {size: row for size, row in found.items() if size != "command"}
    names = list(next(iter(sizes.values())))
    lines = []
    for size, row in sizes.items():
        means = [float(np.mean([draw["auc"] for draw in row[name]])) for name in names]
        lines.append(f"| {int(size):,} | {' | '.join(_shown(value, max(means)) for value in means)} |")
    return "\n".join([f"| answers | {' | '.join(names)} |\n| --: |{' --: |' * len(names)}", *lines])


def _value(figures: Mapping[str, Any], name: str) -> float | None:
    value = figures[name]
    return None if figures["n"] < FEWEST or value is None else float(value)


def _columns(table: Mapping[str, list[float | None]]) -> list[tuple[str, list[float | None]]]:
    return [(title, [values[place] for values in table.values()]) for place, title in enumerate(COLUMNS)]


def _best(column: list[float | None], choose: Callable[[list[float]], float]) -> float | None:
    told = [value for value in column if value is not None]
    return choose(told) if told else None


def _shown(value: float | None, best: float | None) -> str:
    if value is None:
        return "–"
    text = f"{value:.4f}".removeprefix("0")
    return f"**{text}**" if best is not None and round(value, 4) == round(best, 4) else text
