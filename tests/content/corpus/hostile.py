"""Answers that were made to take long, and ways in which one that takes long is made to take longer."""

import random
from collections.abc import Callable

KEYS = (
    "2x+6", "x=5", r"\sqrt{x}+\log_2 x", "{1,2,3}", "(x+1)^2", "x^2-9", "x>3 or x<-2", r"\sin 2x", "|x-1|",
    r"\begin{bmatrix}1&2\\3&4\end{bmatrix}", r"\frac{1}{x}+\frac{1}{y}", "y=2x+1",
)  # fmt: skip
LETTERS = "abcdfghjkmnpqrstuvw"
HOSTILE = (
    "e^(e^(e^(e^(e^(e^x)))))", "x^x^x^x^x^x^x", "((x^1000)^1000)^1000", "(((x+1)^9+1)^9+1)^9", "2^(1/10^12)",
    "*".join(f"(x+{letter})" for letter in LETTERS[:14]),
    "+".join(f"1/(x+{number})" for number in range(20)),
    "+".join(f"1/(x^2+{number}x+{letter})" for number, letter in enumerate(LETTERS[:10], 2)),
    ",".join(f"sqrt(x+{number})" for number in range(2, 29)),
    ",".join(f"sin({number}x)" for number in range(2, 29)),
    ",".join(f"|x-{number}|" for number in range(2, 29)),
    "+".join(f"|x-{number}|" for number in range(2, 25)),
    "+".join(f"sqrt(x+{number})" for number in range(2, 25)),
    "*".join(f"sqrt(x^2+{number}x+1)" for number in range(2, 13)),
    "*".join(f"(sin({number}x)+cos({number}))" for number in range(2, 9)),
    "sin(" * 14 + "x" + ")" * 14, "tan(" * 14 + "x" + ")" * 14, "ln(" * 14 + "x" + ")" * 14,
    "sqrt(1+" * 14 + "x" + ")" * 14, "(x+" * 18 + "1" + ")^1.5" * 18,
    "+".join(f"(10^999+{number})^(1/7)" for number in range(14)), "14^14^-10", "(a+b+c+d+f)^5", "(a+b+c)^12",
    "+".join(f"{letter}^{number}" for number, letter in enumerate(LETTERS, 3)),
    "(x^2+x+1)^15-(x^2-x+1)^15", "sqrt(x^8+x^7+x^6+x^5+x^4+x^3+x^2+x+1)", "ln(x^20+x^19+7)", "x^999+x^998",
    "sqrt(" + "9" * 40 + ")", "sqrt(" + "9" * 39 + "1)*sqrt(" + "9" * 38 + "71)", "(1+sqrt(2))^30",
    "(1+sqrt(2)+sqrt(3))^20",
    "(sqrt2+sqrt3+sqrt5+sqrt7+sqrt11+sqrt13)^6", "sin(10^11)", "cos(x)^20*sin(x)^20", "sin(30x)", "cos(x+y+z)^9",
    "tan(x+y)*tan(x+z)*tan(y+z)*tan(x-y)", "x^(1/2)+x^(1/3)+x^(1/5)+x^(1/7)", "(x^(1/2)+x^(1/3)+x^(1/5)+1)^9",
    "x^10-5x^8+7x^6-2x^3+11<0", "|x^2-2|+|x^3-3|+|x^5-5|<7",
    ",".join(f"|x-{number}|+|x^2-{number}|<7" for number in range(2, 9)),
    ",".join(f"x^{number}-7x+1<0" for number in range(3, 11)), "x^12-3x^11+5x^7-x+1>0",
    "∪".join(f"({number},{number}.5)" for number in range(30)), "x=" + ",".join(f"{number}x" for number in range(35)),
    ",".join(f"x^{number}=2" for number in range(2, 40)), "±".join("x" for _ in range(30)), "(x±1)(x±2)(x±3)",
)  # fmt: skip
GROWTHS: tuple[Callable[[str, random.Random], str], ...] = (
    lambda text, rng: f"({text})^{rng.choice((2, 3, 5, 9, -1, 30))}",
    lambda text, rng: f"sqrt({text})",
    lambda text, rng: f"{rng.choice(('sin', 'cos', 'tan', 'ln', 'exp', 'abs', 'arctan'))}({text})",
    lambda text, rng: f"({text})+1/({rng.choice(('x', 'y', 'x+1', 'x^2+y', '3', '2x-7'))})",
    lambda text, rng: f"({text})*({rng.choice(('x+1', 'y-2', 'x^2+x+1', '2^x', 'sqrt(x)', 'a+b', '|x-2|'))})",
    lambda text, rng: f"({text})/({rng.choice(('x+1', 'y-2', 'x^2+x+1', 'sin(x)', 'sqrt(2)+1', '|x|+1'))})",
    lambda text, rng: f"{text}+{text}",
    lambda text, rng: f"({text})({text})",
    lambda text, rng: f"{text},{text}",
    lambda text, rng: f"{text}<{rng.choice(('1', 'x', '3'))}",
    lambda text, rng: text.replace("x", rng.choice(("(x+y)", "x^2", "2x", "(1-x)")), 1),
)
