"""Every cap of mathematics in one place: what is larger is refused while it is read, or compared at points only.

Together they bound the time of any answer by construction: no input can make a formula, a normal form or a value that
is larger than these, and the work of each comparison is counted (polynomials.Meter) and stops at its cap.
"""

# What is read (tokens.py, atoms.py); what is larger is refused, and says so.
LENGTH = 500  # characters of an answer
DIGITS = 40  # of one number as written
WORD = 4  # letters that may stand side by side as a product of variables
DEPTH = 30  # brackets, powers, fractions and functions within each other
NODES = 150  # parts of a formula
HEIGHT = 40  # parts within each other, those of chains such as 1/1/1 and x!!! included

# Values that are known while reading (trees.py).
EXPONENT = 1_000  # size of a constant exponent, and of the index of a root
BITS = 4_096  # of the numerator and of the denominator of a value
FACTORIAL = 20

# Normal forms (normal_forms.py); what is larger is compared at points only.
TERMS = 100  # of a polynomial, while it is computed too
DEGREE = 30  # of a polynomial that is expanded
COEFFICIENT_BITS = 1_024
WORK = 6_000  # products of two terms, of one formula
NAME = 300  # characters of the name of a root, a power or a function, which says what is within it
COMPARE_WORK = 6_000  # and of one comparison of two normal forms

# Factors over the rationals (factors.py), for the form `factored` and under roots.
POLY_DEGREE = 100  # of one variable, in what is handed to SymPy at all
FACTOR_TERMS = 20
FACTOR_DEGREE = 12  # with one variable
FACTOR_DEGREES = 4  # with several
FACTOR_VARIABLES = 3
FACTOR_BITS = 64  # of a coefficient

# Values at points (numerics.py).
PRECISION = 40  # digits that are computed with
AGREEMENT = 32  # digits that have to agree
POINTS = 10  # common points that two formulas are compared at
ENOUGH_POINTS = 3  # fewer say nothing
MOST_TRIES, FEWEST_TRIES = 36, 12  # points that are tried, to find as many
NODE_TRIES = 1_500  # nodes times tries, about
REACH = 10**6  # points lie beyond the numbers of a formula, up to this size
POWER_SIZE = 10_000  # the natural logarithm of a power, at most
ANGLE = 10**12  # of a sine, and the like

# Lists and sets of solutions (equivalence.py, solution_sets.py).
ITEMS = 30
BRANCHES = 3  # absolute values in an inequality
SOLVE_WORK = 70  # degrees of all polynomials whose roots are found for one statement, added
ROOT_BITS = 150  # to which the roots of polynomials are refined
ROOTS_DEGREE = 10  # of a polynomial whose roots bound intervals
