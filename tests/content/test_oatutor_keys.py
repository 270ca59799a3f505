"""The mathematics on real keys: every `arithmetic` key of two OATutor courses, and rewritings of a random 200 of them.

SymPy is the judge of the rewritings: it makes them, and says which disturbed answers really differ. The courses are
also read by the importer, and 200 steps of each are tried through the keys that it makes.
"""

import json
import random
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy

from content import markup, variants
from content.formats import oatutor
from content.formats.source import read_files
from content.grading import Reason, Unreadable, grade, parse_key, right_response
from content.grading.kinds.expression import ExpressionKey
from content.grading.kinds.number import NumberKey
from content.mathematics import latex, parse, trees
from content.package import Exercise, Step

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "content"
ZIPS = ("oatutor-solid-foundations-algebra.zip", "oatutor-elementary-algebra.zip")
DRAWN = 200
NOT_MATHEMATICS = re.compile(r"[A-Za-z]{4,}(?<!frac)(?<!sqrt)(?<!left)(?<!right)(?<!times)")

pytestmark = pytest.mark.skipif(
    not all((FOLDER / name).is_file() for name in ZIPS), reason=f"the OATutor courses are not in {FOLDER}"
)


def steps() -> Iterator[dict[str, Any]]:
    for name in ZIPS:
        with zipfile.ZipFile(FOLDER / name) as archive:
            for member in sorted(archive.namelist()):
                if re.search(r"/steps/[^/]+/[^/]+\.json\Z", member):
                    yield json.loads(archive.read(member))


@pytest.fixture(scope="module")
def keys() -> list[str]:
    """Every arithmetic key; blanks of templates are filled with a number."""
    return [
        re.sub(r"@\{\w+\}", "3", key)
        for step in steps()
        if step["answerType"] == "arithmetic"
        for key in step["stepAnswer"]
    ]


def formula_keys(keys: list[str]) -> list[str]:
    """A random 200 of the keys that SymPy can rewrite: formulas and equations."""
    usable = [key for key in dict.fromkeys(keys) if "\\pm" not in key and "matrix" not in key]
    return random.Random(7).sample(usable, DRAWN)


FUNCTIONS = {"log": lambda of, base: sympy.log(of) / sympy.log(base), "abs": sympy.Abs, "sin": sympy.sin}


def to_sympy(node: trees.Node) -> Any:
    """The formula as SymPy's; variables are positive, as the course assumes of what stands under a root."""
    parts = [to_sympy(child) for child in node.children]
    match node:
        case trees.Number():
            return sympy.Rational(str(node.value))
        case trees.Name(name=name):
            return sympy.Symbol(name, positive=True)
        case trees.Negative():
            return -parts[0]
        case trees.Sum():
            return sympy.Add(*parts)
        case trees.Product():
            return sympy.Mul(*parts)
        case trees.Quotient():
            return parts[0] / parts[1]
        case trees.Power():
            return parts[0] ** parts[1]
        case trees.Root():
            return parts[0] ** (1 / parts[1])
        case trees.Call(function=function):
            return FUNCTIONS[function](*parts)
    raise NotImplementedError(node)


def sides(node: trees.Node) -> list[Any]:
    return [to_sympy(side) for side in node.sides] if isinstance(node, trees.Relation) else [to_sympy(node)]


def rewritten(node: trees.Node) -> set[str]:
    """The same answer written otherwise, as text and as LaTeX."""
    found: set[str] = {latex(node)}
    original = sides(node)
    for change in (lambda side: side, sympy.expand, sympy.factor, sympy.together, sympy.cancel):
        changed = [change(side) for side in original]
        found.add(" = ".join(map(str, changed)))
        found.add(" = ".join(map(sympy.latex, changed)))
    if len(original) == 1 and original[0].is_Rational and set(sympy.factorint(original[0].q)) <= {2, 5}:
        found.add(f"{Decimal(int(original[0].p)) / Decimal(int(original[0].q)):f}")
    if isinstance(node, trees.Relation):
        found.add(latex(trees.Relation(node.sides[::-1], node.signs)))
        found.add(f"{3 * original[0]} = {3 * original[1]}")
        found.add(f"0 = {original[1] - original[0]}")
    if isinstance(node, trees.Sum):
        found.add(latex(trees.Sum(node.terms[::-1])))
    if isinstance(node, trees.Product):
        found.add(latex(trees.Product(node.factors[::-1])))
    return found


def replaced(node: trees.Node, old: trees.Node, new: trees.Node) -> trees.Node:
    """The tree with one node, found by identity, replaced."""
    if node is old:
        return new
    built: dict[str, Any] = {}
    for name in node.__dataclass_fields__:
        part = getattr(node, name)
        if isinstance(part, trees.Node):
            built[name] = replaced(part, old, new)
        elif name != "value":
            is_group = isinstance(part, tuple) and part and isinstance(part[0], trees.Node)
            built[name] = tuple(replaced(each, old, new) for each in part) if is_group else part
    return type(node)(**built)


