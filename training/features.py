"""Histories and population as arrays: the one definition that training, benchmark and serving share.

Every number exists for any step: how others (never the student) answered it and its concepts, how this student has
answered so far, how each past answer is related to the step asked. After `seen` answers, only these are looked at.
"""

import mmap
import tempfile
from typing import Any

import numpy as np
import numpy.typing as npt

from training import texts
from training.dataset import KINDS, Answers, Bools, Floats, Ints, Snapshot, Steps
from training.histories import Asked, Own, Places, Trails, at
from training.population import CONTEXTS, PRIOR, USUAL, Counts, Moments, Others, Population, from_above, portions

ITEM_PRIOR_TRIES = 6.0  # weight of concept and text beside an item's own answers
CONTEXT_PRIOR_TRIES = 6.0  # and item or concept -> context
USUAL_PRIOR_TRIES = 3.0
DECAYS = (0.5, 0.8, 0.95)  # of the exponential averages, per answer
BLEND = 0.1  # weight of PRIOR in an average over few answers
HALF_LIVES = (3.0, 20.0, 120.0)  # days in which half of what each average holds of a concept is forgotten

FACTS = (
    "item_logit",
    "concept_logit",
    "concept_lowest_logit",
    "course_logit",
    "item_over_concept",
    "item_count",
    "concept_count",
    "concepts",
)
TALLY = ("tries", "rate", "over_mean", *(f"right_{d}" for d in DECAYS), *(f"over_{d}" for d in DECAYS))
RUNNING = (*TALLY, "hinted", "last", "last_but_one", "last_but_two", "streak", "pause", "pause_known")
CONCEPT = (*(f"concept_{name}" for name in (*TALLY, "since", "last", "streak", "pause")), "never_seen")
ITEM = ("item_tries", "item_rate", "item_right", "item_since", "item_last", "item_last_try", "item_unsolved")
SET = ("set_last", "set_results", "set_run")
BASIS = ("builds_on_tries", "builds_on_over")
SITUATION = (*CONTEXTS, "item_after_item_count", *(f"usual_{name}" for name in USUAL))
NAMES = FACTS + RUNNING + CONCEPT + ITEM + SET + BASIS + SITUATION + tuple(f"kind_{kind}" for kind in KINDS[1:])
WIDTH = len(NAMES)

# What mastery is drawn from. A right answer lowers none of EVIDENCE and a wrong one raises none; STANDING is the same
# before and after.
EVIDENCE = ("rate", *(f"right_{d}" for d in DECAYS), *(f"concept_right_{d}" for d in DECAYS))
STANDING = (*FACTS, *(f"kind_{kind}" for kind in KINDS[1:]))

KINSHIPS = 64  # of two steps, a bit each: same item, shared concept, builds on, built on, same concept set, texts alike
ALIKE = 32  # the bit of texts alike
DISTANCES = 32  # buckets of «how many answers ago»
PAUSES = 8  # buckets of «how long ago»; the first one: not known
HIDDEN = KINSHIPS * DISTANCES * PAUSES  # the code of an answer that is not to be seen
Halves = npt.NDArray[np.float16]
Codes = npt.NDArray[np.int32]


def facts(steps: Steps, counts: Counts, items: Ints) -> tuple[Floats, Floats]:
    """What others' answers say of the items: the columns FACTS [items, FACTS], and P(right) [items] from them alone."""
    above = from_above(steps, counts, items)
    members = steps.set_concepts[steps.item_set[items]]  # [items, most]
    number = (members >= 0).sum(1)
    tries = at(counts.concept_tries, members.astype(np.int64), 0).sum(1) / np.maximum(number, 1)
    item_tries = counts.item_tries[items]
    prior = chance(logit(above.concept) + counts.item_shift[items])
    item = (counts.item_right[items] + ITEM_PRIOR_TRIES * prior) / (item_tries + ITEM_PRIOR_TRIES)
    columns = (
        logit(item),
        logit(above.concept),
        logit(above.lowest),
        logit(above.course),
        logit(item) - logit(above.concept),
        np.log1p(item_tries),
        np.log1p(tries),
        np.log1p(number),
    )
    return np.stack(columns, 1).astype(np.float32), item.astype(np.float32)


