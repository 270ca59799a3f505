"""The part of Maxima that STACK's variables need: worked out exactly, drawn by a seed, and refused before it grows."""

import time
from random import Random

import pytest
import sympy

from content.formats.maxima import MaximaProblem, Session

x = sympy.Symbol("x")


def worked_out(source: str, wanted: str, seed: int = 1) -> object:
    session = Session(Random(seed))
    session.run(source)
    return session.work_out(wanted)


@pytest.mark.parametrize(
    ("source", "wanted", "value"),
    [
        ("a:3; b:a^2+1", "b/2", sympy.Integer(5)),
        ("a:1/3\nb:a+1/6", "b", sympy.Rational(1, 2)),
        ("/* a: 7; */ p:expand((x+1)^2);", "p", x**2 + 2 * x + 1),
        ("f(t):=t^2-1;", "f(3)", sympy.Integer(8)),
        ("l:[4,5,6];", "l[2]", sympy.Integer(5)),
        ("q:diff(x^3,x)", "subst(x=2,q)", sympy.Integer(12)),
        ("s:{1,2}", "union(s,{2,3})", frozenset({sympy.Integer(1), sympy.Integer(2), sympy.Integer(3)})),
        ("l:makelist(i^2,i,1,3)", "last(l)", sympy.Integer(9)),
        ("a:0.1+0.2;", "a", sympy.Rational(3, 10)),
        ("d:3;", "is(d=3)", True),
        ('l:zip_with("[",[1,2],[A,B])', "assoc(2,l)", sympy.Symbol("B")),
        ("f:lambda([t],t^2)", "map(f,[1,2])", [1, 4]),
        ("", 'apply("+",[1,2,x])', x + 3),
        ("e:|x|+1", "e", sympy.Abs(x) + 1),
        ("A:matrix([1,2],[3,4])", "A.A", sympy.Matrix([[7, 10], [15, 22]])),
        ("s:'sum(n^2,n,1,4)", "s", sympy.Sum(sympy.Symbol("n") ** 2, (sympy.Symbol("n"), 1, 4))),
        ("", "sum(n^2,n,1,4)", 30),
        ("", "int(3*x^2+sin(2*x)+5,x)", x**3 + 5 * x - sympy.cos(2 * x) / 2),
        ("", "'diff(x^2,x)", sympy.Derivative(x**2, x)),
        ("a:if 1>2 then 5 elseif 2>1 then 7 else 6", "a", 7),
        ("t:{[1,2],[3,4]}", "t", frozenset({sympy.Tuple(1, 2), sympy.Tuple(3, 4)})),
        ("", "string(3*x^2)", "3*x^2"),
        ("m:multiselqn([1,2],1,[3,4],2)", "length(mcq_incorrect(m[1]))", 2),
        ("", "limit((x^2-1)/(x-1),x,1)", 2),
        ("", "dispdp(2/3,2)", sympy.Float("0.67", 15)),
    ],
)
def test_statements_are_worked_out(source: str, wanted: str, value: object) -> None:
    assert worked_out(source, wanted) == value


def test_the_same_seed_draws_the_same_and_different_seeds_differ() -> None:
    source = "a:rand(1000); b:rand_with_prohib(-5,5,[0]); c:rand([x,x^2])"
    assert worked_out(source, "[a,b,c]", 3) == worked_out(source, "[a,b,c]", 3)
    assert len({str(worked_out(source, "a", seed)) for seed in range(20)}) > 15
    assert {worked_out(source, "b", seed) for seed in range(100)} == set(range(-5, 6)) - {0}


@pytest.mark.parametrize(
    "source",
    [
        *("system(1)", "a:9^9^9^9", "a:expand((a+b+c+d+f)^50)", "a:(x+1)^40*(x+2)^40*(y+3)^40"),
        *("a:makelist(i,i,1,10^9)", "a:rand(", "a:'foo(1)", "int(x*sin(x),x)"),
        *("a:1/0", "a:" + "(" * 500, "a:[1,2][7]", "f(t):=f(t+1); a:f(1)", "a:factorial(10^6)", "@", "a:1e999999"),
        *("makelist(makelist(makelist(i,i,1,90),j,1,90),k,1,90)", "matrix([1],[2,3])", "|x"),
        *("a:solve(x^9-1,x)[1]", "a:3$b:{", "".join(f"a{at}:1;" for at in range(1000))),
    ],
)
def test_what_is_not_known_or_grows_too_large_is_refused_at_once(source: str) -> None:
    started = time.monotonic()
    with pytest.raises(MaximaProblem):
        Session(Random(1)).run(source)
    assert time.monotonic() - started < 5