def disturbed(node: trees.Node) -> Iterator[trees.Node]:
    """Small mistakes: a constant or an exponent one more or less, a sign turned."""
    for part in trees.walk(node):
        try:
            if isinstance(part, trees.Number) and part.text.isdigit():
                for by in (1, -1):
                    yield replaced(node, part, trees.Number(str(abs(int(part.text) + by))))
            elif isinstance(part, trees.Negative):
                yield replaced(node, part, part.of)
            elif isinstance(part, trees.Sum):
                yield replaced(node, part, trees.Sum((*part.terms[:-1], trees.Negative(part.terms[-1]))))
            elif isinstance(part, trees.Name):
                yield replaced(node, part, trees.Power(part, trees.Number("2")))
        except (trees.TooLarge, trees.DividedByZero):
            continue


def differs(node: trees.Node, other: trees.Node) -> bool:
    """Whether SymPy finds the two different at three points (equations: by more than a constant factor)."""
    ours, theirs = sides(node), sides(other)
    if len(ours) == 2:
        ours, theirs = [ours[0] - ours[1]], [theirs[0] - theirs[1]]
    found = []
    letters = sorted(ours[0].free_symbols | theirs[0].free_symbols, key=str)
    for turn in range(3):
        point = {letter: sympy.Float(1.3 + 0.7 * turn + 0.37 * place) for place, letter in enumerate(letters)}
        one, another = (complex(side.subs(point).evalf()) for side in (ours[0], theirs[0]))
        found.append(one / another if isinstance(node, trees.Relation) and another else one - another)
    if isinstance(node, trees.Relation):
        return max(abs(ratio - found[0]) for ratio in found) > 1e-9
    return max(map(abs, found)) > 1e-9


def as_key(text: str) -> Any:
    return parse_key({"kind": "expression", "value": text, "form": "any"})


def test_at_least_97_in_100_arithmetic_keys_can_be_read_and_are_right_for_themselves(keys: list[str]) -> None:
    failed = []
    for key in keys:
        try:
            if not grade(parse_key({"kind": "expression", "value": key}), key).correct:
                failed.append(key)
        except ValueError as problem:
            failed.append(f"{key}: {problem}")
    assert len(keys) > 1_900
    assert len(failed) <= 0.03 * len(keys), failed


@pytest.mark.parametrize("name", ZIPS)
def test_995_in_1000_steps_of_every_kind_are_graded_right_by_their_own_stored_answer(name: str) -> None:
    found = oatutor.read(read_files(FOLDER / name)).package.exercises
    answers = [step.answer for each in found for step in variants.instantiate(each, 5).steps]
    failed = [answer for answer in answers if not grade(parse_key(answer), right_response(answer)).correct]
    with zipfile.ZipFile(FOLDER / name) as archive:
        stored = sum(bool(re.search(r"/steps/[^/]+/[^/]+\.json\Z", member)) for member in archive.namelist())
    assert len(answers) - len(failed) >= 0.995 * stored, failed


def test_the_mathematical_string_keys_can_be_read_too() -> None:
    texts = [key for step in steps() if step["answerType"] == "string" and step["problemType"] == "TextBox"
             for key in step["stepAnswer"] if not NOT_MATHEMATICS.search(key)]  # fmt: skip
    failed = [text for text in texts if not _is_readable(text)]
    assert len(texts) > 60
    assert len(failed) <= 0.03 * len(texts), failed


def test_rewritings_of_200_keys_are_accepted(keys: list[str]) -> None:
    tried, refused = 0, []
    for text in formula_keys(keys):
        key = as_key(text)
        for answer in rewritten(parse(text)):
            tried += 1
            if not grade(key, answer).correct:
                refused.append((text, answer))
    assert tried > 3 * DRAWN
    assert len(refused) <= 0.01 * tried, refused


def test_small_mistakes_in_200_keys_are_refused(keys: list[str]) -> None:
    tried, accepted = 0, []
    for text in formula_keys(keys):
        key, node = as_key(text), parse(text)
        for wrong in disturbed(node):
            answer = latex(wrong)
            if not _is_readable(answer) or not differs(node, wrong):
                continue
            tried += 1
            if grade(key, answer).correct:
                accepted.append((text, answer))
    assert tried > 2 * DRAWN
    assert len(accepted) <= 0.01 * tried, accepted


def _is_readable(text: str) -> bool:
    try:
        parse(text)
    except Unreadable:
        return False
    return True


Asked = tuple[Exercise, Step]


