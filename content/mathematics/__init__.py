"""Formulas as people write them: read by a bounded grammar, shown as LaTeX, compared for equivalence and form.

Nothing is ever evaluated as code: text becomes tokens, tokens a tree (trees.py), and only trees are computed with.
Every cap is in limits.py.
"""

from content.mathematics.constants import constant
from content.mathematics.domains import Domain, read_domain
from content.mathematics.equivalence import is_equivalent
from content.mathematics.forms import Form, has_form
from content.mathematics.notation import latex
from content.mathematics.polynomials import OutOfBounds
from content.mathematics.problems import Code, Unreadable
from content.mathematics.reading import parse
from content.mathematics.solution_sets import SolutionSet, same_solutions, solution_set
from content.mathematics.trees import Node

__all__ = [
    "Code", "Domain", "Form", "Node", "OutOfBounds", "SolutionSet", "Unreadable", "constant", "has_form",
    "is_equivalent", "latex", "parse", "read_domain", "same_solutions", "solution_set",
]  # fmt: skip
