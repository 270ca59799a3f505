"""The seal of a bundle: whatever is not as it was written is seen and named."""

import json
from pathlib import Path

import pytest

from training import seal

NAMES = (*(name for name in seal.FILES if name != seal.REPORT), "more.bin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).write_bytes(b"what is in " + name.encode())
    (tmp_path / "MODEL_CARD.md").write_text("for people")
    seal.close(tmp_path, {"epochs": 3, "history": [{"epoch": 0, "loss": 0.1 + 0.2}], "pair": (1, 2)})
    return tmp_path


def what_is_wrong(folder: Path) -> tuple[str, str] | None:
    try:
        seal.verify(folder)
    except seal.BadBundle as fault:
        return fault.file, fault.problem
    return None


def test_a_sealed_bundle_is_whole(folder: Path) -> None:
    assert what_is_wrong(folder) is None


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_missing_cut_off_or_altered_is_named(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[:-1])
    assert what_is_wrong(folder) == (name, "altered")
    (folder / name).write_bytes(whole[:-1] + b"?")
    assert what_is_wrong(folder) == (name, "altered")
    (folder / name).unlink()
    assert what_is_wrong(folder) == (name, "missing")
    (folder / name).write_bytes(whole)
    assert what_is_wrong(folder) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"epochs": 3}', '{"sha256": 3}', '{"sha256": {}}'])
def test_a_report_that_says_nothing_of_hashes_is_refused(folder: Path, text: str) -> None:
    (folder / seal.REPORT).write_text(text)
    assert what_is_wrong(folder) == (seal.REPORT, "altered")


def test_a_report_in_which_a_figure_was_changed_is_refused(folder: Path) -> None:
    report = seal.read_report(folder)
    (folder / seal.REPORT).write_text(json.dumps(report | {"epochs": 4}))
    assert what_is_wrong(folder) == (seal.REPORT, "altered")


def test_a_folder_that_is_gone_is_refused(tmp_path: Path) -> None:
    assert what_is_wrong(tmp_path / "nowhere") == (seal.REPORT, "missing")


def test_a_bundle_without_one_of_the_files_that_every_bundle_has_is_refused(folder: Path) -> None:
    (folder / "ids.json").unlink()
    seal.close(folder, {})
    assert what_is_wrong(folder) == ("ids.json", "missing")


def test_the_report_can_be_added_to_and_the_bundle_stays_whole(folder: Path) -> None:
    report = seal.amend(folder, {"answers": 7, "epochs": 5})
    assert what_is_wrong(folder) is None
    assert (report["answers"], report["epochs"], report["pair"]) == (7, 5, [1, 2])
    assert seal.read_report(folder) == report


def test_adding_to_the_report_does_not_bless_a_file_that_was_altered(folder: Path) -> None:
    (folder / "more.bin").write_bytes(b"other")
    with pytest.raises(seal.BadBundle, match=r"more\.bin is altered"):
        seal.amend(folder, {"answers": 7})
    assert what_is_wrong(folder) == ("more.bin", "altered")
