"""The Chinese catalogue is complete: every string of the program is in it, translated, with the same blanks."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGUE = Path("locale/zh_Hans/LC_MESSAGES/django.po")
APPS = ("content", "students", "training", "tutor", "templates")
BLANK = re.compile(r"%\((\w+)\)[sd]")
CHINESE = re.compile(r"[\u4e00-\u9fff：；，（）]")


def read(file: Path) -> Catalog:
    with file.open("rb") as stream:
        return read_po(stream, locale="zh_Hans")


def originals(message: Message) -> tuple[str, ...]:
    return tuple(map(str, message.id)) if isinstance(message.id, tuple | list) else (str(message.id),)


def texts(message: Message) -> tuple[str, ...]:
    return tuple(map(str, message.string)) if isinstance(message.string, tuple | list) else (str(message.string),)


def key(message: Message) -> tuple[str | None, str]:
    return message.context, originals(message)[0]


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return [message for message in read(ROOT / CATALOGUE) if message.id]


def test_every_string_is_translated_and_none_is_a_guess(messages: list[Message]) -> None:
    assert [message.id for message in messages if not all(texts(message)) or message.fuzzy] == []


def test_every_translation_has_the_blanks_of_its_original(messages: list[Message]) -> None:
    for message in messages:
        blanks = set(BLANK.findall(originals(message)[-1]))
        for text in texts(message):
            assert set(BLANK.findall(text)) == blanks, message.id


def test_chinese_sentences_use_chinese_punctuation(messages: list[Message]) -> None:
    for message in messages:
        for text in texts(message):
            assert not re.search(r"[\u4e00-\u9fff][,;:?!.](?:\s|$)", text), text


def test_every_translation_is_chinese(messages: list[Message]) -> None:
    assert [text for message in messages for text in texts(message) if not CHINESE.search(text)] == []


@pytest.mark.skipif(
    shutil.which("xgettext") is None, reason="needs gettext, which reads the strings out of the program"
)
def test_every_string_of_the_program_is_in_the_catalogue(tmp_path: Path, messages: list[Message]) -> None:
    for app in APPS:
        shutil.copytree(ROOT / app, tmp_path / app, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    (tmp_path / "locale").mkdir()
    command = [sys.executable, "-m", "django", "makemessages", "-l", "zh_Hans", "--no-wrap"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, env={"PATH": "/usr/bin:/bin"})
    found = {key(message) for message in read(tmp_path / CATALOGUE) if message.id}
    assert found == {key(message) for message in messages}
