"""An answer that only repeats the question is none; one that stands in the question and is the right one is right."""

import random
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from content import markup
from content.grading import Reason, grade, parse_key
from content.mathematics import latex, parse, trees


def number(value: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "number", "value": value, "form": "any", **fields}


def expression(value: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "expression", "value": value, "form": "any", **fields}


def reason(key: dict[str, Any], response: str, prompt: str) -> Reason:
    found = grade(parse_key(key), response, given=markup.formulas(prompt))
    assert found.correct == (found.reason == Reason.RIGHT)
    assert found.read_as
    return found.reason


@pytest.mark.parametrize(
    ("key", "prompt", "restated", "right"),
    [
        (number("49"), "Evaluate $7^2$.", ["7^2", "7**2", "7²"], ["49", "7*7", "50-1", "49.0"]),
        (number("12"), "Compute $3 + 9 =$", ["3+9", "9+3", "(3)+9", "x=3+9"], ["12", "4*3"]),
        (number("12"), "Compute $3 + 9 = ?$", ["9+3"], ["12"]),
        (number("12"), "$$3 + 9 = \\_\\_$$", ["9+3"], ["12"]),
        (number("3/4"), r"Write $\frac{75}{100}$ in lowest terms.", ["75/100", r"\frac{75}{100}"], ["3/4", "0.75"]),
        (number("340000"), r"Write out $3.4\times10^5$.", ["3.4*10^5", "3.40*10^5"], ["340000", "340,000"]),
        (number("6"), "Simplify $-(-6)$.", ["-(-6)"], ["6"]),
        (number("5", unit="km"), "How far are $2+3$ km?", ["2+3 km", "3+2"], ["5 km", "5000 m"]),
        (
            expression("(x+1)(x+3)", form="factored"),
            "Factor $x^2+4x+3$.",
            [],
            ["(x+1)(x+3)", "(3+x)(x+1)"],
        ),
        (
            expression("(x+1)(x+3)"),
            "Factor $x^2+4x+3$.",
            ["x^2+4x+3", "3+x^2+4x", "x^2+x*4+3", "3+(4x+x²)", "x^2+4x+3.0"],
            ["(x+1)(x+3)", "(3+x)(x+1)", "x(x+4)+3"],
        ),
        (expression("2x+2"), "Expand $f(x)=2(x+1)$.", ["2(x+1)", "(1+x)*2"], ["2x+2", "2+2x"]),
        (expression("y=2x+2"), "Expand $y=2(x+1)$.", ["y=2(x+1)", "2(x+1)=y", "y=(x+1)*2"], ["y=2x+2", "2+2x=y"]),
        (expression("x=5"), "Solve $2x+4=14$.", ["2x+4=14", "14=4+2x"], ["x=5", "5", "2x=10", "x=10/2"]),
        (expression("x<5"), "Solve $2x<10$.", ["2x<10", "10>2x"], ["x<5", "5>x"]),
        (expression(r"\frac{x}{-2}"), r"Where does the sign of $-\frac{x}{2}$ go?", [], [r"\frac{x}{-2}", "-x/2"]),
    ],
)
def test_the_question_written_again_is_no_answer(
    key: dict[str, Any], prompt: str, restated: list[str], right: list[str]
) -> None:
    assert {answer: reason(key, answer, prompt) for answer in restated} == dict.fromkeys(restated, Reason.RESTATED)
    assert {answer: reason(key, answer, prompt) for answer in right} == dict.fromkeys(right, Reason.RIGHT)


@pytest.mark.parametrize(
    ("key", "prompt", "answer"),
    [
        (number("5"), "Which is bigger, $3$ or $5$?", "5"),
        (number("5"), "Which is bigger, $3$ or $5$?", "5.0"),
        (number("0.50"), "Which is half: $0.5$ or $0.25$?", ".5"),
        (number("-11"), "Find $p$ where $p=-11$.", "p=-11"),
        (expression("x=5"), "The line $x=2y$ is at height $5$ where?", "5"),
        (expression("5"), "It is given that $x=5$. What is $x$?", "x=5"),
        (expression("x=-2 or x=3"), "Which of $-2, 3$ solve it?", "3, -2"),
        (expression("y=2x+1"), "Read the slope in $y=2x+1$.", "2x+1=y"),
        (expression("8w^2"), "The common factor of $8w^2$ and $24w^3$.", "8w^2"),
        (expression("2x+3", accept=["x+x+3"]), "Simplify $x+x+3$.", "x+x+3"),
        (number("7"), "Nothing is given.", "3+4"),
    ],
)
def test_what_the_key_itself_says_is_right_though_it_stands_in_the_question(
    key: dict[str, Any], prompt: str, answer: str
) -> None:
    assert reason(key, answer, prompt) == Reason.RIGHT


