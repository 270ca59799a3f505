"""Templates: the same seed gives the same exercise, exact values, and a template that cannot work says why."""

from fractions import Fraction
from typing import Any

import pytest

from content import variants
from content.package import Exercise, Hint, Step, WrongAnswer


def template(variables: dict[str, Any], *, prompt: str = "Solve $@{a}x=@{c}$.", answer: str = "@{x}") -> Exercise:
    step = Step(
        key="solve",
        answer={"kind": "number", "value": answer},
        hints=(Hint(key="h1", text="Divide by @{a}."),),
        wrong_answers=(WrongAnswer(response="@{c}", feedback="Divide @{c} by @{a}."),),
    )
    return Exercise(key="solve", prompt=prompt, steps=(step,), variables=variables)


DRAWN = {"draw": {"a": {"from": "2", "to": "9"}, "x": {"from": -6, "to": 6, "except": ["0"]}}, "let": {"c": "a*x"}}


def simple(pattern: str, value: str) -> str:
    exercise = Exercise(
        key="e",
        prompt=pattern,
        steps=(Step(key="e", answer={"kind": "text", "accept": ["x"]}),),
        variables={"rows": [{"a": value}]},
    )
    return variants.instantiate(exercise, 0).prompt


def test_an_exercise_without_variables_is_itself() -> None:
    plain = template({}, prompt="Solve.", answer="3")
    assert variants.instantiate(plain, 0) is plain
    assert variants.instantiate(plain, 7) is plain


def test_the_same_seed_gives_the_same_variant_and_other_seeds_others() -> None:
    made = template(DRAWN)
    assert variants.instantiate(made, 5) == variants.instantiate(made, 5)
    assert len({variants.instantiate(made, seed).prompt for seed in range(30)}) > 10


def test_a_seed_draws_the_same_values_on_every_machine() -> None:
    assert variants.draw_values(template(DRAWN), 1) == {"a": Fraction(5), "x": Fraction(-1), "c": Fraction(-5)}


def test_values_reach_every_text_of_the_exercise() -> None:
    made = variants.instantiate(template(DRAWN), 3)
    values = variants.draw_values(template(DRAWN), 3)
    assert made.prompt == f"Solve ${values['a']}x={values['c']}$."
    assert made.steps[0].answer["value"] == str(values["x"])
    assert made.steps[0].hints[0].text == f"Divide by {values['a']}."
    assert made.steps[0].wrong_answers[0].response == str(values["c"])
    assert not made.variables


def test_conditions_are_kept_by_every_draw() -> None:
    made = template({**DRAWN, "where": ["c != 12", "c < 40"]})
    values = [variants.draw_values(made, seed)["c"] for seed in range(200)]
    assert all(isinstance(value, Fraction) and value != 12 and value < 40 for value in values)


def test_rows_are_drawn_together() -> None:
    made = template({"rows": [{"a": 2, "c": 6, "x": 3}, {"a": 5, "c": 20, "x": 4}]})
    assert {variants.instantiate(made, seed).prompt for seed in range(20)} == {"Solve $2x=6$.", "Solve $5x=20$."}


def test_a_range_may_have_a_step_and_end_between_two_of_its_values() -> None:
    made = template({"draw": {"a": {"from": "0.5", "to": "2.2", "step": "0.5"}}}, prompt="@{a}", answer="@{a}")
    drawn = {variants.draw_values(made, seed)["a"] for seed in range(100)}
    assert drawn == {Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(2)}


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("x @{a|signed}", "3", "x + 3"),
        ("x @{a|signed}", "-3", "x - 3"),
        ("@{a|coefficient}x", "1", "x"),
        ("@{a|coefficient}x", "-1", "-x"),
        ("@{a|coefficient}x", "4", "4x"),
        ("x^2 @{a|signed|coefficient}x", "-1", "x^2 - x"),
        ("@{a|latex}", "-3/4", r"-\frac{3}{4}"),
        ("@{a|latex}", "6/3", "2"),
        ("@{a}", "3/4", "3/4"),
        ("2 \\cdot @{a|bracketed}", "-3", "2 \\cdot (-3)"),
        ("2 \\cdot @{a|bracketed}", "3", "2 \\cdot 3"),
        ("@{a|decimal}", "1/8", "0.125"),
        ("@{a|signed|latex}", "-1/2", r"- \frac{1}{2}"),
        ("the @{a} root", "square", "the square root"),
    ],
)
def test_filters_write_a_value_as_asked(pattern: str, value: str, expected: str) -> None:
    assert simple(pattern, value) == expected


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"draw": {"a": {"from": 2}}}, "from, to and step"),
        ({"draw": {"a": {"form": 2, "to": 3}}}, "unknown field form"),
        ({"draw": {"a": {"choose": []}}}, "nothing to draw"),
        ({"draw": {"a": {"from": 5, "to": 2}}}, "nothing to draw"),
        ({"draw": {"a": {"from": 0, "to": 100000000}}}, "more than"),
        ({"draw": {"a": 5}}, "neither"),
        ({"draw": ["a"]}, "not a mapping"),
        ({"rows": [{"a": 1, "c": 2, "x": 3}, {"a": 1}]}, "same names"),
        ({"rows": "a"}, "not a list"),
        ({**DRAWN, "where": ["a > 100"]}, "no draw"),
        ({**DRAWN, "where": ["a + 1"]}, "neither true nor false"),
        ({**DRAWN, "let": {"c": "a*q"}}, "let c"),
        ({**DRAWN, "let": {"c": "1/(a-a)"}}, "let c"),
        ({**DRAWN, "lets": {}}, "unknown field lets"),
        ({"draw": {"a": {"from": 1, "to": 2}, "x": {"from": 1, "to": 2}}}, "there is no variable c"),
        ({**DRAWN, "rows": [{"a": 1}]}, "defined twice"),
        ({**DRAWN, "let": {"c": "a*x", "unused": "a+1"}}, "unused is never used"),
    ],
)
def test_a_template_that_cannot_work_says_why(variables: dict[str, Any], complaint: str) -> None:
    assert any(complaint in problem for problem in variants.check_variants(template(variables)))


def test_an_unknown_filter_is_named() -> None:
    made = template(DRAWN, prompt="@{a|sighned} @{c}")
    assert variants.check_variants(made) == ["@{a|sighned}: there is no filter sighned"]


def test_a_blank_without_variables_is_a_mistake() -> None:
    assert variants.check_variants(template({}, answer="3")) != []


def test_a_sound_template_has_no_problems() -> None:
    assert variants.check_variants(template(DRAWN)) == []
