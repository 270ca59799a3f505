"""Tables of exercises as teachers write them: every kind of answer, what spreadsheets make of a file, what is wrong."""

import codecs
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.formats import csv_table, csv_template, load
from content.formats.source import CourseError, Loaded
from content.package import Exercise

HEAD = "id,prompt,kind,answer,choices,concepts,tags,hint1,hint2,solution,wrong1,feedback1\n"


def table(*rows: str, head: str = HEAD) -> Loaded:
    return csv_table.read({"sums.csv": (head + "".join(f"{row}\n" for row in rows)).encode()})


def answer(kind: str, given: str, choices: str = "", prompt: str = "Question?") -> Any:
    (exercise,) = table(f'q,"{prompt}",{kind},"{given}","{choices}"').package.exercises
    return exercise.steps[0].answer


def reasons(found: Loaded) -> list[str]:
    return [f"{defect.place}: {defect.problem}" for defect in found.defects]


GOOD = "good,Good?,true_false,true"


def test_a_row_is_an_exercise_with_all_that_stands_in_it() -> None:
    found = table(
        'sum,"How much is $1+1$?",number,2,,adding | numbers,easy;first,'
        'Count.,"Use fingers, two.",$1+1=2$,11,Not side by side.'
    )
    (made,) = found.package.exercises
    (step,) = made.steps
    assert (made.key, made.prompt, made.tags, step.concepts) == (
        "sum",
        "How much is $1+1$?",
        ("easy", "first"),
        ("adding", "numbers"),
    )
    assert step.answer == {"kind": "number", "value": "2"}
    assert [hint.text for hint in step.hints] == ["Count.", "Use fingers, two."]
    assert step.solution == "$1+1=2$"
    assert [(one.response, one.feedback) for one in step.wrong_answers] == [("11", "Not side by side.")]
    assert [item.outcome for item in found.items] == ["kept"]


@pytest.mark.parametrize(
    ("kind", "given", "choices", "key"),
    [
        ("one_choice", "B", "4 | 5", {"choices": {"A": "4", "B": "5"}, "correct": "B"}),
        ("one_choice", "5", "4 | 5", {"choices": {"A": "4", "B": "5"}, "correct": "B"}),
        ("单选题", "a", "4\n5", {"kind": "one_choice", "choices": {"A": "4", "B": "5"}, "correct": "A"}),
        ("several_choices", "A, C", "4|5|6", {"choices": {"A": "4", "B": "5", "C": "6"}, "correct": ["A", "C"]}),
        (
            "",
            "AC",
            "4|5|6",
            {"kind": "several_choices", "choices": {"A": "4", "B": "5", "C": "6"}, "correct": ["A", "C"]},
        ),
        ("true_false", "对", "", {"correct": True}),
        ("", "false", "", {"kind": "true_false", "correct": False}),
        ("", "3/4", "", {"kind": "number", "value": "3/4"}),
        ("", "Paris | paris city", "", {"kind": "text", "accept": ["Paris", "paris city"]}),
        ("expression", "2x+6 | 2(x+3)", "", {"value": "2x+6", "accept": ["2(x+3)"]}),
        ("equation", "y = 2x", "", {"value": "y = 2x"}),
        ("inequality", "x > 3", "", {"value": "x > 3"}),
        ("list", "1 | 2", "", {"items": ["1", "2"]}),
        ("matrix", "1, 2; 3, 4", "", {"rows": [["1", "2"], ["3", "4"]], "size_shown": True}),
        ("ordering", "one | two", "", {"items": {"A": "one", "B": "two"}, "correct": ["A", "B"]}),
        (
            *("matching", "b => 2 | a => 1", "3"),
            {"stems": {"1": "b", "2": "a"}, "options": {"A": "1", "B": "2", "C": "3"}, "pairs": {"1": "B", "2": "A"}},
        ),
        ("essay", "", "", {"kind": "long_text"}),
    ],
)
def test_answers_of_every_kind(kind: str, given: str, choices: str, key: dict[str, Any]) -> None:
    made = answer(kind, given, choices)
    assert made == {"kind": kind, **key}


def test_gaps() -> None:
    made = answer("cloze", "5 | red ~ rouge", prompt="It is [[1]] and [[2]].")
    assert made["gaps"] == {"1": {"kind": "number", "value": "5"}, "2": {"kind": "text", "accept": ["red", "rouge"]}}