def describe(record: Snapshot, asked: Asked, others: Others, *, known: Floats | None = None) -> Halves:
    """The features [asked, WIDTH] of asked steps, each at its moment in the record of its student.

    `known` [asked, FACTS] stands for what `others` say of the steps, where it is given. Half precision, so that what
    is stored to train on is to the last digit what is worked out to serve.
    """
    own, steps = Own(record), record.steps
    if known is None:
        known, _ = facts(steps, others.counts, asked.item)
    _, expected = facts(steps, others.counts, record.answers.item)
    over = (own.outcome - expected).astype(np.float32)
    moments = Moments(own, asked)
    columns = (
        known,
        _running(own, asked, moments, over),
        _on_concepts(own, asked, over),
        _on_item(own, moments),
        _on_set(own, moments),
        _basis(own, asked, over),
        _situation(moments, others, known),
        np.eye(len(KINDS), dtype=np.float32)[asked.kind][:, 1:],
    )
    return np.concatenate(columns, 1).astype(np.float16)


def tabulate(record: Snapshot, population: Population, *, rows: Bools, thin: bool = False) -> Halves:
    """The features [answers, WIDTH] of the answers `rows` [answers], as they were asked; zeros elsewhere.

    A student is described by what the students outside of his share of the population did.
    """
    size = max(1, len(record.answers) * WIDTH) * np.dtype(np.float16).itemsize
    with tempfile.TemporaryFile() as file:  # without a name, gone with the table; memory does not grow with the log
        file.truncate(size)
        pages = mmap.mmap(file.fileno(), size)
    table: Halves = np.frombuffer(pages, np.float16, len(record.answers) * WIDTH).reshape(-1, WIDTH)
    for fold in np.unique(population.fold):
        others = population.others(population.shown(int(fold), thin=thin) if population.folds else None)
        mine = np.flatnonzero(rows & (population.fold == fold)[record.student_of_row])
        for part, asked, places in portions(record, mine):
            table[places] = describe(part, asked, others)
        pages.madvise(mmap.MADV_DONTNEED)  # what is written is the file's; read again, it comes back
    return table


def relations(steps: Steps, asked: Asked, past: Asked, *, most: int) -> Codes:
    """[..., asked, past] codes of how asked steps [..., asked] stand to past answers [..., past] of the same student.

    HIDDEN where the answer comes later, is the asked one itself, or lies more than `most` answers back.
    """
    gap = asked.seen[..., :, None] - past.seen[..., None, :]
    sets, place = np.unique(np.concatenate([asked.set.ravel(), past.set.ravel()]), return_inverse=True)
    shared, builds_on = steps.relations_of(sets)
    size = len(sets)
    ours = place[: asked.set.size].reshape(asked.set.shape)[..., :, None]
    theirs = place[asked.set.size :].reshape(past.set.shape)[..., None, :]
    same_set = np.eye(size, dtype=np.int32)
    of_sets = (shared * 2 + builds_on * 4 + builds_on.T * 8 + same_set * 16).astype(np.int32).ravel()
    kin = of_sets[ours * size + theirs]
    kin |= ALIKE * texts.alike(steps.texts, steps.item_course, asked.item, past.item)
    kin |= (asked.item[..., :, None] == past.item[..., None, :]) & (asked.item >= 0)[..., :, None]
    code: Codes = (kin * DISTANCES + BUCKETS[np.clip(gap, 0, len(BUCKETS) - 1)]) * PAUSES
    if np.isfinite(past.seconds).any():
        code += _pause_bucket(asked.seconds[..., :, None] - past.seconds[..., None, :])
    code[(gap < 1) | (gap > most)] = HIDDEN
    return code


def _buckets() -> Codes:
    """Bucket by how many answers ago: 0 to 15 one each, then by the logarithm, up to 255 and beyond."""
    gap = np.arange(256)
    far = 16 + (np.log2(np.maximum(gap, 16) / 16) * 4).astype(np.int32)
    found: Codes = np.where(gap < 16, gap, np.minimum(far, DISTANCES - 1)).astype(np.int32)
    return found


BUCKETS = _buckets()


def _pause_bucket(gap: Any) -> Codes:
    """0 not known, then below a minute, ten minutes, an hour, a day, a week, a month, and beyond."""
    edges = np.array([60, 600, 3600, 86_400, 604_800, 2_592_000])
    place = np.searchsorted(edges, np.nan_to_num(gap), side="right") + 1
    found: Codes = np.where(np.isfinite(gap), place, 0).astype(np.int32)
    return found


def responses(answers: Answers) -> Floats:
    """What is known of each past answer itself: [..., 5]."""
    first = answers.try_number <= 1
    columns = (
        answers.correct,
        answers.correct & answers.label,
        ~first,
        np.log1p(answers.hints),
        np.log1p(answers.try_number),
    )
    return np.stack(columns, -1).astype(np.float32)


def logit(p: Any) -> Any:
    """Log odds, for shares kept off 0 and 1."""
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))


# --- the student's own record ----------------------------------------------------------------------------------------


