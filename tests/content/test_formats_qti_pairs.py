"""The same items exported as QTI 2.1 and as QTI 1.2 import to the same exercises."""

from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from content.formats import load
from content.formats.source import Loaded
from content.package import Exercise

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "content" / "qti-sample.zip"
NAMES = (
    "MC-sex_determination",
    "WOMC-protein_v_dna_gels",
    "classify_Fischer-MA-with_hint",
    "convert_Haworth_to_Fischer-MC-with_hint-FURAN-5_choices",
    "hemoglobin_oxygen_affinity",
    "match_amino_acid_structures-4_choices",
    "polyploid-gametes",
    "which_amino_acid-FIB",
)

pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="the samples of QTI are not on this machine")


def sample(name: str, folder: Path) -> Loaded:
    with ZipFile(SAMPLES) as archive:
        path = Path(archive.extract(name, folder))
    return load(path)


def without_keys(exercise: Exercise) -> Exercise:
    """An exercise but for its keys: the two forms name their items differently, and neither says the other's name."""
    return replace(exercise, key="", steps=tuple(replace(step, key="") for step in exercise.steps))


@pytest.mark.parametrize("name", NAMES)
def test_both_forms_of_a_package_are_the_same_exercises(name: str, tmp_path: Path) -> None:
    two = sample(f"blackboard_qti_v2_1-{name}.zip", tmp_path)
    old = sample(f"canvas_qti_v1_2-{name}.zip", tmp_path)
    assert [without_keys(one) for one in two.package.exercises] == [without_keys(one) for one in old.package.exercises]
    assert len(two.package.exercises) == len(two.items) == len(old.items) > 0
    for field in ("slug", "title", "language", "licence", "concepts"):
        assert getattr(two.package, field) == getattr(old.package, field)