def test_rows_of_one_id_are_the_steps_of_one_exercise() -> None:
    head = "id,step,prompt,answer\n"
    found = table("line,rise,How far up?,6", "line,run,How far along?,3", "line,run,Again?,4", head=head)
    (made,) = found.package.exercises
    assert [(step.key, step.prompt) for step in made.steps] == [
        ("line:rise", "How far up?"),
        ("line:run", "How far along?"),
    ]
    assert reasons(found) == ["line 4: step: it stands there twice: run"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("good,Again?,true_false,true", "line 3: id: it stands in another line: 2"),
        ("q,,true_false,true", "line 3: prompt: it is empty"),
        ("q,Q?,riddle,x", "line 3: kind: no kind of question is called so: riddle"),
        ("q,Q?,table,x", "line 3: kind: a kind that has no place in a row: table"),
        ("q,Q?,number,", "line 3: answer: it is empty"),
        ("q,Q?,true_false,perhaps", "line 3: answer: neither true nor false: perhaps"),
        ("q,Q?,one_choice,Z,a|b", "line 3: answer: it is none of the choices: Z"),
        ("q,Q?,one_choice,A,a", "line 3: answer: choices: "),
        ("q,Q?,matching,a-1", "line 3: answer: not «this => that»: a-1"),
        ("q,Q [[1]]?,cloze,1|2", "line 3: answer: not as many answers as gaps: 2, 1"),
        ("q,Q?,number,1,,,,,,,2,", "line 3: wrong answer 1: a wrong answer and its feedback come together"),
        ("q,Q?,number,2,,,,,,,2,No.", "line 3: wrong answer 1: this answer is right: 2"),
        ("??,Q?,number,2", "line 3: id: letters or digits are missing: ??"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_with_its_line(row: str, problem: str) -> None:
    found = table(GOOD, row)
    assert [made.key for made in found.package.exercises] == ["good"]
    assert any(reason.startswith(problem) for reason in reasons(found)), reasons(found)
    assert [item.outcome for item in found.items] == ["kept", "dropped"]


def test_lines_are_counted_as_a_spreadsheet_shows_them() -> None:
    found = table('q,"Two\nlines?",true_false,true', "", "bad,Q?,number,")
    assert reasons(found) == ["line 5: answer: it is empty"]


ROWS = "编号;题目;答案\r\n甲;“一加一”等于几？;2\r\n"


@pytest.mark.parametrize(
    "data",
    [
        ROWS.encode(),
        codecs.BOM_UTF8 + ROWS.encode(),
        ROWS.encode("gb18030"),
        ROWS.encode("utf-16"),
        ROWS.replace(";", "\t").encode(),
        ("sep=;\r\n" + ROWS).encode(),
        ROWS.replace(";", ",").replace("\r\n", "\n").encode(),
    ],
)  # fmt: skip
def test_whatever_a_spreadsheet_writes_is_read_alike(data: bytes) -> None:
    found = csv_table.read({"题.csv": data})
    (made,) = found.package.exercises
    assert (made.key, made.prompt, made.steps[0].answer["value"]) == ("甲", "“一加一”等于几？", "2")
    assert found.package.language == "zh-hans"
    assert csv_table.recognises({"题.csv": data})


def test_without_an_id_the_key_comes_of_what_the_row_asks() -> None:
    head = "prompt,answer\n"
    first = table("One?,1", "Two?,2", head=head)
    second = table("Zero?,0", "Two?,2", "One?,1", head=head)
    keys = {made.prompt: made.key for made in first.package.exercises}
    assert keys.items() <= {made.prompt: made.key for made in second.package.exercises}.items()


def test_columns_that_are_not_known_are_said() -> None:
    found = table("One?,1,x", head="prompt,answer,shoe size\n")
    assert reasons(found) == ["line 1: a column that is not known: shoe size"]


@pytest.mark.parametrize("chinese", [False, True])
def test_the_template_imports_without_a_defect(tmp_path: Path, chinese: bool) -> None:
    path = tmp_path / "template.csv"
    path.write_bytes(csv_template.template(chinese=chinese))
    found = load(path)
    assert found.defects == ()
    assert len({step.answer["kind"] for made in found.package.exercises for step in made.steps}) == 8


@pytest.mark.parametrize("data", [b"", b"prompt,answer\n", b"a,b\n1,2\n", b"prompt,answer\n,\n"])
def test_a_table_without_a_row_that_can_be_used_is_refused(data: bytes) -> None:
    with pytest.raises(CourseError):
        csv_table.read({"x.csv": data})


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"prompt,answer\n", b"id;prompt;kind;answer;choices\n"]))
def test_nothing_that_stands_in_a_file_crashes(data: bytes, head: bytes) -> None:
    files = {"x.csv": head + data}
    csv_table.recognises(files)
    try:
        found = csv_table.read(files)
    except CourseError:
        return
    assert all(isinstance(made, Exercise) for made in found.package.exercises)


@pytest.mark.parametrize(
    ("head", "row", "answer"),
    [
        ("题干,题型,选项A,选项B,选项C,正确答案", "质数是,多选题,2,3,4,AB", ["A", "B"]),
        ("Question Text,Option 1,Option 2,Option 3,Correct Answer", "Even?,a,b,c,3", "C"),
        ("Question - max 120 characters,Answer 1,Answer 2 (short),Correct answer(s) - choose", "Red?,yes,no,1", "A"),
        ("question,A,B,answer", "Red?,yes,no,B", "B"),
    ],
)
def test_choices_may_stand_in_columns_of_their_own(head: str, row: str, answer: str | list[str]) -> None:
    found = csv_table.read({"a.csv": f"{head}\n{row}\n".encode("gb18030")})
    assert found.package.exercises[0].steps[0].answer["correct"] == answer
    assert not found.defects


def test_a_number_that_is_one_choice_and_the_text_of_another_is_not_guessed() -> None:
    found = table("Even?,2,3,2", "Odd?,2,3,1", head="question,option 1,option 2,correct answer\n")
    assert [item.outcome for item in found.items] == ["dropped", "kept"]
    assert "the number of one choice and the text of another" in found.items[0].reasons[0]
