"""Items of QTI 1.2: what conditions say is right, and what Canvas, Blackboard and Respondus write of their own."""

from typing import Any

import pytest

from content.formats import qti
from content.formats.source import CourseError, Loaded
from content.package import Exercise
from tests.content.qti_items import condition, equal, material, old_choices, old_file, old_item


def loaded(*items: str, **files: bytes) -> Loaded:
    return qti.read({"quiz.xml": old_file(*items)} | files)


def exercise(item: str) -> Exercise:
    (made,) = loaded(item).package.exercises
    return made


def answer(item: str) -> Any:
    (step,) = exercise(item).steps
    return step.answer


FIB = '<response_str ident="r1" rcardinality="Single"><render_fib fibtype="String"/></response_str>'
NUMBER = '<response_num ident="r1"><render_fib fibtype="Decimal"/></response_num>'


def test_one_choice() -> None:
    made = exercise(old_item(material("<p>Which?</p>") + old_choices("one", "two"), condition(equal("B"))))
    assert made.prompt == "Which?"
    assert made.steps[0].answer == {"kind": "one_choice", "choices": {"A": "one", "B": "two"}, "correct": "B"}
    assert (made.key, made.title, made.lesson) == ("q1", "A question", "A quiz")


def test_choices_worth_a_part() -> None:
    conditions = condition(equal("A"), "100") + condition(equal("B"), "40")
    assert answer(old_item(material("?") + old_choices("a", "b", "c"), conditions))["credit"] == {"B": "0.4"}


def test_several_choices_all_or_nothing() -> None:
    test = f"<and>{equal('A')}<not>{equal('B')}</not>{equal('C')}</and>"
    made = answer(old_item(material("?") + old_choices("a", "b", "c", several=True), condition(test)))
    assert (made["kind"], made["correct"]) == ("several_choices", ["A", "C"])
    assert "credit" not in made


def test_several_choices_that_add_up() -> None:
    conditions = "".join(condition(equal(one), "50", action="Add") for one in "AC")
    conditions += condition(equal("B"), "50", action="Subtract")
    made = answer(old_item(material("?") + old_choices("a", "b", "c", several=True), conditions))
    assert made["correct"] == ["A", "C"]


def test_texts_without_and_with_capitals() -> None:
    any_of = equal("Paris") + equal("paris") + equal("Lutetia")
    assert answer(old_item(material("Capital?") + FIB, condition(any_of))) == {
        "kind": "text",
        "accept": ["Paris", "Lutetia"],
    }
    strict = old_item(material("Capital?") + FIB, condition(equal("Paris", case="Yes")))
    assert answer(strict) == {"kind": "text", "accept": ["Paris"], "case": True}


@pytest.mark.parametrize(
    ("test", "key"),
    [
        (equal("5"), {"value": "5"}),
        (
            f"<or>{equal('5')}<and><vargte respident='r1'>4.5</vargte><varlte respident='r1'>5.5</varlte></and></or>",
            {"value": "5", "tolerance": "0.5"},
        ),
        ("<vargte respident='r1'>2</vargte><varlte respident='r1'>4</varlte>", {"value": "3", "tolerance": "1"}),
        ("<vargt respident='r1'>2</vargt><varlt respident='r1'>4</varlt>", {"value": "3", "tolerance": "1"}),
    ],
)
def test_numbers_and_ranges(test: str, key: dict[str, str]) -> None:
    assert answer(old_item(material("How many?") + NUMBER, condition(test))) == {"kind": "number", **key}


def test_gaps_within_a_text() -> None:
    second = FIB.replace("r1", "r2")
    body = f"<flow>{material('Roses are ')}{FIB}{material(' and violets ')}{second}{material('.')}</flow>"
    conditions = condition(equal("red"), "50", action="Add") + condition(equal("blue", ident="r2"), "50", action="Add")
    made = answer(old_item(body, conditions))
    assert made["text"] == "Roses are [[1]] and violets [[2]]."
    assert [gap["accept"] for gap in made["gaps"].values()] == [["red"], ["blue"]]


