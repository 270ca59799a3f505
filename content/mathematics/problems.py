"""Why a text could not be read: a code, the part of the text, and where it stands. Sentences are made above."""

from enum import StrEnum

PART_LENGTH = 24  # characters of the unreadable part that are kept


class Code(StrEnum):
    """Every reason for which an answer is not read. None of them means that the answer is wrong."""

    EMPTY = "empty"  # nothing was written
    TOO_LONG = "too_long"  # more characters or parts than are read
    TOO_DEEP = "too_deep"  # brackets within brackets within brackets
    TOO_LARGE = "too_large"  # a number with too many digits, or a power that would have
    UNKNOWN_SIGN = "unknown_sign"  # a character or a LaTeX command without a meaning here
    UNKNOWN_WORD = "unknown_word"  # a word that is neither a function nor a product of a few letters
    UNEXPECTED = "unexpected"  # a sign that is known, where it cannot stand
    MISSING_OPERAND = "missing_operand"  # an operation with nothing after it, such as `2+`
    MISSING_OPERATOR = "missing_operator"  # two numbers side by side, such as `2 3`
    MISSING_CLOSE = "missing_close"  # a bracket that is never closed
    MISSING_OPEN = "missing_open"  # a closing bracket that was never opened
    INCOMPLETE = "incomplete"  # an empty place of a formula, such as `\\frac{1}{}`
    DIVISION_BY_ZERO = "division_by_zero"
    NUMBER_EXPECTED = "number_expected"  # letters or several numbers where one number is asked for
    UNKNOWN_UNIT = "unknown_unit"
    UNKNOWN_CHOICE = "unknown_choice"  # a choice that the step does not have
    WRONG_SHAPE = "wrong_shape"  # a list where a text belongs, or the other way round
    EMPTY_PLACE = "empty_place"  # one of several places is still empty; the part is its number
    REPEATED = "repeated"  # one thing in two places of an order
    EQUATION_EXPECTED = "equation_expected"  # no equals sign where an equation is asked for
    INEQUALITY_EXPECTED = "inequality_expected"  # nothing that says where a variable may be
    OTHER_LETTER = "other_letter"  # a variable that the question does not have
    TOO_FEW_WORDS = "too_few_words"  # the part is how many there are to be
    TOO_MANY_WORDS = "too_many_words"
    SIZE_EXPECTED = "size_expected"  # not a table of numbers with rows of equal length


class Unreadable(ValueError):
    """An answer that cannot be read; it is never counted wrong.

    `part` is the piece of the text that could not be read, `position` where it begins, counted from 0. `place` is
    which of several texts it is in, counted from 1; 0 where there is only one.
    """

    place = 0

    def __init__(self, code: Code, part: str = "", position: int = 0) -> None:
        self.code = code
        self.part = part if len(part) <= PART_LENGTH else part[:PART_LENGTH] + "…"
        super().__init__(": ".join(filter(None, (code.replace("_", " "), self.part))))
        self.position = position
