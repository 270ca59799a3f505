"""Every kind of step graded: right, wrong, foreseen, and right but for the form, the unit or the precision."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.grading import Code, KeyProblem, Reason, Unreadable, grade, parse_key, read_as
from content.package import WrongAnswer


def graded(answer: dict[str, Any], response: str | list[str], *foreseen: str | tuple[str, ...]) -> Any:
    wrong_answers = [WrongAnswer(response=each, feedback="") for each in foreseen]
    return grade(parse_key(answer), response, wrong_answers=wrong_answers)


def number(**fields: Any) -> dict[str, Any]:
    return {"kind": "number", **fields}


def expression(value: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "expression", "value": value, **fields}


CHOICES = {"kind": "several_choices", "choices": {"a": "1", "b": "2", "c": "3"}, "correct": ["a", "b"]}
COLOURS = {"kind": "one_choice", "choices": {1: "red", 2: "blue"}, "correct": 2}


@pytest.mark.parametrize(
    ("key", "response", "reason"),
    [
        (number(value=6), "6", Reason.RIGHT),
        (number(value=6), "6.0", Reason.RIGHT),
        (number(value=6), "x=6", Reason.RIGHT),
        (number(value=6), "６", Reason.RIGHT),
        (number(value=6), "12/2", Reason.RIGHT),
        (number(value=6), "6 cm", Reason.RIGHT),
        (number(value=6), "-6", Reason.WRONG),
        (number(value=6), "3+3", Reason.FORM),
        (number(value="3/4"), "0.75", Reason.RIGHT),
        (number(value="3/4"), "75%", Reason.RIGHT),
        (number(value="3/4"), r"\frac34", Reason.RIGHT),
        (number(value="2 3/4"), "11/4", Reason.RIGHT),
        (number(value=37000), "3.7×10^4", Reason.RIGHT),
        (number(value=37000), "37,000", Reason.RIGHT),
        (number(value="3/4", form="simplest"), "6/8", Reason.FORM),
        (number(value="3/4", form="simplest"), "3/4", Reason.RIGHT),
        (number(value="3/4", form="decimal"), "3/4", Reason.FORM),
        (number(value="3/4", form="fraction"), "0.75", Reason.FORM),
        (number(value=5, form="integer"), "5.0", Reason.FORM),
        (number(value=5, unit="km"), "5", Reason.RIGHT),
        (number(value=5, unit="km"), "5000 m", Reason.RIGHT),
        (number(value=5, unit="km"), r"5\,\mathrm{km}", Reason.RIGHT),
        (number(value=5, unit="km"), "5 公里", Reason.RIGHT),
        (number(value=5, unit="km"), "５ｋｍ", Reason.RIGHT),
        (number(value=20, unit="%"), "２０％", Reason.RIGHT),
        (number(value=5, unit="元"), "￥5", Reason.RIGHT),
        (number(value=1, unit="apples"), "1 apple", Reason.RIGHT),
        (number(value=3, unit="apple"), "3 apples", Reason.RIGHT),
        (number(value=5, unit="km"), "5000", Reason.WRONG),
        (number(value=5, unit="km"), "5 kg", Reason.UNIT),
        (number(value=5, unit="km", unit_required=True), "5", Reason.MISSING_UNIT),
        (number(value=5, unit="min"), "300 s", Reason.RIGHT),
        (number(value=12, unit="cm^2"), "12 cm²", Reason.RIGHT),
        (number(value=45, unit="°"), r"45^{\circ}", Reason.RIGHT),
        (number(value=12, unit="%"), "12", Reason.RIGHT),
        (number(value=12, unit="%"), "12 %", Reason.RIGHT),
        (number(value="1.79", unit="$"), "$1.79", Reason.RIGHT),
        (number(value="1.79", unit="$"), "179 cents", Reason.RIGHT),
        (number(value=7, unit="apples"), "7 apples", Reason.RIGHT),
        (number(value="3.14159", tolerance="0.01"), "3.14", Reason.RIGHT),
        (number(value="3.14159", tolerance="0.01"), "3.1", Reason.ROUNDING),
        (number(value="sqrt(2)"), r"\sqrt{2}", Reason.RIGHT),
        (number(value="sqrt(2)"), "1.41", Reason.ROUNDING),
        (number(value="sqrt(2)"), "1.5", Reason.WRONG),
        (number(value="1/3"), "0.333", Reason.ROUNDING),
        (number(value="0.7"), "1", Reason.WRONG),
    ],
)
def test_a_number_is_graded_by_value_unit_form_and_precision(
    key: dict[str, Any], response: str, reason: Reason
) -> None:
    found = graded(key, response)
    assert found.reason == reason
    assert found.correct == (reason == Reason.RIGHT)
    assert found.score == {Reason.RIGHT: 1.0, Reason.WRONG: 0.0}.get(reason, 0.5)


@pytest.mark.parametrize(
    ("key", "response", "reason"),
    [
        (number(value=12), "12", Reason.RIGHT),
        (number(value=12), "3+9", Reason.FORM),
        (number(value=12), "2*12/2", Reason.FORM),
        (number(value=12), "sqrt(144)", Reason.FORM),
        (number(value=3), "log_2(8)", Reason.FORM),
        (number(value="3+9"), "2*6", Reason.RIGHT),
        (number(value=12, form="any"), "2*12/2", Reason.RIGHT),
        (number(value=12, form="any"), "3+9", Reason.RIGHT),
        (number(value=12, form="any"), "sqrt(144)", Reason.RIGHT),
        (number(value=25, form="any"), "5^2", Reason.RIGHT),
        (number(value=25, form="any"), "24+1", Reason.RIGHT),
        (number(value=25, form="any"), "x = 50/2", Reason.RIGHT),
        (number(value=25, form="any"), "24+2", Reason.WRONG),
        (number(value=5, unit="km", form="any"), "2500+2500 m", Reason.RIGHT),
        (number(value=5, unit="km", form="any"), "2+3 kg", Reason.UNIT),
        (number(value="78.5", tolerance="0.1"), r"25\pi", Reason.RIGHT),
        (number(value="78.5", tolerance="0.1"), "157/2", Reason.RIGHT),
        (number(value="78.5", tolerance="0.1"), "70+8.5", Reason.FORM),
        (expression("12", form="any"), "3+9", Reason.RIGHT),
        (expression("x=12", form="any"), "3+9", Reason.RIGHT),
        (expression("x=12"), "x=3+9", Reason.FORM),
    ],
)
def test_without_a_form_a_finished_value_is_asked_for_and_with_any_whatever_gives_it(
    key: dict[str, Any], response: str, reason: Reason
) -> None:
    assert graded(key, response).reason == reason


@pytest.mark.parametrize("value", ["5", "-3", "3/4", "0.25", "7%", "2 1/2"])
@pytest.mark.parametrize("response", ["{0}", "2*{0}/2", "{0}+1-1", "0+{0}", "1*{0}", "{0}-0"])
def test_numbers_and_expressions_of_one_value_are_judged_alike(value: str, response: str) -> None:
    text = response.format(f"({value})" if response != "{0}" else value)
    for form in ({}, {"form": "any"}):
        assert graded(number(value=value, **form), text).reason == graded(expression(value, **form), text).reason


def test_two_readings_of_a_comma_are_a_number_with_thousands_and_a_list() -> None:
    assert graded(number(value="1234"), "1,234").correct
    assert graded(expression("1, 234"), "1,234").correct
    assert graded(number(value="2.5"), "2,5").correct  # where one number is asked for it can be no list
    assert not graded(expression("2.5"), "2,5").correct


@pytest.mark.parametrize(
    ("key", "response", "reason"),
    [
        (expression("x=5"), "5", Reason.RIGHT),
        (expression("x=5"), "x=10/2", Reason.RIGHT),
        (expression("x=5"), "2x+4=14", Reason.FORM),
        (expression("x=5", form="any"), "2x+4=14", Reason.RIGHT),
        (expression("x=5"), "y=5", Reason.WRONG),
        (expression("12"), "3+9", Reason.FORM),
        (expression("12"), "x=12", Reason.RIGHT),
        (expression("x^2+4x+3"), "(x+1)(x+3)", Reason.RIGHT),
        (expression("(x+1)(x+3)", form="factored"), "x^2+4x+3", Reason.FORM),
        (expression("(x+1)(x+3)", form="factored"), "(3+x)(x+1)", Reason.RIGHT),
        (expression("y=2x+1", form="solved"), "2x-y+1=0", Reason.FORM),
        (expression("y=2x+1", form="solved"), "1+2x", Reason.RIGHT),  # prompts end in «y = …»
        (expression("y=2x+1", form="solved"), "2x+2", Reason.WRONG),
        (expression("y=2x+1"), "2x+1", Reason.WRONG),
        (expression("x=3, y=5"), "y=5, x=3", Reason.RIGHT),
        (expression("x=3, y=5"), "5, 3", Reason.WRONG),  # which is which?
        (expression("x=3, y=5"), "3, 5", Reason.FORM),
        (expression("x=3, y=5"), "(3, 5)", Reason.FORM),
        (expression("x=3, y=5"), "3, 5, 7", Reason.WRONG),
        (expression("x=3, x=5"), "5, 3", Reason.RIGHT),
        (expression("615,195"), "195, 615", Reason.RIGHT),
        (expression("x=-2 or x=3"), "3, -2", Reason.RIGHT),
        (expression("x=-2 or x=3"), "3", Reason.WRONG),
        (expression("[2,5)"), "(2,5)", Reason.WRONG),
        (expression("2x+3", accept=["3x+2"]), "2+3x", Reason.RIGHT),
    ],
)
def test_an_expression_is_graded_by_meaning_and_form(key: dict[str, Any], response: str, reason: Reason) -> None:
    assert graded(key, response).reason == reason


def test_a_wrong_form_says_which_form_is_wanted() -> None:
    assert graded(expression("x(x+1)", form="factored"), "x^2+x").details == {"form": "factored"}
    assert graded(number(value=5, unit="km"), "5 kg").details == {"unit": "km", "given": "kg"}


def test_a_foreseen_wrong_answer_is_recognised_however_it_is_written() -> None:
    found = graded(expression("2x+3"), "-3+2x", "2x+1", "2x-3")
    assert (found.reason, found.wrong_answer, found.score) == (Reason.MISCONCEPTION, 1, 0.0)
    assert graded(number(value=6, unit="km"), "-6000 m", "-6").wrong_answer == 0
    assert graded(number(value=6), "7", "-6", "not a number").wrong_answer is None


def test_where_an_equation_is_asked_for_solved_a_wrong_right_side_alone_is_recognised() -> None:
    assert graded(expression("y=2x+1", form="solved"), "x+2", "y=2x", "y=x+2").wrong_answer == 1


def test_the_question_handed_back_unfactored_can_be_foreseen() -> None:
    found = graded(expression("(x+1)(x+3)", form="factored"), "x^2+4x+3", "x^2+4x+3")
    assert (found.reason, found.wrong_answer) == (Reason.MISCONCEPTION, 0)


def test_one_choice_is_right_or_wrong() -> None:
    assert graded(COLOURS, "2").correct
    assert graded(COLOURS, "1", "1").wrong_answer == 0


@pytest.mark.parametrize(
    ("response", "reason", "score"),
    [
        (["b", "a"], Reason.RIGHT, 1.0),
        (["a"], Reason.PARTLY, 0.5),
        (["a", "b", "c"], Reason.PARTLY, 0.5),
        (["c"], Reason.WRONG, 0.0),
        (["a", "c"], Reason.WRONG, 0.0),
    ],
)
def test_each_right_choice_counts_and_each_wrong_one_takes_one_away(
    response: list[str], reason: Reason, score: float
) -> None:
    found = graded(CHOICES, response)
    assert (found.reason, found.score) == (reason, score)


@pytest.mark.parametrize(
    ("value", "response", "reason"),
    [
        ("x=4", "4=x", Reason.RIGHT),
        ("x=4", "X=4", Reason.RIGHT),
        ("x=4", "X=x", Reason.WRONG),
        ("V=2x", "v=2X", Reason.RIGHT),
        ("x=4", "y=4", Reason.WRONG),
        ("x=4", "8/2=x", Reason.RIGHT),
        ("x=4", "2+2=x", Reason.FORM),
        ("x<-6", "-6>x", Reason.RIGHT),
        ("x<-6", "-6<x", Reason.WRONG),
        ("x=2 or x=-2", "x=±2", Reason.RIGHT),
        ("x=2 or x=-2", "±2", Reason.RIGHT),
        ("x=2 or x=-2", "x=±sqrt(4)", Reason.FORM),
        ("(2,-3)", "2,-3", Reason.FORM),
        ("(2,-3)", "-3,2", Reason.WRONG),
    ],
)
def test_a_right_answer_is_taken_however_it_is_turned_and_spelled(value: str, response: str, reason: Reason) -> None:
    assert graded(expression(value), response).reason == reason


@pytest.mark.parametrize(
    ("value", "response", "reason"),
    [
        ("2x+3=11", "2x+3=11", Reason.RIGHT),
        ("2x+3=11", "11=3+2x", Reason.RIGHT),
        ("2x+3=11", "2x=8", Reason.RIGHT),
        ("2x+3=11", "2x+4=11", Reason.WRONG),
        ("2x+3=11", "x=4", Reason.FORM),
        ("2x+3=11", "4=x", Reason.FORM),
        ("2x+3=11", "x=(11-3)/2", Reason.FORM),
        ("2x+3=11", "2x+3=11, x=4", Reason.FORM),
        ("y=2x+1", "y=2x+1", Reason.RIGHT),
        ("6x+60<=105", "105>=60+6x", Reason.RIGHT),
        ("6x+60<=105", "x<=7.5", Reason.FORM),
        ("1<2x+1<5", "0<x<2", Reason.FORM),
    ],
)
def test_an_equation_that_is_to_be_written_is_not_answered_by_its_solution(
    value: str, response: str, reason: Reason
) -> None:
    assert graded(expression(value, form="statement"), response).reason == reason


def test_a_solution_is_a_statement_only_where_the_key_itself_is_one() -> None:
    key = expression("x=4", form="statement")
    assert graded(key, "x=4").reason == Reason.RIGHT
    assert graded(key, "4").reason == Reason.FORM


def test_several_choices_are_recognised_together() -> None:
    assert graded(CHOICES, ["c", "a"], ("c",), ("a", "c")).wrong_answer == 1


@pytest.mark.parametrize("response", ["dne", "ＤＮＥ", "no  Solution.", "No solution。"])
def test_a_text_is_right_whatever_its_spaces_capitals_and_full_stop(response: str) -> None:
    assert graded({"kind": "text", "accept": ["DNE", "No solution"]}, response).correct


def test_capitals_matter_where_the_author_says_so() -> None:
    key = {"kind": "text", "accept": ["Na"], "case": True}
    assert graded(key, "Na").correct
    assert not graded(key, "NA").correct


@pytest.mark.parametrize(
    ("key", "response", "code"),
    [
        (number(value=6), "six", Code.UNKNOWN_WORD),
        (expression("x=4"), "x is 4", Code.UNKNOWN_WORD),
        (expression("x=4"), "four", Code.UNKNOWN_WORD),
        (number(value=6), "2x", Code.NUMBER_EXPECTED),
        (number(value=6), "3, 4", Code.NUMBER_EXPECTED),
        (number(value=6), "6 apples", Code.UNKNOWN_UNIT),
        (number(value=6, unit="m/s"), "6 m/", Code.MISSING_OPERAND),
        (number(value=6), "   ", Code.EMPTY),
        (number(value=6), ["6"], Code.WRONG_SHAPE),
        (expression("x"), "(x", Code.MISSING_CLOSE),
        (expression("x"), "(" * 100_000, Code.TOO_LONG),
        (COLOURS, "3", Code.UNKNOWN_CHOICE),
        (CHOICES, ["z"], Code.UNKNOWN_CHOICE),
        (CHOICES, "a", Code.WRONG_SHAPE),
        (CHOICES, [], Code.EMPTY),
    ],
)
def test_what_cannot_be_read_is_not_wrong_but_unreadable(
    key: dict[str, Any], response: str | list[str], code: Code
) -> None:
    with pytest.raises(Unreadable) as refused:
        graded(key, response)
    assert refused.value.code == code


def test_a_broken_key_names_all_its_problems() -> None:
    with pytest.raises(KeyProblem) as refused:
        parse_key(number(value=5, foo=1, form="z", tolerance=-1, unit_required=True))
    assert len(refused.value.problems) == 4


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"kind": "essay"},
        number(),
        number(value="x"),
        number(value="1/0"),
        number(value="1,2"),
        expression("(x"),
        expression("x", form="nice"),
        {"kind": "text", "accept": []},
        {**COLOURS, "correct": 3},
        {**CHOICES, "correct": ["a", "z"]},
        {"kind": "one_choice", "choices": {"a": "only"}, "correct": "a"},
    ],
)
def test_an_unusable_key_is_refused(key: dict[str, Any]) -> None:
    with pytest.raises(KeyProblem):
        parse_key(key)


def test_while_typing_an_answer_is_shown_as_it_is_understood() -> None:
    assert read_as(parse_key(expression("x")), "1/2x") == r"\frac{1}{2}x"
    assert read_as(parse_key(number(value=5, unit="km")), "5000m") == r"5000\,\text{m}"
    with pytest.raises(Unreadable):
        read_as(parse_key(expression("x")), "1/")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="xya0123456789+-*/^()=<>,. |√²", min_size=1, max_size=20))
def test_every_key_is_right_for_itself(text: str) -> None:
    try:
        key = parse_key(expression(text))
    except KeyProblem:
        return
    found = grade(key, text)
    assert found.correct or not _has_a_value(text)


def _has_a_value(text: str) -> bool:
    """Whether a formula has values at all: the root of -1-x² has none that could be compared, nor 1/(x-x)."""
    return not any(sign in text for sign in "/^√")


def test_a_foreseen_wrong_answer_is_recognised_without_its_name() -> None:
    grade = graded(expression("y=2x+3", form="solved"), "3x+2", "3x+2")
    assert (grade.correct, grade.wrong_answer) == (False, 0)
