"""What the texts of exercises tell: which are alike, and how hard one may be that nobody has answered.

Both rest on embeddings, centred within each course: texts of one course have much in common, and it tells nothing.
Plain numpy; whoever trains and whoever serves ask the same functions.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

ALIKE = 0.5  # similarity from which two texts are alike: about one pair in fifty of a course
LEAST = 10  # answered items with a text, below which a course's texts are not asked about difficulty
SHARES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)  # of the spread of difficulty that the texts may be taken to explain


def aligned(vectors: Sequence[Any]) -> Floats:
    """The vectors (None where there is none) as rows [items, dimensions], zero where there is none or it ends."""
    width = max((len(vector) for vector in vectors if vector is not None), default=0)
    rows = np.zeros((len(vectors), width), np.float32)
    for row, vector in zip(rows, vectors, strict=True):
        if vector is not None:
            row[: len(vector)] = vector
    return rows


def centred(embeddings: Sequence[Any], courses: Any) -> Floats:
    """The embeddings (None where there is none) less the mean of their course, of length 1: [items, dimensions].

    Items without an embedding, or alone in their course, are zero. Products of rows of one course are similarities.
    """
    rows, of_course = aligned(embeddings), np.unique(np.asarray(courses), return_inverse=True)[1]
    there = np.array([vector is not None for vector in embeddings], bool)
    for course in np.unique(of_course[there]):
        members = there & (of_course == course)
        rows[members] -= rows[members].mean(0)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(length > 1e-3, rows / np.maximum(length, 1e-3), 0).astype(np.float32)


def alike(texts: Floats, courses: Ints, asked: Ints, past: Ints) -> npt.NDArray[np.bool_]:
    """Whether the items `asked` [..., asked] and `past` [..., past] of one course have texts alike: [..., asked, past].

    `texts` are `centred`. An item -1, which stands for a whole concept, has no text.
    """
    if not texts.size:
        return np.zeros((*asked.shape, past.shape[-1]), bool)
    near = texts[asked] @ np.swapaxes(texts[past], -1, -2) >= ALIKE
    real = (asked >= 0)[..., :, None] & (past >= 0)[..., None, :]
    found: npt.NDArray[np.bool_] = near & real & (courses[asked][..., :, None] == courses[past][..., None, :])
    return found


def prior_shift(texts: Floats, courses: Ints, *, tries: Floats, right: Floats, prior: Floats) -> Floats:
    """By how much the texts move each item's prior P(right), in logits: [items], 0 where they tell nothing.

    `texts` are `centred`; `tries` and `right` the population's first tries of each item; `prior` is what is expected
    of an item before its own answers count. An item's own answers never move its own prior.
    """
    shift = np.zeros(len(texts), np.float32)
    written = texts.any(1) if texts.size else np.zeros(len(texts), bool)
    for course in np.unique(courses[written]):
        members = np.flatnonzero(written & (courses == course))
        shift[members] = _shift_in_course(texts[members], tries[members], right[members], prior[members])
    return shift


def _shift_in_course(texts: Floats, tries: Floats, right: Floats, prior: Floats) -> Floats:
    """Ridge regression of how much harder or easier than expected items are on their texts, each without itself.

    How much of the spread of difficulty the texts explain is not known, and may be nothing: each of SHARES has its
    say by how well it foretells each item from the others.
    """
    answered = np.flatnonzero(tries > 0)
    if len(answered) < LEAST:
        return np.zeros(len(texts), np.float32)
    over, noise = _over_expected(tries[answered], right[answered], prior[answered])
    spread = max(float(np.average(over**2 - noise, weights=1 / (noise + 0.5) ** 2)), 0.01)
    known = texts[answered].astype(np.float64)
    weight = 1 / (spread + noise)
    fits = [_fit(known, over, noise, spread=spread, share=share) for share in SHARES]
    losses = np.array([weight @ (over - alone) ** 2 for _, alone in fits]) / 2
    says = np.where(np.array(SHARES) == 0, len(SHARES) - 1, 1) * np.exp(
        losses.min() - losses
    )  # nothing: as likely as all
    says /= says.sum()
    shift = texts @ np.tensordot(says, np.stack([slopes for slopes, _ in fits]), 1)
    shift[answered] = says @ np.stack([alone for _, alone in fits])
    return shift.astype(np.float32)


def _over_expected(tries: Floats, right: Floats, prior: Floats) -> tuple[npt.NDArray[np.float64], ...]:
    """How much easier than expected each item is, in logits, and the variance of that; one answer as expected added."""
    p = (right + prior) / (tries + 1.0)
    expected = np.clip(prior, 1e-3, 1 - 1e-3)
    return np.log(p / (1 - p)) - np.log(expected / (1 - expected)), 1 / ((tries + 1.0) * p * (1 - p))


def _fit(
    known: npt.NDArray[np.float64],
    over: npt.NDArray[np.float64],
    noise: npt.NDArray[np.float64],
    *,
    spread: float,
    share: float,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The slopes [dimensions], and what is foretold of each item by the others [items]."""
    if share == 0:
        return np.zeros(known.shape[1]), np.zeros(len(known))
    weight = 1 / ((1 - share) * spread + noise)
    weighted = known * weight[:, None]
    precision = weighted.T @ known + np.eye(known.shape[1]) / (share * spread)
    solved = np.linalg.solve(precision, weighted.T)  # [dimensions, items]
    slopes = solved @ over
    own = np.einsum("id,di->i", known, solved)
    return slopes, (known @ slopes - own * over) / (1 - own)
