"""Rules of misconceptions: what a rule makes of a formula, where it matches, and that it always comes to an end."""

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content import mathematics, rewriting
from content.mathematics import trees
from content.package import Rewriting


def done(formula: str, before: str, after: str) -> str | None:
    found = rewriting.rewrite(formula, [Rewriting(before=before, after=after)])
    return None if found is None else mathematics.latex(found)


FIRST_TERM = ("a*(b + c)", "a*b + c")
SQUARE = ("(a + b)^2", "a^2 + b^2")


@pytest.mark.parametrize(
    ("formula", "rule", "expected"),
    [
        ("3(2+5)", FIRST_TERM, "11"),  # nothing is computed before the rule is done
        ("3(x+4)", FIRST_TERM, "3x+4"),
        ("(x+4)*3", FIRST_TERM, "3x+4"),
        ("-2(x-4)", FIRST_TERM, "-2x-4"),
        ("7-2(x-4)", FIRST_TERM, "3-2x"),
        ("3(2x+4)+5", FIRST_TERM, "6x+9"),
        ("3(x+y+2)", FIRST_TERM, "3x+y+2"),
        (r"\frac{1}{2}(x+3)", FIRST_TERM, r"\frac{1}{2}x+3"),
        ("3(x+2)=12", FIRST_TERM, "3x+2 = 12"),
        ("2(x+1)+3(x+1)", FIRST_TERM, r"2x+1+3\left(x+1\right)"),  # the first place only
        ("x+1", FIRST_TERM, None),
        ("(x+3)^2", SQUARE, "x^{2}+9"),
        ("(3x-2)^2", SQUARE, "9x^{2}+4"),
        ("(2+3)^2", SQUARE, "13"),
        ("5-(x-4)", ("-(a - b)", "-a - b"), "1-x"),
        ("-(3-8)", ("-(a - b)", "-a - b"), "-11"),
        ("1/3+1/4", ("a/b + c/d", "(a + c)/(b + d)"), r"\frac{2}{7}"),
        ("1/2+1/3+5", ("a/b + c/d", "(a + c)/(b + d)"), r"\frac{27}{5}"),
        ("3x=12", ("a*x = b", "x = b - a"), "x = 9"),
        ("12=3x", ("a*x = b", "x = b - a"), "x = 9"),
        ("-3x=12", ("a*x = b", "x = b - a"), "x = 15"),
        ("x-7=12", ("x + a = b", "x = b + a"), "x = 5"),
        ("7+x=12", ("x + a = b", "x = b + a"), "x = 19"),  # x is what holds a variable
        ("sqrt(9+16)", ("sqrt(a + b)", "sqrt(a) + sqrt(b)"), "7"),
        ("sqrt(x^2+9)", ("sqrt(a + b)", "sqrt(a) + sqrt(b)"), "x+3"),
        ("-2x<6", ("a*x < b", "x < b/a"), "x < -3"),
        ("x*x+x", ("a*a", "2*a"), "3x"),  # the same letter for equal parts
        ("x*y+x", ("a*a", "2*a"), None),
        ("20-3*x", ("a - b", "b - a"), "3x-20"),
        ("0.5^2", ("a^2", "2*a"), "1"),
    ],
)
def test_a_rule_is_done_where_it_first_matches(formula: str, rule: tuple[str, str], expected: str | None) -> None:
    assert done(formula, *rule) == expected


def test_the_first_rule_that_applies_is_done() -> None:
    rules = [Rewriting(before="(a - b)^2", after="a^2 - b^2"), Rewriting(before="(a + b)^2", after="a^2 + b^2")]
    made = [rewriting.rewrite(formula, rules) for formula in ("(x-4)^2", "(x+4)^2")]
    assert [mathematics.latex(each) for each in made if each] == ["x^{2}-16", "x^{2}+16"]


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("a*(b + c)", "a*b + d", "a letter that does not stand there before: d"),
        ("a + b", "b + a", "always the same"),
        ("a*(b + c)", "a*b + a*c", "always the same"),
        ("a*x = b", "x = b/a", "always the same"),
        ("a - b", "-(b - a)", "always the same"),
        ("a", "2", "letter alone"),
        ("a +", "a", "before: it cannot be read: a +"),
        ("a", "", "after: it cannot be read: "),
    ],
)
def test_a_rule_that_cannot_be_meant_is_a_problem(before: str, after: str, complaint: str) -> None:
    assert complaint in "; ".join(rewriting.problems(Rewriting(before=before, after=after)))


@pytest.mark.parametrize(
    ("before", "after"),
    [FIRST_TERM, SQUARE, ("a*x = b", "x = b - a"), ("a*x < b", "x < b/a"), ("sqrt(a + b)", "sqrt(a) + sqrt(b)")],
)
def test_a_rule_that_is_wrong_for_some_numbers_is_none(before: str, after: str) -> None:
    assert rewriting.problems(Rewriting(before=before, after=after)) == []


def test_a_search_without_end_is_given_up_soon() -> None:
    many = "+".join(f"{number}*a_{number}*b" for number in range(1, 30))
    rule = Rewriting(before="a*b + c*b + d*b + f*e*h*b + k^2", after="a")
    started = time.perf_counter()
    assert rewriting.rewrite(many, [rule]) is None
    assert time.perf_counter() - started < 1


numbers = st.integers(-9, 9).filter(bool)


@given(numbers, numbers, numbers)
def test_first_term_only_in_numbers(a: int, b: int, c: int) -> None:
    found = rewriting.rewrite(f"{a}*(({b})+({c}))", [Rewriting(before=FIRST_TERM[0], after=FIRST_TERM[1])])
    assert found is not None
    assert found.value == a * b + c


@st.composite
def formulas(draw: st.DrawFn) -> str:
    part = st.one_of(st.integers(0, 12).map(str), st.sampled_from("xyz"))
    joined = st.sampled_from(["({0}+{1})", "({0}-{1})", "{0}*{1}", "-({0})", "({0})^2", "({0})/7"])
    return draw(st.recursive(part, lambda inner: st.builds(str.format, joined, inner, inner), max_leaves=12))


@given(formulas())
def test_tidying_keeps_the_value(formula: str) -> None:
    read = mathematics.parse(formula)
    tidy = rewriting.tidied(read)
    assert mathematics.is_equivalent(read, tidy)
    assert mathematics.is_equivalent(mathematics.parse(mathematics.latex(tidy)), tidy)


@pytest.mark.parametrize(
    ("value", "decimal", "expected"),
    [("-3/4", False, r"-\frac{3}{4}"), ("-3/4", True, "-0.75"), ("1/3", True, r"\frac{1}{3}"), ("12", True, "12")],
)
def test_a_number_is_written_as_a_student_would(value: str, decimal: bool, expected: str) -> None:
    assert mathematics.latex(rewriting.written(Fraction(value), decimal=decimal)) == expected


def test_like_terms_are_put_together() -> None:
    assert rewriting.tidied(mathematics.parse("3x+2-x+5*2")) == rewriting.tidied(mathematics.parse("2x+12"))
    assert rewriting.tidied(mathematics.parse("x-x")) == trees.Number("0")
