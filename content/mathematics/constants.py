"""Formulas of authors' templates, such as `a*x + b` or `gcd(p, q) == 1`, computed exactly.

Python's own parser cuts the formula into a syntax tree; only the operations named here are then carried out, on
fractions, with the sizes bounded as in trees.py. Nothing is evaluated as code.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction

from content.mathematics import trees

MAX_FORMULA = 300  # characters
_JOINED: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Mod: operator.mod,
    ast.FloorDiv: lambda left, right: Fraction(left // right),
}
_COMPARED: dict[type[ast.cmpop], Callable[[Fraction, Fraction], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
FUNCTIONS = frozenset({"gcd", "abs", "min", "max", "mod"})
Computed = Fraction | bool


def constant(text: str, names: Mapping[str, Fraction | int]) -> Computed:
    """Compute a formula of integers, decimals, names, + - * / ^ %, gcd, abs, min, max and mod.

    With a comparison (== != < <= > >=, chained as in mathematics) or and, or, not it is a bool, else a Fraction.
    Raises ValueError for what cannot be read or is unknown, ZeroDivisionError.
    """
    if len(text) > MAX_FORMULA:
        raise ValueError(f"the formula is too long: at most {MAX_FORMULA} characters")
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval")
        return _Computer(names).compute(tree.body)
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError("it cannot be read") from None
    except trees.TooLarge:
        raise ValueError("the value is too large") from None
    except trees.DividedByZero:
        raise ZeroDivisionError("division by 0") from None


class _Computer:
    def __init__(self, names: Mapping[str, Fraction | int]) -> None:
        self.names = names

    def compute(self, node: ast.expr) -> Computed:
        match node:
            case ast.Compare():
                sides = [self.number(side) for side in (node.left, *node.comparators)]
                pairs = zip(sides, node.ops, sides[1:], strict=False)
                return all(self._compared(sign)(left, right) for left, sign, right in pairs)
            case ast.BoolOp(op=ast.And()):
                return all(self.truth(value) for value in node.values)
            case ast.BoolOp():
                return any(self.truth(value) for value in node.values)
            case ast.UnaryOp(op=ast.Not()):
                return not self.truth(node.operand)
        return self.number(node)

    def truth(self, node: ast.expr) -> bool:
        found = self.compute(node)
        if isinstance(found, bool):
            return found
        raise ValueError("a comparison is needed beside «and», «or» and «not»")

    def number(self, node: ast.expr) -> Fraction:
        match node:
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                return self._bounded(Fraction(str(node.value)))
            case ast.Name(id=name):
                if name not in self.names:
                    raise ValueError(f"there is no such variable: {name}")
                return Fraction(self.names[name])
            case ast.UnaryOp(op=ast.USub()):
                return -self.number(node.operand)
            case ast.UnaryOp(op=ast.UAdd()):
                return self.number(node.operand)
            case ast.BinOp():
                return self._bounded(self._joined(node.op, self.number(node.left), self.number(node.right)))
            case ast.Call(func=ast.Name(id=function)) if function in FUNCTIONS and node.args and not node.keywords:
                return self._called(function, [self.number(argument) for argument in node.args])
        raise ValueError(f"this is not understood: {ast.unparse(node)}")

    def _joined(self, sign: ast.operator, left: Fraction, right: Fraction) -> Fraction:
        if isinstance(sign, ast.Div):
            return left / right
        if isinstance(sign, ast.Pow):
            found = trees.Power(self._node(left), self._node(right)).value
            if found is None:
                raise ValueError("the power is not a rational number")
            return found
        if type(sign) not in _JOINED:
            raise ValueError("an operation that is not understood")
        return _JOINED[type(sign)](left, right)

    def _called(self, function: str, values: list[Fraction]) -> Fraction:
        if function in ("abs", "mod") and len(values) != 1 + (function == "mod"):
            raise ValueError(f"another number of arguments is needed: {function}")
        found = trees.EXACT_FUNCTIONS[function](*values)
        if found is None:
            raise ValueError(f"whole numbers are needed: {function}")
        return Fraction(found)

    def _compared(self, sign: ast.cmpop) -> Callable[[Fraction, Fraction], bool]:
        if type(sign) not in _COMPARED:
            raise ValueError("a comparison that is not understood")
        return _COMPARED[type(sign)]

    def _node(self, value: Fraction) -> trees.Node:
        return trees.Quotient(trees.Number(str(value.numerator)), trees.Number(str(value.denominator)))

    def _bounded(self, value: Fraction) -> Fraction:
        return trees.bounded(value)
