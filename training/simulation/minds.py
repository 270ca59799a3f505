"""What a great many simulated students know, and how they answer and learn: one answer of each at a time.

Every number of a student's lies in one long array, students end to end, so that those of courses of any size answer
side by side. Slot 0 of concepts belongs to nobody: what fills up a step's concepts is read and written there.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.simulation.priors import Rng
from training.simulation.student import DAY, HINT_HELPS, MOST_HINTS
from training.simulation.terrain import Floats, Ints, Terrain

Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

MOST_ITEM_MEMORY = 4.0  # logits for a step that was seen many times
CHOICES = 2  # kinds of steps, from the first, where a wrong try leaves fewer answers to guess from
ANSWERING = (
    *("gain", "wrong_gain", "ceiling", "jump", "learns", "item_own_spread", "item_gain", "item_wrong_gain"),
    *("exercise_spread", "forgetting", "fatigue", "growth", "drift", "lapse", "recovery", "lapse_depth"),
    *("readiness", "weakest"),
)
PRACTICE = ("hints", "hint_is_wrong", "pace", "sitting", "gap")
SPREAD = ("gain", "learns", "forgetting", "fatigue", "lapse", "hints", "pace")  # between the students of a course, too


@dataclass(frozen=True)
class _Recall:
    """What is left of what was learned for a step. [students, concepts of a step] or [students]."""

    skill: Places  # slots of the concepts
    real: Bools  # and which of them are the step's
    gained: Floats
    level: Floats
    ready: Floats  # how well the prerequisites of the main concept are known


class Minds:
    """Hidden states of students, of whom always the first so many answer."""

    def __init__(self, terrain: Terrain, course: Places, talent: Floats, rng: Rng) -> None:
        """`course` and `talent` (standard normal) of each student."""
        self.rng = rng
        self.terrain = terrain
        students = len(course)
        self.first_item = terrain.first_item[course]
        self.first_concept = terrain.first_concept[course]
        self.items = {
            name: terrain.item(name) for name in ("members", "discrimination", "guess", "slip", "kind", "exercise")
        }
        self.items["difficulty"] = terrain.item("difficulty") + np.repeat(terrain.shift, np.diff(terrain.first_item))
        self.items["members"] = self.items["members"][:, : max(settings.size.members for settings in terrain.settings)]
        self.requires: Ints = terrain.item("requires")
        self.learning: Floats = terrain.item("concept_learning")
        groups = (*(("answering", name) for name in ANSWERING), *(("practice", name) for name in PRACTICE))
        self.traits = {name: terrain.setting(group, name)[course].astype(np.float32) for group, name in groups}
        spread = terrain.setting("answering", "gain_spread")[course]
        for name in SPREAD:
            self.traits[name] *= np.exp(spread * rng.normal(size=students)).astype(np.float32)
        self.two_state: Bools = rng.random(students) < terrain.setting("answering", "two_state")[course]
        careless = np.exp(terrain.setting("answering", "carelessness")[course] * rng.normal(size=(2, students)))
        self.guessing, self.slipping = careless.astype(np.float32)
        self.ability = (terrain.setting("answering", "ability_spread")[course] * talent).astype(np.float32)
        self.lapsed = np.zeros(students, bool)
        self.exercise, self.mood = np.full(students, -1, np.int32), np.zeros(students, np.float32)
        self.in_sitting = np.zeros(students, np.int32)
        self.clock = rng.uniform(0, 10 * DAY, students)  # seconds since the course began
        self._begin(course)

    def _begin(self, course: Places) -> None:
        """Skills as they are before the first answer."""
        terrain, rng = self.terrain, self.rng
        concepts, items = np.diff(terrain.first_concept)[course], np.diff(terrain.first_item)[course]
        self.skill_base = 1 + np.cumsum(concepts) - concepts
        self.item_base = np.cumsum(items) - items
        owner = np.repeat(np.arange(len(course)), concepts)
        size = 1 + len(owner)
        self.start, self.gained = np.zeros(size, np.float32), np.zeros(size, np.float32)
        self.start[1:] = terrain.setting("answering", "own_spread")[course][owner] * rng.standard_normal(
            len(owner), np.float32
        )
        two, jump = self.two_state[owner], self.traits["jump"][owner]
        odds = (_logit(terrain.setting("answering", "known")[course]) + self.ability)[owner]
        known = rng.random(len(owner), np.float32) < _sigmoid(odds + self.start[1:])
        self.start[1:] -= np.where(two, jump / 2, 0)
        self.gained[1:] = np.where(two & known, jump, 0)
        self.last = np.repeat(self.clock / DAY, concepts).astype(np.float32)
        self.last = np.concatenate([[0], self.last]).astype(np.float32)  # days
        self.practised = np.zeros(size, np.uint16)
        self.item_memory = np.zeros(int(items.sum()), np.float32)
        self.item_tries = np.zeros(int(items.sum()), np.uint8)

    def answer(self, count: int, item: Places, tries: Ints) -> tuple[Bools, Ints]:
        """The first `count` students try these steps (numbers within their courses), after `tries` in a row before.

        Returns who was right and the hints taken. Everybody learns and time goes on.
        """
        rng = self.rng
        row = self.first_item[:count] + item
        chance, standard = rng.random((5, count), np.float32), rng.standard_normal((5, count), np.float32)
        recall = self._recall(count, row, chance[0])
        slot = self.item_base[:count] + item
        new = self.item_tries[slot] == 0
        own = self.traits["item_own_spread"][:count] * standard[0]
        memory = np.where(new, own, self.item_memory[slot])
        level = self.ability[:count] + recall.level + memory - self.traits["readiness"][:count] * (1 - recall.ready)
        level -= self.traits["fatigue"][:count] * np.maximum(0, self.in_sitting[:count] - 10)
        level -= self.traits["lapse_depth"][:count] * self.lapsed[:count]
        level += self._mood(count, self.items["exercise"][row], standard[1])
        level = self.items["discrimination"][row] * (level - self.items["difficulty"][row])
        unsure = self.traits["hints"][:count] * (1 - _sigmoid(level))
        hints = np.where(chance[1] < unsure, 1 + (MOST_HINTS * chance[1] / np.maximum(unsure, 1e-6)), 0).astype(
            np.int32
        )
        hints = np.minimum(hints, MOST_HINTS)
        guess, slip = self._luck(count, row, tries)
        right = chance[2] < guess + (1 - guess - slip) * _sigmoid(level + HINT_HELPS * hints)
        right &= (hints == 0) | (self.traits["hint_is_wrong"][:count] == 0)
        self._learn(count, right, recall, chance[3])
        change = self.traits["item_gain"][:count] * np.where(right, 1, self.traits["item_wrong_gain"][:count])
        self.item_memory[slot] = memory + change * np.maximum(0, 1 - memory / MOST_ITEM_MEMORY)
        self.item_tries[slot] = np.minimum(self.item_tries[slot] + 1, 255)
        self._pass_time(count, standard[2:], chance[4], hints)
        return right, hints

    def _recall(self, count: int, row: Places, chance: Floats) -> _Recall:
        """What the students know of the steps' concepts now."""
        members = self.items["members"][row]  # [count, most]
        real = members >= 0
        base = self.skill_base[:count, None]
        skill = np.where(real, base + members, 0)
        days = np.maximum(0, (self.clock[:count, None] / DAY).astype(np.float32) - self.last[skill])
        exponent = self.traits["forgetting"][:count, None] / (1 + 0.15 * self.practised[skill])
        kept = np.exp(-exponent * np.log1p(days))
        two = self.two_state[:count, None]
        # Who knows a concept or does not keeps or loses it whole.
        gained = self.gained[skill] * np.where(two, chance[:, None] < kept, kept)
        own = self.start[skill] + gained
        number = real.sum(1)
        mean = np.where(real, own, 0).sum(1) / number
        lowest = np.where(real, own, np.inf).min(1)
        weakest = self.traits["weakest"][:count]
        needed = self.requires[self.first_concept[:count] + members[:, 0]]  # [count, NEEDS]
        needs = needed >= 0
        before = np.where(needs, base + needed, 0)
        has = _sigmoid(self.ability[:count, None] + self.start[before] + self.gained[before])
        ready = np.where(needs.any(1), (has * needs).sum(1) / np.maximum(needs.sum(1), 1), 1).astype(np.float32)
        return _Recall(skill, real, gained, weakest * lowest + (1 - weakest) * mean, ready)

    def _mood(self, count: int, exercise: Ints, standard: Floats) -> Floats:
        """How well the exercise suits the students, until they leave it."""
        stays = exercise == self.exercise[:count]
        mood = np.where(stays, self.mood[:count], self.traits["exercise_spread"][:count] * standard)
        self.exercise[:count], self.mood[:count] = exercise, mood
        return mood

    def _luck(self, count: int, row: Places, tries: Ints) -> tuple[Floats, Floats]:
        """Chances to guess right and to slip."""
        guess = self.items["guess"][row] * self.guessing[:count]
        fewer = np.where(self.items["kind"][row] < CHOICES, np.maximum(1 - guess * tries, 0.2), 1)
        guess = np.minimum(guess / fewer, 0.85)
        slip = np.minimum(self.items["slip"][row] * self.slipping[:count], 0.4)
        return guess, slip * (1 - guess)

    def _learn(self, count: int, right: Bools, recall: _Recall, chance: Floats) -> None:
        """Those who grow gain a little; those who know or do not come to know, or not."""
        traits = {name: self.traits[name][:count, None] for name in ("wrong_gain", "gain", "ceiling", "learns", "jump")}
        concept = np.where(recall.real, recall.skill - self.skill_base[:count, None], 0)
        part = np.where(right[:, None], 1, traits["wrong_gain"]) * (0.25 + 0.75 * recall.ready[:, None])
        part = part * self.learning[self.first_concept[:count, None] + concept]
        grown = recall.gained + traits["gain"] * part * np.maximum(0, 1 - recall.gained / traits["ceiling"])
        jumped = np.where(chance[:, None] < traits["learns"] * part, traits["jump"], recall.gained)
        self.gained[recall.skill] = np.where(self.two_state[:count, None], jumped, grown)
        self.last[recall.skill] = self.clock[:count, None] / DAY
        self.practised[recall.skill] += 1

    def _pass_time(self, count: int, standard: Floats, chance: Floats, hints: Ints) -> None:
        traits = self.traits
        self.ability[:count] += traits["growth"][:count] / 100 + traits["drift"][:count] * standard[0]
        turns = np.where(self.lapsed[:count], traits["recovery"][:count], traits["lapse"][:count])
        self.lapsed[:count] ^= chance < turns
        over = self.rng.random(count, np.float32) * traits["sitting"][:count] < 1
        seconds = traits["pace"][:count] * np.exp(0.6 * standard[1]) + 8 * hints
        self.clock[:count] += seconds + np.where(over, DAY * traits["gap"][:count] * np.exp(standard[2]), 0)
        self.in_sitting[:count] = np.where(over, 0, self.in_sitting[:count] + 1)


def _sigmoid(level: npt.NDArray[np.floating]) -> Floats:
    share: Floats = (0.5 + 0.5 * np.tanh(0.5 * level)).astype(np.float32)
    return share


def _logit(share: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return np.log(share / (1 - share))