def test_a_wrong_answer_stays_wrong_and_a_lacking_form_lacking() -> None:
    assert reason(number("12"), "3+8", "Compute $3+9$, not $3+8$.") == Reason.WRONG
    asked = {"kind": "expression", "value": "(x+1)(x+3)", "form": "factored"}
    assert reason(asked, "x^2+4x+3", "Factor $x^2+4x+3$.") == Reason.FORM
    assert reason({"kind": "number", "value": "12"}, "3+9", "Compute $3+9$.") == Reason.FORM


def test_a_restated_question_scores_nothing() -> None:
    found = grade(parse_key(number("12")), "3+9", given=["3+9"])
    assert (found.correct, found.score, found.wrong_answer) == (False, 0.0, None)


def test_texts_and_choices_may_stand_in_the_question() -> None:
    assert grade(parse_key({"kind": "text", "accept": ["DNE"]}), "dne", given=["DNE"]).correct
    colours = {"kind": "one_choice", "choices": {"a": "$1$", "b": "$2$"}, "correct": "a"}
    assert grade(parse_key(colours), "a", given=["a", "1"]).correct


ODD = [r"\frac{", r"\begin{aligned} x &= 1 \\ y &= 2 \end{aligned}", "{" * 3000, "9^9^9^9", "1/0=", "=", "?", "", r"\_",
       r"\text{how many?}", "x" * 50_000, "(" * 400, "\0", "½+⅓=", "a,b,c,", "=?=", "x_{1", "−−"]  # fmt: skip


def test_formulas_of_the_question_that_cannot_be_read_are_ignored() -> None:
    assert grade(parse_key(number("12")), "12", given=ODD).correct
    assert grade(parse_key(number("12")), "3+9", given=[*ODD, "3+9"]).reason == Reason.RESTATED


def test_a_question_full_of_large_formulas_is_looked_at_in_part() -> None:
    large = [f"{first}+{'+'.join(f'{power}x^{power}' for power in range(2, 30))}" for first in range(60)]
    assert grade(parse_key(number("12")), "3+9", given=["3+9", *large]).reason == Reason.RESTATED
    assert grade(parse_key(number("12")), "9+3", given=["1+" * 600 + "1", "3+9"]).reason == Reason.RESTATED
    assert grade(parse_key(expression(large[-1])), f"{large[-1]}+1-1", given=large).correct


@settings(max_examples=200, deadline=None, derandomize=True)
@drawn(st.lists(st.text(max_size=30) | st.text(alphabet=r"xy12+-*/^=(){}\frac_?,.<>|", max_size=20), max_size=5))
def test_no_formula_of_the_question_makes_the_right_answer_wrong_or_fails(given: list[str]) -> None:
    assert grade(parse_key({"kind": "expression", "value": "x^2-3", "form": "any"}), "x^2-3", given=given).correct


FORMULAS = st.recursive(
    st.sampled_from([*map(trees.Number, ("2", "3", "5", "0.5")), *map(trees.Name, "xyz")]),
    lambda part: st.one_of(
        st.lists(part, min_size=2, max_size=3).map(lambda terms: trees.Sum(tuple(terms))),
        st.lists(part, min_size=2, max_size=3).map(lambda factors: trees.Product(tuple(factors))),
        st.builds(trees.Power, part, st.sampled_from([trees.Number("2"), trees.Number("3")])),
        part.map(trees.Negative),
    ),
    max_leaves=6,
)


def shuffled(node: trees.Node, rng: random.Random) -> trees.Node:
    """The same formula with terms and factors in another order."""
    match node:
        case trees.Sum() | trees.Product():
            return type(node)(tuple(shuffled(part, rng) for part in rng.sample(node.children, len(node.children))))
        case trees.Power():
            return trees.Power(shuffled(node.base, rng), node.exponent)
        case trees.Negative():
            return trees.Negative(shuffled(node.of, rng))
    return node


@settings(max_examples=150, deadline=None, derandomize=True)
@drawn(FORMULAS, st.randoms(use_true_random=False))
def test_a_question_is_recognised_in_every_order(formula: trees.Node, rng: random.Random) -> None:
    asked = latex(trees.Sum((trees.Name("w"), formula)))
    again = latex(shuffled(parse(asked), rng))
    found = grade(parse_key(expression(f"w+({latex(formula)})+1-1")), again, given=[asked])
    assert found.reason == Reason.RESTATED