def test_all_gaps_under_one_condition() -> None:
    second = FIB.replace("r1", "r2")
    body = f"<flow>{material('A ')}{FIB}{material(' B ')}{second}</flow>"
    made = answer(old_item(body, condition(f"<and>{equal('x')}{equal('y', ident='r2')}</and>")))
    assert [gap["accept"] for gap in made["gaps"].values()] == [["x"], ["y"]]


def matching(fields: str = "") -> str:
    stems = "".join(
        old_choices("Rome", "Paris", ident=f"r{at}").replace("<render", f"{material(text)}<render", 1)
        for at, text in enumerate(("Italy", "France"), 1)
    )
    conditions = condition(equal("A"), "50", action="Add") + condition(equal("B", ident="r2"), "50", action="Add")
    return old_item(material("Match.") + stems, conditions, fields=fields)


def test_choices_among_the_same_labels_are_matching() -> None:
    made = exercise(matching())
    assert made.prompt == "Match."
    assert made.steps[0].answer == {
        "kind": "matching",
        "stems": {"1": "Italy", "2": "France"},
        "options": {"A": "Rome", "B": "Paris"},
        "pairs": {"1": "A", "2": "B"},
    }


def test_pairs_in_a_group() -> None:
    labels = "".join(
        f'<response_label ident="{name}"{more}>{material(text)}</response_label>'
        for name, more, text in (
            ("1", ' match_group="A,B" match_max="1"', "Italy"),
            ("2", ' match_group="A,B" match_max="1"', "France"),
            ("A", "", "Rome"),
            ("B", "", "Paris"),
        )
    )
    group = f'<response_grp ident="r1" rcardinality="Multiple"><render_choice>{labels}</render_choice></response_grp>'
    conditions = condition('<varsubset respident="r1">1,A</varsubset>', "50", action="Add")
    conditions += condition('<varsubset respident="r1">2,B</varsubset>', "50", action="Add")
    assert answer(old_item(material("Match.") + group, conditions))["pairs"] == {"1": "A", "2": "B"}


def test_ordering() -> None:
    body = material("Order.") + old_choices("x", "y", "z").replace("Single", "Ordered")
    tests = "".join(f'<varequal respident="r1" index="{at}">{one}</varequal>' for at, one in enumerate("CAB", 1))
    assert answer(old_item(body, condition(f"<and>{tests}</and>")))["correct"] == ["C", "A", "B"]


def test_long_texts() -> None:
    assert answer(old_item(material("Why?") + FIB, fields="question_type=essay_question")) == {"kind": "long_text"}


FEEDBACK = f"""<itemfeedback ident="fa"><flow_mat>{material("<p>Well done.</p>")}</flow_mat></itemfeedback>
  <itemfeedback ident="fb"><flow_mat>{material("<p>Not this.</p>")}</flow_mat></itemfeedback><itemfeedback
      ident="s"><solution>
  <solutionmaterial>{material("<p>Because.</p>")}</solutionmaterial></solution></itemfeedback><itemfeedback
      ident="h"><hint>
  <hintmaterial>{material("<p>Think.</p>")}</hintmaterial></hint></itemfeedback>"""


def test_feedback_hints_and_the_solution() -> None:
    conditions = condition(equal("A"), more='<displayfeedback feedbacktype="Response" linkrefid="fa"/>')
    conditions += condition(equal("B"), "0", more='<displayfeedback feedbacktype="Response" linkrefid="fb"/>')
    (step,) = exercise(old_item(material("?") + old_choices("a", "b", "c"), conditions, more=FEEDBACK)).steps
    assert [(one.response, one.feedback) for one in step.wrong_answers] == [("B", "Not this.")]
    assert step.solution == "Well done.\n\nBecause."
    assert [hint.text for hint in step.hints] == ["Think."]


def test_canvas_blanks() -> None:
    body = material("<p>Roses are [color], violets [other].</p>")
    for name, texts in (("color", ("red", "Red")), ("other", ("blue",))):
        body += old_choices(*texts, ident=f"response_{name}").replace("<render", f"{material(name)}<render", 1)
    conditions = condition(equal("A", ident="response_color"), "50", action="Add")
    conditions += condition(equal("A", ident="response_other"), "50", action="Add")
    made = answer(old_item(body, conditions, fields="question_type=fill_in_multiple_blanks_question"))
    assert made["text"] == "Roses are [[1]], violets [[2]]."
    assert [gap["kind"] for gap in made["gaps"].values()] == ["text", "text"]


