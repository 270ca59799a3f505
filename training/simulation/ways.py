"""Which step a great many simulated students are given next: by lists, concept by concept, at random, adapted."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.simulation.minds import Bools, Minds, Places
from training.simulation.priors import Rng
from training.simulation.terrain import Floats, Ints, Terrain

RULES = (
    *("listed", "skipping", "streak", "cap", "leaving", "looking_back", "anywhere", "in_sequence", "adaptive"),
    *("retries", "tries"),
)
MOST_SKIPPED = 5
PACE = 0.35  # of the running estimate of a student's level, by which steps are adapted


class Ways:
    """Where each student is. Like Minds, always the first so many go on."""

    def __init__(self, terrain: Terrain, course: Places, minds: Minds, rng: Rng) -> None:
        self.rng = rng
        students = len(course)
        others = rng.random(students) < np.array([settings.others for settings in terrain.settings])[course]

        def rule(name: str) -> Floats:
            usual, other = (terrain.setting(group, name)[course] for group in ("practice", "other"))
            chosen: Floats = np.where(others, other, usual).astype(np.float32)
            return chosen

        self.rules = {name: rule(name) for name in RULES}
        self.first_item, self.first_concept = terrain.first_item[course], terrain.first_concept[course]
        self.items = np.diff(terrain.first_item)[course]
        self.concepts = np.diff(terrain.first_concept)[course]
        version = rng.integers(0, terrain.setting("practice", "versions")[course])
        self.paths, self.path_base = _flat([ground.paths for ground in terrain.grounds], course, version)
        self.lists, self.list_base = _flat([ground.lists for ground in terrain.grounds], course, version)
        counts = np.concatenate([np.diff(ground.first_item) for ground in terrain.grounds])
        self.many = counts  # [concepts] steps of each
        self.first = np.concatenate([ground.first_item[:-1] for ground in terrain.grounds])
        weight = np.concatenate([ground.weight / ground.weight.sum() for ground in terrain.grounds])
        self.heap = np.concatenate([[0], np.cumsum(weight, dtype=np.float64)])
        self.main: Ints = terrain.item("members")[:, 0]
        self.difficulty: Floats = minds.items["difficulty"]
        self.skill_base = minds.skill_base
        self.asked = np.zeros(len(minds.start), np.uint16)  # steps of each concept so far
        begins = rng.random(students) * rule("spread_start")
        self.place = (begins * self.concepts).astype(np.int64)
        self.next = (begins * self.items).astype(np.int64)
        self.item = np.zeros(students, np.int64)
        self.tries = np.zeros(students, np.int32)  # at the present step
        self.right = np.ones(students, bool)
        self.run, self.count = np.zeros(students, np.int32), np.zeros(students, np.int32)
        self.level = np.zeros(students, np.float32)

    def go_on(self, count: int) -> tuple[Places, Ints]:
        """The steps the first `count` students try now, and how often each tried that very step just before."""
        chance = self.rng.random((6, count), np.float32)
        rules = {name: values[:count] for name, values in self.rules.items()}
        again = ~self.right[:count] & (self.tries[:count] < rules["tries"]) & (chance[0] < rules["retries"])
        fresh = np.where(rules["listed"] > 0, self._listed(count), self._of_concept(count, chance))
        item = np.where(again, self.item[:count], fresh)
        skipped = 1 + np.where(chance[5] < rules["skipping"], MOST_SKIPPED * chance[1], 0).astype(np.int64)
        self.next[:count] += np.where(again, 0, skipped)
        before = np.where(again, self.tries[:count], 0).astype(np.int32)
        self.item[:count], self.tries[:count] = item, before + 1
        self.asked[self.skill_base[:count] + self.main[self.first_item[:count] + item]] += before == 0
        return item, before

    def _listed(self, count: int) -> Places:
        place = self.list_base[:count] + self.next[:count] % self.items[:count]
        item: Places = self.lists[place].astype(np.int64)
        return item

    def _of_concept(self, count: int, chance: Floats) -> Places:
        rules = self.rules
        place, concepts = self.place[:count] % self.concepts[:count], self.concepts[:count]
        back = chance[1] < rules["looking_back"][:count]
        anywhere = chance[2] < rules["anywhere"][:count]
        place = np.where(back, (chance[3] * (place + 1)).astype(np.int64), place)
        place = np.where(anywhere, (chance[3] * concepts).astype(np.int64), place)
        concept = self.paths[self.path_base[:count] + np.minimum(place, concepts - 1)]
        row = self.first_concept[:count] + concept
        many, first = self.many[row], self.first[row]
        in_order = first + self.asked[self.skill_base[:count] + concept] % many
        item = np.where(rules["in_sequence"][:count] > 0, in_order, self._popular(count, first, many, chance[4]))
        other = self._popular(count, first, many, chance[5])
        base = self.first_item[:count]
        off, off_other = (np.abs(self.difficulty[base + one] - self.level[:count]) for one in (item, other))
        nearer = (off_other < off) & (chance[0] < rules["adaptive"][:count])
        return np.where(nearer, other, item)

    def _popular(self, count: int, first: Ints, many: npt.NDArray[np.int64], chance: Floats) -> Places:
        """A step of each concept, by popularity."""
        base = self.first_item[:count]
        low, high = self.heap[base + first], self.heap[base + first + many]
        found = np.searchsorted(self.heap, low + chance * (high - low), side="right") - 1 - base
        item: Places = np.clip(found, first, first + many - 1)
        return item

    def note(self, count: int, right: Bools) -> None:
        """Take down who was right, and send on those who are done with a concept."""
        rules = self.rules
        row = self.first_item[:count] + self.item[:count]
        first = self.tries[:count] == 1
        self.right[:count] = right
        expected = 0.5 + 0.5 * np.tanh(0.5 * (self.level[:count] - self.difficulty[row]))
        self.level[:count] += PACE * (right - expected) * first
        run = np.where(first, np.where(right, self.run[:count] + 1, 0), self.run[:count])
        seen = self.count[:count] + first
        leaves = self.rng.random(count, np.float32) < rules["leaving"][:count]
        streak = rules["streak"][:count]
        done = ((streak > 0) & (run >= streak)) | (seen >= rules["cap"][:count]) | leaves
        self.place[:count] += done
        self.run[:count], self.count[:count] = np.where(done, 0, run), np.where(done, 0, seen)


def _flat(tables: Sequence[Ints], course: Places, version: Places) -> tuple[Ints, Places]:
    """Tables [versions, length] of courses end to end, and where each student's version begins."""
    sizes = np.array([table.size for table in tables])
    lengths = np.array([table.shape[1] for table in tables])
    begins = np.cumsum(sizes) - sizes
    return np.concatenate([table.ravel() for table in tables]), begins[course] + version * lengths[course]
