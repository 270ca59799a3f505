"""Files from outside: read as they are asked for, whatever they come in; what is unsafe is refused in one line."""

import base64
import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from content import formats
from content.formats import source
from content.formats.pictures import PictureProblem, Pictures
from content.formats.source import CourseError, Stored, open_file, read_files
from content.formats.xml_tree import XmlProblem, elements, read_xml, root_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def packed(files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_a_zip_is_read_only_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    path.write_bytes(packed({f"{at}.bin": bytes([at]) * 8_000_000 for at in range(20)}, method=zipfile.ZIP_STORED))
    tracemalloc.start()
    files = read_files(path)
    assert sum(files.size(name) for name in files) == 160_000_000
    assert files["3.bin"][:2] == b"\3\3"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000


def test_a_zip_within_a_zip_stands_there_as_a_folder(tmp_path: Path) -> None:
    inner = packed({"a.txt": b"inside"})
    deeper = packed({"b.zip": inner})
    path = tmp_path / "c.zip"
    path.write_bytes(packed({"one.zip": inner, "two.zip": deeper, "no.zip": b"none", "x.txt": b"x"}))
    files = read_files(path)
    assert set(files) == {"one.zip/a.txt", "two.zip/b.zip", "no.zip", "x.txt"}
    assert files["one.zip/a.txt"] == b"inside"


def test_one_file_is_a_package_of_one_file(tmp_path: Path) -> None:
    path = tmp_path / "Unit 1.gift"
    path.write_text("Two plus two? {=4}")
    assert list(read_files(path)) == ["Unit 1.gift"]
    loaded = formats.load(path)
    assert (loaded.package.slug, loaded.package.title) == ("unit-1", "Unit 1")


@pytest.mark.parametrize("name", ["../a.gift", "/a.gift", "a/../../b.gift", "..\\a.gift", "C:/a.gift"])
def test_a_zip_within_a_zip_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "c.zip"
    path.write_bytes(packed({"inner.zip": packed({name: b"x"})}))
    with pytest.raises(CourseError, match="leads out"):
        read_files(path)


def test_a_link_within_a_zip_within_a_zip_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        entry = zipfile.ZipInfo("a.png")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    path = tmp_path / "c.zip"
    path.write_bytes(packed({"inner.zip": stream.getvalue()}))
    with pytest.raises(CourseError, match="refused: a link"):
        read_files(path)


def test_a_bomb_within_a_zip_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    path.write_bytes(packed({"inner.zip": packed({"a.gift": b"\0" * 50_000_000})}))
    with pytest.raises(CourseError, match="would unpack to many times its size"):
        read_files(path)


def test_a_size_that_is_a_lie_does_not_unpack_to_more_than_it_says(tmp_path: Path) -> None:
    data = bytearray(packed({"a.gift": b"x" * 5_000_000}))
    at = data.rfind(b"PK\1\2")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    path = tmp_path / "c.zip"
    path.write_bytes(bytes(data))
    files = read_files(path)
    with pytest.raises(CourseError, match="not a zip that can be read"):
        files["a.gift"]


def test_too_much_in_all_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_TOTAL", 1000)
    (tmp_path / "a.gift").write_bytes(b"x" * 600)
    (tmp_path / "b.gift").write_bytes(b"x" * 600)
    with pytest.raises(CourseError, match="refused: too large"):
        read_files(tmp_path)


def test_what_is_neither_a_file_nor_a_folder_is_refused() -> None:
    with pytest.raises(CourseError, match="neither a file nor a folder"):
        read_files(Path("/dev/null"))


BOMB = b"""<?xml version="1.0"?><!DOCTYPE quiz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><quiz>&b;</quiz>"""
FETCH = b"""<?xml version="1.0"?><!DOCTYPE quiz [<!ENTITY a SYSTEM "file:///etc/passwd">]><quiz>&a;</quiz>"""
FILLED = b"""<!DOCTYPE quiz [<!ATTLIST quiz a CDATA "%s">]><quiz/>""" % (b"ha" * 600)
NAMED = b"""<!DOCTYPE quiz SYSTEM "http://localhost/a.dtd" [<!ATTLIST quiz a (Yes|No) "No">]><quiz>1</quiz>"""


@pytest.mark.parametrize("document", [BOMB, FETCH, FILLED, BOMB.decode().encode("utf-16")])
def test_a_document_type_that_defines_more_than_its_rules_is_refused(document: bytes) -> None:
    with pytest.raises(XmlProblem, match="a document type"):
        read_xml(document)
    with pytest.raises(XmlProblem, match="a document type"):
        list(elements(io.BytesIO(document), frozenset({"question"})))


def test_a_document_type_that_names_its_rules_is_read_without_them() -> None:
    assert read_xml(NAMED).text == "1"


def test_elements_too_deep_within_each_other_are_refused() -> None:
    with pytest.raises(XmlProblem, match="within each other"):
        read_xml(b"<a>" * 5000 + b"</a>" * 5000)


@pytest.mark.parametrize("document", [b"", b"<a>", b"<a></b>", b"\xff\xfe", b"<a>\x01</a>", b"text", b"<a>&nbsp;</a>"])
def test_what_is_no_xml_is_told_so(document: bytes) -> None:
    with pytest.raises(XmlProblem, match="not XML"):
        read_xml(document)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gbk", "gb2312", "big5", "iso-8859-1"])
def test_xml_is_read_in_its_encoding(encoding: str) -> None:
    text = "é" if encoding == "iso-8859-1" else "中文"
    document = f'<?xml version="1.0" encoding="{encoding}"?><quiz><name>{text}</name></quiz>'.encode(encoding)
    assert read_xml(document).findtext("name") == text
    assert root_of(document) == "quiz"


def test_a_large_document_is_read_question_by_question() -> None:
    one = b"<question><file>" + base64.b64encode(b"\0" * 3_000_000) + b"</file></question>"

    class Endless(io.RawIOBase):
        """Forty times the same, of which never more than one is kept."""

        def __init__(self) -> None:
            self.rest = iter([b"<quiz>", *[one] * 40, b"</quiz>"])
            self.held = b""

        def read(self, size: int = -1) -> bytes:
            self.held = self.held or next(self.rest, b"")
            piece, self.held = self.held[:size], self.held[size:]
            return piece

    tracemalloc.start()
    count = sum(len(found[0].text or "") > 1_000_000 for found in elements(Endless(), frozenset({"question"})))  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 40
    assert peak < 60_000_000


def test_pictures_are_kept_by_what_they_are_and_never_mixed_up() -> None:
    pictures = Pictures({"a/x.png": PNG + b"1", "b/x.png": PNG + b"2", "notes.txt": b"words"})
    first, second = pictures.add_file("a/x.png"), pictures.add_file("b/x.png")
    assert first != second
    assert pictures.add("x.png", PNG + b"1") == first
    assert pictures.add(first, PNG + b"1") == first
    assert (pictures[first], pictures[second]) == (PNG + b"1", PNG + b"2")
    for bad in ("notes.txt", "gone.png"):
        with pytest.raises(PictureProblem):
            pictures.add_file(bad)
    with pytest.raises(PictureProblem, match="no picture"):
        pictures.add("page.svg", b"<html><script>alert(1)</script></html>")


def test_files_of_tests_are_read_like_those_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc")
    stored = read_files(tmp_path)
    assert isinstance(stored, Stored)
    for files in (stored, {"a.txt": b"abc"}):
        with open_file(files, "a.txt") as stream:
            assert stream.read() == b"abc"
        assert source.head_of(files, "a.txt", 2) == b"ab"
        assert source.size_of(files, "a.txt") == 3