def test_canvas_dropdowns() -> None:
    body = material("<p>Roses are [color].</p>")
    body += old_choices("red", "green", ident="response_color").replace("<render", f"{material('color')}<render", 1)
    made = answer(
        old_item(
            body, condition(equal("A", ident="response_color")), fields="question_type=multiple_dropdowns_question"
        )
    )
    assert made["gaps"] == {"1": {"kind": "one_choice", "choices": {"A": "red", "B": "green"}, "correct": "A"}}


CALCULATED = """<itemproc_extension><calculated><answer_tolerance>0.5</answer_tolerance><var_sets><var_set
      ident="1"><var name="x">3</var>
  <var name="y">4</var><answer>7</answer></var_set><var_set ident="2"><var name="x">5</var><var
      name="y">1</var><answer>6</answer>
  </var_set></var_sets></calculated></itemproc_extension>"""


def test_canvas_calculated_questions_are_rows_of_variables() -> None:
    made = exercise(old_item(material("<p>What is [x] + [y]?</p>") + NUMBER, more=CALCULATED))
    assert made.prompt == "What is @{x|decimal} + @{y|decimal}?"
    assert made.variables["rows"][1] == {"x": "5", "y": "1", "theanswer": "6"}
    assert made.steps[0].answer == {"kind": "number", "value": "@{theanswer|decimal}", "tolerance": "0.5"}


def test_blackboard_texts_and_the_most_points() -> None:
    text = '<mat_formattedtext type="HTML">&lt;p&gt;Which?&lt;/p&gt;</mat_formattedtext>'
    text = f"<material><mat_extension>{text}</mat_extension></material>"
    body = f'<flow class="Block"><flow class="QUESTION_BLOCK"><flow class="FORMATTED_TEXT_BLOCK">{text}</flow></flow>'
    body += f'<flow class="RESPONSE_BLOCK">{old_choices("a", "b", ident="response")}</flow></flow>'
    right = f'<respcondition title="correct"><conditionvar>{equal("B", ident="response", case="No")}</conditionvar>'
    right += '<setvar variablename="SCORE" action="Set">SCORE.max</setvar></respcondition>'
    wrong = condition("<other/>", "0", attributes='title="incorrect"')
    made = exercise(old_item(body, right + wrong))
    assert (made.prompt, made.steps[0].answer["correct"]) == ("Which?", "B")


def test_items_of_one_ident_in_two_files_stay_two() -> None:
    one, two = (old_item(material(text) + old_choices("a", "b"), condition(equal("A"))) for text in ("One?", "Two?"))
    found = qti.read({"a.xml": old_file(one, title="A"), "b.xml": old_file(two, title="B")})
    keys = [made.key for made in found.package.exercises]
    assert len(set(keys)) == 2
    again = qti.read(
        {"b.xml": old_file(two, title="B"), "a.xml": old_file(one, title="A"), "imsmanifest.xml": b"<manifest/>"}
    )
    assert {made.prompt for made in again.package.exercises} == {"One?", "Two?"}


def test_what_asks_nothing_is_dropped_with_the_reason() -> None:
    good = old_item(material("?") + old_choices("a", "b"), condition(equal("A")), ident="good")
    found = loaded(good, old_item(material("Hand it in."), fields="question_type=file_upload_question", ident="bad"))
    assert [one.outcome for one in found.items] == ["kept", "dropped"]


def test_a_file_that_ends_in_the_middle_keeps_what_was_read() -> None:
    good = old_item(material("?") + old_choices("a", "b"), condition(equal("A")))
    data = old_file(good, old_item(material("?") + FIB, ident="q2"))
    found = qti.read({"quiz.xml": data[: data.rindex(b"<presentation>")]})
    assert [one.key for one in found.package.exercises] == ["q1"]
    assert any(defect.problem.startswith("a file that cannot be read: ") for defect in found.defects)


@pytest.mark.parametrize(
    "item", [old_item(""), old_item(material("?") + old_choices("a", "b")), old_item(material("?"))]
)
def test_what_cannot_be_used_is_one_line(item: str) -> None:
    with pytest.raises(CourseError) as caught:
        loaded(item)
    assert "\n" not in str(caught.value)
