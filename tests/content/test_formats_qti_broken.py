"""Packages of QTI that are broken, odd or hostile: a report or one clear line, never a traceback."""

import random
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.formats import CourseError, load, qti
from tests.content.qti_items import (
    MAP,
    choices,
    condition,
    declaration,
    equal,
    item,
    manifest,
    material,
    old_choices,
    old_file,
    old_item,
)

GOOD = {
    "imsmanifest.xml": manifest("items/a.xml", "items/b.xml"),
    "items/a.xml": item(
        "<p>A? <img src='x.png'/></p>" + choices("a", "b"), declaration("A", mapping={"A": 1}), rules=MAP
    ),
    "items/b.xml": item(
        "<p><textEntryInteraction responseIdentifier='RESPONSE'/> of it.</p>", declaration("5", kind="float"), key="b"
    ),
    "items/x.png": b"\x89PNG picture",
    "quiz.xml": old_file(old_item(material("C?") + old_choices("a", "b"), condition(equal("A")), ident="c")),
}


def read(files: dict[str, bytes]) -> None:
    qti.recognises(files)
    try:
        found = qti.read(files)
    except CourseError:
        return
    assert found.package.exercises


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(GOOD)), st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 60))
def test_a_file_with_anything_in_the_middle_never_crashes(name: str, at: int, put: bytes, cut: int) -> None:
    data = GOOD[name]
    at %= len(data) + 1
    read(GOOD | {name: data[:at] + put + data[at + cut :]})


WORDS = [
    *("RESPONSE", "A", "single", "multiple", "identifier", "float", "match", "correct", "q1", "items/a.xml"),
    *("choiceInteraction", "simpleChoice", "value", "1", "-1", "nan"),
]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(["items/a.xml", "items/b.xml", "quiz.xml", "imsmanifest.xml"]), st.integers(0, 10**9))
def test_words_that_change_places_never_crash(name: str, seed: int) -> None:
    rng = random.Random(seed)
    text = GOOD[name].decode()
    for _ in range(rng.randint(1, 4)):
        text = text.replace(rng.choice(WORDS), rng.choice([*WORDS, "", "9" * 5000, "é<b>"]), rng.randint(1, 3))
    read(GOOD | {name: text.encode()})


@pytest.mark.parametrize("gone", sorted(GOOD))
def test_a_missing_file_is_said(gone: str) -> None:
    files = {name: data for name, data in GOOD.items() if name != gone}
    found = qti.read(files)
    assert found.package.exercises
    if gone.startswith("items/") or gone == "items/x.png":
        assert found.defects


@pytest.mark.parametrize("name", ["../a.xml", "/a.xml", "c:/a.xml", "a\\b.xml"])
def test_archives_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "package.zip"
    with ZipFile(path, "w") as archive:
        for good, data in GOOD.items():
            archive.writestr(good, data)
        archive.writestr(name, GOOD["items/a.xml"])
    with pytest.raises(CourseError, match="refused"):
        load(path)


def test_scripts_and_handlers_are_left_out_and_said() -> None:
    body = "<p onclick='x()'>A?<script>alert(1)</script></p>" + choices("<b>a</b>", "b")
    found = qti.read({"a.xml": item(body, declaration("A"))})
    (made,) = found.package.exercises
    assert (made.prompt, made.steps[0].answer["choices"]["A"]) == ("A?", "**a**")
    assert found.items[0].outcome == "changed"


def test_rules_without_end_end() -> None:
    inner, score = "<isNull><variable identifier='RESPONSE'/></isNull>", "<baseValue baseType='float'>1</baseValue>"
    rules = f"<responseCondition><responseIf><and>{inner * 20_000}</and></responseIf></responseCondition>"
    rules += f"<setOutcomeValue identifier='SCORE'>{score}</setOutcomeValue>"
    rules = f"<responseProcessing>{rules}</responseProcessing>"
    read({"a.xml": item("<p>A?</p>" + choices("a", "b"), declaration("A"), rules=rules)})


def test_powers_are_not_worked_out_for_ever() -> None:
    power = "<baseValue baseType='float'>9</baseValue>"
    for _ in range(30):
        power = f"<power>{power}<baseValue baseType='float'>20</baseValue></power>"
    rules = f"<responseProcessing><setOutcomeValue identifier='SCORE'>{power}</setOutcomeValue></responseProcessing>"
    read({"a.xml": item("<p>A?</p>" + choices("a", "b"), declaration("A"), rules=rules)})
