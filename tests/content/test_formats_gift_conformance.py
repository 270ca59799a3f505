"""GIFT's conformance set: each of its files is read as the parse beside it says.

The two ways to read differ by design in three things, which are settled here: line breaks in a text are kept, what is
said to a true or false answer is told apart by whether the answer is right, and a number is an interval.
"""

import json
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from content.formats import gift
from content.formats.gift_reading import Answer, GiftQuestion, Text, blocks, question, unescaped

ARCHIVE = Path(__file__).resolve().parents[3] / "shared" / "data" / "content" / "gift-conformance.zip"
pytestmark = pytest.mark.skipif(not ARCHIVE.is_file(), reason=f"the conformance set is not at {ARCHIVE}")
KINDS = {
    "Description": "description",
    "Essay": "essay",
    "MC": "multichoice",
    "Matching": "matching",
    "Numerical": "numerical",
    "Short": "shortanswer",
    "TF": "truefalse",
}


def names() -> list[str]:
    if not ARCHIVE.is_file():
        return []
    with zipfile.ZipFile(ARCHIVE) as archive:
        return sorted(name.removesuffix(".gift") for name in archive.namelist() if name.endswith(".gift"))


def content(name: str) -> tuple[str, list[dict[str, Any]]]:
    with zipfile.ZipFile(ARCHIVE) as archive:
        return archive.read(f"{name}.gift").decode(), json.loads(archive.read(f"{name}.json"))


def plain(text: str | None) -> str:
    return " ".join((text or "").split())


def same_text(ours: Text | None, theirs: dict[str, str] | None) -> bool:
    if ours is None or theirs is None:
        return ours is None and not plain((theirs or {}).get("text"))
    return (ours.format.value, plain(unescaped(ours.said))) == (theirs["format"], plain(theirs["text"]))


def check_answer(ours: Answer, theirs: dict[str, Any]) -> None:
    assert ours.right == theirs["isCorrect"]
    share = None if theirs["weight"] is None else (Fraction(str(theirs["weight"])) / 100).limit_denominator(120)
    assert ours.share == share
    assert same_text(ours.feedback, theirs["feedback"])


def check_number(ours: Answer, theirs: dict[str, Any]) -> None:
    if theirs["type"] == "high-low":
        assert (ours.low, ours.high) == (Fraction(str(theirs["numberLow"])), Fraction(str(theirs["numberHigh"])))
    else:
        middle, off = Fraction(str(theirs["number"])), Fraction(str(theirs.get("range", 0)))
        assert (ours.low, ours.high) == (middle - off, middle + off)


def check(ours: GiftQuestion, theirs: dict[str, Any]) -> None:
    assert ours.kind == KINDS[theirs["type"]]
    assert plain(unescaped(ours.title)) == plain(theirs["title"])
    assert same_text(ours.text, theirs["stem"])
    assert same_text(ours.general, theirs.get("globalFeedback"))
    match ours.kind:
        case "truefalse":
            said = [*ours.feedback, None, None]
            assert ours.is_true == theirs["isTrue"]
            assert same_text(said[0] if said[0] and said[0].said else None, theirs["trueFeedback"])
            assert same_text(said[1], theirs["falseFeedback"])
        case "matching":
            for mine, pair in zip(ours.answers, theirs["matchPairs"], strict=True):
                assert same_text(mine.text, pair["subquestion"])
                assert unescaped(mine.partner or "") == pair["subanswer"]
        case "numerical" if isinstance(theirs["choices"], dict):
            check_number(ours.answers[0], theirs["choices"])
        case "numerical":
            for mine, choice in zip(ours.answers, theirs["choices"], strict=True):
                check_answer(mine, choice)
                if isinstance(choice["text"], dict) and "number" in choice["text"]:
                    check_number(mine, choice["text"])
        case "multichoice" | "shortanswer":
            for mine, choice in zip(ours.answers, theirs["choices"], strict=True):
                check_answer(mine, choice)
                assert same_text(mine.text, choice["text"])


@pytest.mark.parametrize("name", names())
def test_a_file_is_read_as_its_parse_says(name: str) -> None:
    text, expected = content(name)
    found = list(blocks(text.splitlines(keepends=True)))
    assert len(found) == len(expected)
    for block, theirs in zip(found, expected, strict=True):
        if theirs["type"] == "Category":
            assert block.category
            assert unescaped(block.text) == theirs["title"]
            continue
        assert (block.id or None, list(block.tags) or None) == (theirs["id"], theirs["tags"])
        check(question(block), theirs)


def test_there_are_all_of_them() -> None:
    assert len(names()) == 51


def test_all_but_what_stands_there_twice_becomes_an_exercise_or_a_reading() -> None:
    with zipfile.ZipFile(ARCHIVE) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name.endswith(".gift")}
    loaded = gift.read(files)
    dropped = [item.reasons for item in loaded.items if item.outcome == "dropped"]
    assert dropped == [("the very same stands there twice",)] * 2
    assert len(loaded.items) == len(loaded.package.exercises) + len(loaded.package.resources) + len(dropped)


def test_nothing_is_lost_on_the_way_to_gift_and_back() -> None:
    with zipfile.ZipFile(ARCHIVE) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name.endswith(".gift")}
    first = gift.read(files).package
    written = gift.write(first)
    assert written.defects == ()
    second = gift.read(written.files).package
    assert {one.key: one for one in second.exercises} == {one.key: one for one in first.exercises}
    assert {one.key for one in second.resources} == {one.key for one in first.resources}