@pytest.fixture(scope="module", params=ZIPS)
def imported(request: pytest.FixtureRequest) -> list[Asked]:
    """Every step of one course that is imported as mathematics; templates with the values of one seed."""
    exercises = (
        variants.instantiate(each, 5) for each in oatutor.read(read_files(FOLDER / request.param)).package.exercises
    )
    found = [(exercise, step) for exercise in exercises for step in exercise.steps]
    return [(exercise, step) for exercise, step in found if step.answer["kind"] in {"number", "expression"}]


def same_numbers(value: Fraction) -> list[str]:
    """Calculations, decimals and fractions of one value, as a student may write them."""
    top, bottom = value.numerator, value.denominator
    found = [
        f"{top}/{bottom}",
        rf"\frac{{{3 * top}}}{{{3 * bottom}}}",
        f"({top})*2/(2*{bottom})",
        f"{top}/{bottom}+1-1",
    ]
    found += [f"7-(7-({top}/{bottom}))", rf"\frac{{{top}}}{{{bottom}}}\times 1", f"x = {top}/{bottom}"]
    if bottom == 1:
        found += [f"{top}*2/2", f"{top}+1-1", f"{top}.0", f"{top - 3}+3", f"2*{top}-({top})"]
    if set(sympy.factorint(bottom)) <= {2, 5}:
        found += [f"{Decimal(top) / Decimal(bottom):f}", f"{Decimal(100 * top) / Decimal(bottom):f}%"]
    return found


def other_numbers(value: Fraction) -> list[str]:
    """Calculations that look alike and come to something else."""
    top, bottom = value.numerator, value.denominator
    found = [f"{top}/{bottom}+1", f"{top}*2/{bottom}+1/1009", f"{top + 1}/{bottom}", f"({top})*2/(2*{bottom})-1/1000"]
    return found + ([f"-({top}/{bottom})", f"10*{top}/{bottom}"] if value else [])


def answers(step: Step) -> tuple[set[str], list[str]]:
    """Answers to a step that mean its key, and answers that do not."""
    node = parse(str(step.answer["value"]))
    if node.value is not None:
        return {latex(node), *same_numbers(node.value)}, other_numbers(node.value)
    wrong = (each for each in disturbed(node) if differs(node, each))
    return rewritten(node), [text for text in map(latex, wrong) if _is_readable(text)]


def as_judged(steps: list[Asked], rng: random.Random) -> Iterator[tuple[str, list[str], list[str]]]:
    """Of 200 steps drawn: the key's value, the rewritings that are refused, and the perturbations that are accepted."""
    for _, step in rng.sample(steps, min(DRAWN, len(steps))):
        key = parse_key(step.answer)
        try:
            same, others = answers(step)
        except (NotImplementedError, KeyError):  # lists, points and matrices, that SymPy is not asked about
            same, others = {str(step.answer["value"])}, []
        refused = [answer for answer in same if not grade(key, answer).correct]
        yield str(step.answer["value"]), refused, [answer for answer in others if grade(key, answer).correct]


def test_95_in_100_imported_steps_accept_every_rewriting_and_no_perturbation(imported: list[Asked]) -> None:
    judged = list(as_judged(imported, random.Random(11)))
    failed = [each for each in judged if each[1] or each[2]]
    assert len(judged) >= min(DRAWN, 150)
    assert len(failed) <= 0.05 * len(judged), failed


def test_every_imported_number_accepts_all_calculations_of_its_value(imported: list[Asked]) -> None:
    numbers = [step for _, step in imported if step.answer["kind"] == "number"]
    refused = []
    for step in random.Random(12).sample(numbers, min(DRAWN, len(numbers))):
        key = parse_key(step.answer)
        assert isinstance(key, NumberKey)
        assert key.value.value is not None
        refused += [(step.key, text) for text in same_numbers(key.value.value) if not grade(key, text).correct]
        refused += [(step.key, text) for text in other_numbers(key.value.value) if grade(key, text).correct]
    assert refused == []


def test_no_imported_step_takes_its_question_for_an_answer_or_refuses_its_own(imported: list[Asked]) -> None:
    accepted, restated = 0, 0
    for exercise, step in imported:
        key = parse_key(step.answer)
        assert isinstance(key, NumberKey | ExpressionKey)
        given = [*markup.formulas(exercise.prompt), *markup.formulas(step.prompt)]
        own = str(step.answer["value"])
        assert grade(key, own, given=given).correct, step.key
        for formula in filter(_is_readable, given):
            try:
                found = grade(key, formula, given=given)
            except Unreadable:  # an equation, where one number is asked for
                continue
            accepted, restated = accepted + found.correct, restated + (found.reason == Reason.RESTATED)
    assert restated > 0.05 * len(imported)
    # What is accepted is what the key says: «Which is bigger, 3 or 5?»
    assert accepted <= 0.02 * len(imported)
