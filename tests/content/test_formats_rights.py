"""Licence and attribution that stand in the comments of a file are kept with the course or with the question."""

from content.formats import csv_table, gift
from content.formats.source import Loaded

FILE = """// Numbers
// licence: CC BY 4.0
// Author: Li Wei

One and one? {=2 ~3}

// license: CC0
Two and two? {=4 ~5}
"""


def licences(loaded: Loaded) -> list[tuple[str, str]]:
    return [(one.licence, one.attribution) for one in loaded.package.exercises]


def test_the_head_of_a_gift_file_speaks_for_the_course_and_a_comment_for_its_question() -> None:
    loaded = gift.read({"a.gift": FILE.encode()})
    assert (loaded.package.licence, loaded.package.attribution) == ("CC BY 4.0", "Li Wei")
    assert licences(loaded) == [("", ""), ("CC0", "")]


def test_of_several_gift_files_each_question_has_what_its_file_says() -> None:
    loaded = gift.read({"a.gift": FILE.encode(), "b.gift": b"Three? {=3 ~4}"})
    assert loaded.package.licence == ""
    assert licences(loaded) == [("CC BY 4.0", "Li Wei"), ("CC0", "Li Wei"), ("", "")]


def test_licences_come_through_gift_and_back() -> None:
    first = gift.read({"a.gift": FILE.encode()})
    again = gift.read(gift.write(first.package).files)
    assert (again.package.licence, again.package.attribution) == ("CC BY 4.0", "Li Wei")
    assert licences(again) == licences(first)


def test_lines_above_the_headings_of_a_table_speak_for_the_course() -> None:
    table = "# 许可：CC BY-SA 4.0;;\n# 作者：王老师\nprompt;answer;licence\n1+1;2;\n2+2;4;CC0\n"
    assert csv_table.recognises({"a.csv": table.encode()})
    loaded = csv_table.read({"a.csv": table.encode()})
    assert (loaded.package.licence, loaded.package.attribution) == ("CC BY-SA 4.0", "王老师")
    assert licences(loaded) == [("", ""), ("CC0", "")]
    assert not loaded.defects


def test_a_first_heading_that_is_a_sign_is_no_comment() -> None:
    loaded = csv_table.read({"a.csv": b"#,prompt,answer\n1,1+1,2\n"})
    assert [one.prompt for one in loaded.package.exercises] == ["1+1"]