def _tally(trails: Trails, right: Floats, over: Floats, places: Places) -> Floats:
    """Of the columns TALLY the three without averages, at places of trails; right and over [answers]."""
    totals = trails.totals(np.stack([right[trails.row], over[trails.row]], 1))
    tries = at(trails.rank + 1.0, places, 0)
    good, beyond = at(totals, places, 0).T
    return np.stack([np.log1p(tries), (good + 2 * PRIOR) / (tries + 2), beyond / (tries + 2)], 1)


def _running(own: Own, asked: Asked, moments: Moments, over: Floats) -> Floats:
    """The columns RUNNING [asked, RUNNING]; over [answers]: how much better than expected."""
    trails, places = own.first_tries, moments.before
    right = own.outcome.astype(np.float32)
    averages = trails.averages(np.stack([right[trails.row], over[trails.row]], 1), DECAYS)
    recent = at(averages, places, 0)  # [asked, 2, DECAYS]
    kept = 1 - np.array(DECAYS) ** at(trails.rank + 1.0, places, 0)[:, None]  # what answers, not the start, weigh
    everything = own.all_answers
    latest = everything.last(asked.student, np.zeros(len(asked), np.int64), asked.seen)
    rank = at(everything.rank, latest, -1)
    hints = everything.totals((own.answers.hints > 0)[everything.row][:, None].astype(np.float32))
    sign = np.where(own.answers.correct, 1.0, -1.0)[everything.row]
    columns = (
        _tally(trails, right, over, places),
        (recent[:, 0] + BLEND * PRIOR) / (kept + BLEND),
        recent[:, 1],
        (at(hints, latest, 0) + 0.1) / (rank + 2)[:, None],
        *(at(sign, np.where(rank >= back, latest - back, -1), 0)[:, None] for back in range(3)),
        at(everything.streaks(sign > 0), latest, 0)[:, None],
        _pause(asked.seconds, at(own.answers.seconds[everything.row], latest, np.nan)),
    )
    return np.concatenate(columns, 1).astype(np.float32)


def _on_concepts(own: Own, asked: Asked, over: Floats) -> Floats:
    """The columns CONCEPT [asked, CONCEPT]: means over the concepts of the step."""
    trails = own.concepts
    rows, member = _members(own.record.steps, asked.set)
    latest = trails.last(asked.student[rows], member, asked.seen[rows])
    right = own.outcome.astype(np.float32)
    there = latest >= 0
    then = at(own.answers.seconds[trails.row], latest, np.nan)
    columns = (
        _tally(trails, right, over, latest),
        remembered(trails, right, own.answers.seconds, latest, asked.seconds[rows]),
        at(trails.averages(over[trails.row][:, None], DECAYS)[:, 0], latest, 0),
        np.where(there, np.log1p(asked.seen[rows] - at(trails.place, latest, 0)), 0)[:, None],
        at(right[trails.row] * 2 - 1, latest, 0)[:, None],
        at(trails.streaks(right[trails.row] > 0), latest, 0)[:, None],
        _pause(asked.seconds[rows], then)[:, :1],
        ~there[:, None],
    )
    found = _mean(np.concatenate(columns, 1), rows, len(asked))
    alone = np.bincount(rows, minlength=len(asked)) == 0  # of no concept
    found[alone, CONCEPT.index("concept_rate")] = PRIOR
    return found


def remembered(trails: Trails, right: Floats, seconds: Any, places: Places, now: Any) -> Floats:
    """[asked, DECAYS] averages of right [answers] less PRIOR, as far as time did not let them be forgotten.

    Half-lives, as an answer in between must not change what is forgotten of those before it: under a power of time it
    would, and a right one could lower the average.
    """
    when = seconds[trails.row]
    before = np.concatenate([[np.nan], when[:-1]])
    before[trails.start] = np.nan
    averages = trails.averages(right[trails.row][:, None] - PRIOR, DECAYS, kept=_kept(when - before))
    kept: Floats = at(averages[:, 0], places, 0) * _kept(now - at(when, places, np.nan))
    return kept


def _kept(gap: Any) -> Floats:
    """[..., DECAYS] share of what was known that is left after a time in seconds; all where it is not known."""
    days = np.maximum(np.nan_to_num(gap), 0) / 86_400
    share: Floats = (0.5 ** (days[..., None] / np.array(HALF_LIVES))).astype(np.float32)
    return share


