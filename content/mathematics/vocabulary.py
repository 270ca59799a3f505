"""The words and signs that may stand in an answer, in text and in LaTeX, each with its plain spelling."""

import unicodedata


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTIONS = _words(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp sqrt cbrt abs gcd min max mod"
)
WITHIN_WORDS = tuple(sorted(FUNCTIONS - {"mod", "min", "max", "gcd"} | {"pi"}, key=len, reverse=True))
GREEK = _words(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta kappa lambda mu nu xi rho sigma tau phi varphi "
    "chi psi omega Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega"
)
CONSTANTS = {"pi": "pi", "e": "e", "i": "i", "infty": "infinity", "infinity": "infinity", "oo": "infinity"}
CONSTANTS |= {
    "exponentialE": "e",
    "imaginaryI": "i",
    "emptyset": "emptyset",
    "varnothing": "emptyset",
    "inf": "infinity",
    "reals": "reals",
}
CONNECTIVES = {
    "or": "or",
    "and": "and",
    "或": "or",
    "或者": "or",
    "和": "and",
    "且": "and",
    "与": "and",
    "并且": "and",
    "大于": ">",
    "小于": "<",
    "大于等于": ">=",
    "小于等于": "<=",
    "不小于": ">=",
    "不大于": "<=",
    "等于": "=",
    "属于": "in",
}
HAN_FUNCTIONS = {"根号": "sqrt"}
HAN_SPACES = {"又"}  # 3又1/2 is 3 1/2
WORDS = _words("are is no none not per plus yes zero one two four five six nine ten")  # no products of letters
COMMANDS = {"frac": "frac", "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "sqrt": "sqrt"}
ALIASES = {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "tg": "tan",
    "ctg": "cot",
    "arctg": "arctan",
    "cosec": "csc",
    "cotg": "cot",
    "loge": "ln",
}
SIGNS = {
    **dict.fromkeys(("cdot", "times", "ast", "cdotp", "bullet"), "*"),
    **dict.fromkeys(("le", "leq", "leqslant"), "<="),
    **dict.fromkeys(("ge", "geq", "geqslant"), ">="),
    **dict.fromkeys(("ne", "neq"), "!="),
    **dict.fromkeys(("lvert", "rvert", "vert", "mid"), "|"),
    **dict.fromkeys(("lor", "vee", "cup", "bigcup"), "or"),
    **dict.fromkeys(("land", "wedge"), "and"),
    **dict.fromkeys(("degree", "circ"), "°"),
    **{"div": "/", "lt": "<", "gt": ">", "pm": "±", "mp": "∓", "in": "in", "%": "%", "&": "&", "\\": "\\\\"},
    **{"lbrace": "\\{", "rbrace": "\\}", "{": "\\{", "}": "\\}", "lbrack": "[", "rbrack": "]", "|": "|"},
    **{"lparen": "(", "rparen": ")", "colon": "/", "slash": "/", "star": "^"},  # MathLive makes \\star of **
}
SPACES = _words(", ; : ! > quad qquad space thinspace displaystyle textstyle limits nolimits $ € ( ) [ ]") | {" "}
SIZES = _words("left right big Big bigl bigr Bigl Bigr bigg Bigg biggl biggr mleft mright middle")
UPRIGHT = _words("text mathrm operatorname textrm mathit mbox textit textbf mathbf")
_ONE_FOR_ONE: dict[str | int, str] = {
    **{0xFF01 + shift: chr(0x21 + shift) for shift in range(94)},
    **dict.fromkeys("−–—‐‑﹣", "-"),
    **dict.fromkeys("×·⋅∙∗•", "*"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("、﹐", ","),
    **{"。": ".", "；": ";", "【": "[", "】": "]", "〔": "(", "〕": ")", "∣": "|", "º": "°", "˚": "°", "￥": "¥"},
    **{"ℯ": "e", "ⅇ": "e", "ⅈ": "i"},
    **{
        code: plain  # letters and digits of formulas that were copied: 𝑥 is x, 𝟐 is 2
        for code in range(0x1D400, 0x1D800)
        if len(plain := unicodedata.normalize("NFKC", chr(code))) == 1
    },
    **dict.fromkeys("\u00a0\u2009\u200a\u202f\u2003\u2002\u3000\u2062\u2061\u200b\t\n\r~", " "),
}
PLAIN = str.maketrans(_ONE_FOR_ONE)  # one sign for one, so that positions stay
SINGLE = {"≤": "<=", "⩽": "<=", "≥": ">=", "⩾": ">=", "≠": "!=", "≦": "<=", "≧": ">=", "∪": "or", "∨": "or"}
SINGLE |= {"∧": "and", "∈": "in", ":": "/"} | {sign: sign for sign in "+-*/^=<>()[]{}|,;!%°&_±∓"}
DOUBLE = {"**": "^", "<=": "<=", ">=": ">=", "!=": "!=", "<>": "!=", "==": "=", "=<": "<=", "=>": ">="}
LETTERS = {"π": "pi", "∞": "infinity", "∅": "emptyset", "ℝ": "reals", "√": "sqrt", "∛": "cbrt"}
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
SAME_LETTERS = {"differentialD": "d", "varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi"}
NAMED = FUNCTIONS | GREEK | set(CONSTANTS) | set(SAME_LETTERS)  # what may stand after a backslash and is one token