def _on_item(own: Own, moments: Moments) -> Floats:
    """The columns ITEM [asked, ITEM]."""
    trails, place = own.items, moments.on_item
    answers = own.answers
    rows = trails.row
    values = np.stack([own.evidence[rows], own.outcome[rows] & own.evidence[rows]], 1).astype(np.float32)
    tries, right = at(trails.totals(values), place, 0).T
    average = at(trails.averages(values[:, 1:], DECAYS[:1])[:, 0], place, 0)[:, 0]
    correct = answers.correct[rows]
    there = place >= 0
    columns = (
        np.log1p(tries),
        (right + 2 * PRIOR) / (tries + 2),
        average,
        np.where(there, np.log1p(moments.asked.seen - at(trails.place, place, 0)), 0),
        at(np.where(correct, 1.0, -1.0), place, 0),
        at(np.log1p(answers.try_number[rows]), place, 0),
        at(1.0 - correct, place, 0),
    )
    return np.stack(columns, 1).astype(np.float32)


def _on_set(own: Own, moments: Moments) -> Floats:
    """The columns SET [asked, SET]; the run is that of moments.usual."""
    right = own.outcome[own.sets.row]
    last = at(np.where(right, 1.0, -1.0), moments.on_set, 0)
    streak = at(own.sets.streaks(right), moments.on_set, 0)
    return np.stack([last, streak, moments.usual()[:, USUAL.index("run")]], 1).astype(np.float32)


def _basis(own: Own, asked: Asked, over: Floats) -> Floats:
    """The columns BASIS [asked, BASIS]: over all concepts that those of the step build on."""
    trails, needs = own.concepts, own.record.steps.needs
    pairs = needs[asked.set]
    rows = np.repeat(np.arange(len(asked)), np.diff(pairs.indptr))
    latest = trails.last(asked.student[rows], pairs.indices, asked.seen[rows])
    totals = trails.totals(np.stack([np.ones(len(trails.row)), over[trails.row]], 1).astype(np.float32))
    tries, beyond = (np.bincount(rows, at(totals, latest, 0)[:, i], len(asked)) for i in range(2))
    return np.stack([np.log1p(tries), beyond / (tries + 2)], 1).astype(np.float32)


def _situation(moments: Moments, others: Others, known: Floats) -> Floats:
    """The columns SITUATION [asked, SITUATION]: how others did in this very situation, beside what is known anyway."""
    keys = moments.keys()
    item, concept = (chance(known[:, FACTS.index(name)]) for name in ("item_logit", "concept_logit"))
    shifts: dict[str, Any] = {}
    tries_after = np.zeros(len(keys))
    for place, name in enumerate(CONTEXTS):
        tries, right = others.contexts[place].look(keys[:, place]).T
        prior = concept if name.startswith("set") else item
        rate = (right + CONTEXT_PRIOR_TRIES * prior) / (tries + CONTEXT_PRIOR_TRIES)
        shifts[name] = logit(rate) - logit(prior)
        if name == "item_after_item":
            tries_after = np.log1p(tries)
    names = own_names(moments)
    sums = others.usual.look(names)
    here = moments.usual()
    usual = (here * sums[:, :1] - sums[:, 1:]) / (sums[:, :1] + USUAL_PRIOR_TRIES)
    return np.concatenate([np.stack([*shifts.values(), tries_after], 1), usual], 1).astype(np.float32)


def own_names(moments: Moments) -> npt.NDArray[np.uint64]:
    """[asked] hashes of the items asked, 0 for a step that stands for a concept."""
    item = moments.asked.item
    hashes: npt.NDArray[np.uint64] = np.where(item >= 0, moments.own.record.steps.item_hashes[item], np.uint64(0))
    return hashes


def _members(steps: Steps, sets: Ints) -> tuple[Any, Any]:
    """Pairs of asked step and concept."""
    members = steps.set_concepts[sets]
    rows, place = np.nonzero(members >= 0)
    return rows, members[rows, place]


def _mean(values: Floats, rows: Any, size: int) -> Floats:
    """[size, k] means of values [pairs, k] over the pairs of each row; 0 where there are none."""
    number = np.maximum(np.bincount(rows, minlength=size), 1)
    sums = np.stack([np.bincount(rows, weights=column, minlength=size) for column in values.T], 1)
    return (sums / number[:, None]).astype(np.float32)


def chance(odds: Any) -> Any:
    """P(right) of log odds."""
    return 1 / (1 + np.exp(-odds))


def _pause(now: Any, then: Any) -> Floats:
    """[..., 2] log of the minutes between, 0 where not known, and whether it is known."""
    gap = now - then
    known = np.isfinite(gap)
    minutes = np.log1p(np.maximum(np.where(known, gap, 0), 0) / 60)
    return np.stack([minutes, known], -1).astype(np.float32)


def take(values: Any, places: Ints) -> Any:
    """values[places], 0 where there is nothing to take."""
    return values[places] if len(values) else np.zeros(places.shape, np.asarray(values).dtype)
