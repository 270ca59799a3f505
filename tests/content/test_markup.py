"""Texts of courses as pages: mathematics is shown, money is not mathematics, and nothing in a text is live."""

import json
import re
import time
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content import markup

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "content"
ALLOWED = markup._HTML_TAGS | markup._MATH_TAGS


class Live(HTMLParser):
    """Collects what a browser would act on: elements and attributes that no text of a course needs."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.found.append(tag)
        for name, value in attrs:
            address = (value or "").lower().strip()
            if name.startswith("on") or name in {"srcset", "srcdoc", "formaction", "xlink:href", "id"}:
                self.found.append(f"{tag} {name}")
            if name in {"href", "src"} and re.match(r"[a-z]+:", address) and not re.match(r"https?:|mailto:", address):
                self.found.append(f"{tag} {name}={value}")
            if name == "style" and re.search(r"url|expression|position|@import", address):
                self.found.append(f"{tag} {name}={value}")


def formulas_in(part: Any) -> Iterator[str]:
    """Every formula between `$$` in a piece of JSON; texts with an odd number of them are left out."""
    if isinstance(part, str):
        pieces = part.split("$$")
        yield from pieces[1::2] if len(pieces) % 2 else ()
    elif isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from formulas_in(inner)


def live_parts(html: str) -> list[str]:
    parser = Live()
    parser.feed(html)
    return parser.found


def test_mathematics_in_the_line_becomes_mathml() -> None:
    assert markup.render("Solve $2x=6$.") == ("<p>Solve <math><mn>2</mn><mi>x</mi><mo>=</mo><mn>6</mn></math>.</p>")


def test_chinese_text_may_touch_the_dollars() -> None:
    html = markup.render("当$x=2$时，**重点**是$\\frac12$。")
    assert html.count("<math>") == 2
    assert "<strong>重点</strong>" in html
    assert "$" not in html


@pytest.mark.parametrize(
    "text",
    [r"It costs \$12.66.", "It costs $5 and $7.", "From $5-$7 a box", "价格为$5元，$7元", "a single $ sign", "$ x $"],
)
def test_money_is_not_mathematics(text: str) -> None:
    html = markup.render(text)
    assert "<math" not in html
    assert "$" in html


def test_displayed_mathematics_may_look_like_a_list() -> None:
    html = markup.render("Before\n\n$$\n- 5\n+ x\n$$\n\nafter")
    assert '<math display="block">' in html
    assert "<ul>" not in html
    assert "after" in html


@pytest.mark.parametrize(
    "latex",
    [
        r"\begin{aligned}x&=1\\y&=2\end{aligned}",
        r"\begin{cases}x&y\\1&2\end{cases}",
        r"\begin{array}{c|c}a&b\\\hline c&d\end{array}",
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}",
        r"\boxed{3}",
        r"\cancel{x}",
        r"\lim_{x\to 0}f",
        r"1,\ldots,n",
        r"1,\hdots,n",
        r"A\setminus B",
        r"\text{高度}=3",
        r"\sqrt[3]{8}",
        r"5\%",
        r"\overline{AB}",
        "___",
    ],
)
def test_the_latex_of_school_books_is_shown(latex: str) -> None:
    assert "<math" in markup.math(latex)
    assert markup.unreadable_math(f"${latex}$") == []


@pytest.mark.parametrize(
    "latex", [r"\frac{1", r"\unknown{x}", "a & b", r"\def\a{\a\a}\a", "x^{" * 900 + "x" + "}" * 900]
)
def test_latex_that_cannot_be_read_is_shown_as_its_source(latex: str) -> None:
    html = markup.math(latex)
    assert html.startswith('<code class="math-error">')
    assert markup.unreadable_math(f"see ${latex}$") == [latex]


def test_the_formulas_of_a_text_are_listed_in_order_and_money_is_none() -> None:
    text = "Pay $5 or \\$6: $x^2$, then\n\n$$\ny+1\n$$\n\n- **$\\frac12$** `$z$` $$7^2=$$"
    assert markup.formulas(text) == ["x^2", "y+1", r"\frac12", "7^2="]
    assert markup.formulas("no formula, $5 and $7") == []


def test_an_enormous_formula_does_not_end_the_process() -> None:
    for opening, closing in (("{", "}"), (r"\sqrt{", "}"), (r"\left(", r"\right)"), (r"\sqrt", "")):
        assert "math-error" in markup.math(opening * 50_000 + "x" + closing * 50_000)


ATTACKS = [
    r"$\text{<svg/onload=alert(1)>}$",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\text{</mtext></math><img src=x onerror=alert(1)>}$",
    r"$\style{position:fixed}{x}$ $\class{a}{x}$ $\mathrm{<script>}$",
    r"$\begin{array}{<img src=x onerror=alert(1)>}a\end{array}$",
    r"$\color{red;background:url(//x)}{x}$",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
    "[a](javascript:alert(1)) [b](data:text/html,x) [c](vbscript:x) <javascript:alert(1)>",
    "[a]( jAvAsCrIpT&#58;alert(1)) [b](&#1;javascript:alert(1))",
    "![x](javascript:alert(1)) ![x](data:image/svg+xml,x) ![x](https://else.where/track.gif) ![x](//else.where/x)",
    '![x](figures/a.png "t\\" onerror=alert(1)")',
    "$$\n\\text{<iframe srcdoc=x>}\n$$",
    "| <b onclick=x> |\n|-|\n| $\\text{<a href=javascript:x>}$ |",
    "$`<svg onload=x>`$ `<svg onload=x>`",
    "[x]: javascript:alert(1)\n\n[x]",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_in_a_text_is_live(text: str) -> None:
    for html in (markup.render(text), markup.render_inline(text), markup.math(text)):
        assert live_parts(html) == []
        assert "else.where" not in re.sub(r">[^<]*<", "", html)


PIECES = st.sampled_from(
    [
        *(
            "<",
            ">",
            '"',
            "'",
            "$",
            "$$",
            "\\",
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            "!",
            "&",
            "#",
            "*",
            "_",
            "|",
            "\n",
            " ",
            "`",
        ),
        *(
            "svg",
            "onload=x",
            "javascript:",
            "script",
            r"\text{",
            r"\frac",
            r"\left",
            r"\begin{array}",
            "math",
            "style=",
        ),
        *(
            "figures/a.png",
            "img src=x",
            "data:",
            "-",
            "1",
            "x",
            r"\color{red}",
            r"\href{",
            "^",
            "&#58;",
            "annotation-xml",
        ),
        *("时", "&lt;", ":", "/"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_no_mixture_of_dangerous_pieces_is_live_or_raises(text: str) -> None:
    figures = {"a.png": "/figures/1/a.png"}
    for html in (markup.render(text, figures=figures), markup.render_inline(text), markup.math(text)):
        assert live_parts(html) == []


def test_pictures_come_only_from_the_course() -> None:
    text = "![A line](figures/line.png) ![gone](figures/gone.png) ![far](https://x.example/y.png)"
    html = markup.render(text, figures={"line.png": "/figures/7/line.png"})
    assert '<img src="/figures/7/line.png" alt="A line">' in html
    assert html.count("<img") == 1
    assert html.count('class="missing-figure"') == 2
    assert markup.figure_names(text)[:2] == ["line.png", "gone.png"]


def test_the_same_text_with_other_figures_is_another_page() -> None:
    text = "![A line](figures/line.png)"
    assert "/figures/1/" in markup.render(text, figures={"line.png": "/figures/1/line.png"})
    assert "/figures/2/" in markup.render(text, figures={"line.png": "/figures/2/line.png"})


def test_a_link_cannot_speak_for_us() -> None:
    html = markup.render("[more](https://example.org)")
    assert '<a href="https://example.org" rel="noopener noreferrer nofollow">more</a>' in html


def test_a_choice_is_rendered_without_a_paragraph() -> None:
    assert markup.render_inline("the $x$-axis") == "the <math><mi>x</mi></math>-axis"


def test_a_text_beyond_all_bounds_is_shown_as_it_stands() -> None:
    assert markup.render("<" + "a" * markup.MAX_TEXT).startswith("<p>&lt;aaa")


@pytest.mark.skipif(not DATA.exists(), reason="the sample content is not here")
def test_all_but_a_handful_of_the_formulas_of_two_books_are_shown() -> None:
    formulas: set[str] = set()
    for name in ("oatutor-solid-foundations-algebra.zip", "oatutor-elementary-algebra.zip"):
        with zipfile.ZipFile(DATA / name) as archive:
            for entry in archive.namelist():
                if entry.startswith("content-pool/") and entry.endswith(".json"):
                    formulas.update(formulas_in(json.loads(archive.read(entry))))
    shown = [formula for formula in formulas if markup.math(formula).startswith("<math")]
    assert len(shown) >= 0.999 * len(formulas)
    assert len(formulas) > 10_000


@pytest.mark.parametrize("text", ["$$a\n" * 20_000, "- $$a\n" * 15_000, "[" * 20_000, "*a **b " * 10_000])
def test_a_text_full_of_beginnings_does_not_take_long(text: str) -> None:
    used = time.process_time()
    markup.render(text)
    assert time.process_time() - used < 20  # generous: what is not bounded takes minutes here


def test_a_text_is_readable_without_markdown_and_with_its_formulas_as_one_would_type_them() -> None:
    text = "Solve **now**: $\\frac{2(x+3)}{\\sqrt{x^{2}-1}} \\leq 5\\%$\n\n- one\n- $\\text{two} \\cdot x_{12}$"
    assert markup.readable(text) == "Solve now: (2(x+3))/(√(x^2-1)) ≤ 5% one two · x_12"
    assert markup.readable(text, formulas=False) == "Solve now: one"


def test_a_deeply_nested_formula_is_made_readable_in_little_time() -> None:
    deep = "\\frac{" * 300 + "1" + "}{2}" * 300
    started = time.monotonic()
    markup.readable(f"${deep}$")
    assert time.monotonic() - started < 5


def test_a_picture_is_read_as_what_is_said_of_it() -> None:
    assert markup.readable("![a graph](figures/a.png) of `x`") == "a graph of x"


def beginning(text: str, width: int = 30) -> str:
    return re.sub(r"<[^>]+>", "", markup.render_beginning(text, width=width))


def test_the_beginning_of_a_text_is_cut_between_words_and_formulas() -> None:
    assert beginning("Solve $2x+3=9$ for **x** and say how you found it") == "Solve 2x+3=9 for x and say how…"
    assert beginning("Bring these together: $\\frac{x^2-2x+1}{(x-1)(x+3)}$") == "Bring these together:…"
    assert "<math>" in markup.render_beginning("Solve $2x+3=9$", width=30)


def test_a_text_that_is_short_enough_is_whole_and_in_one_line() -> None:
    shown = beginning("Look:\n\n- $x$\n- two\n\n![A plot](figures/p.png)", width=60)
    assert " ".join(shown.split()) == "Look: x two A plot"


def test_chinese_is_cut_between_any_characters_and_counts_double() -> None:
    assert beginning("解方程并写出每一步的理由，最后检查", width=12) == "解方程并写出…"


def test_a_text_that_begins_with_a_long_formula_still_shows_it() -> None:
    assert beginning("$a+b+c+d+e+f+g+h$ is long", width=5) == "a+b+c+d+e+f+g+h…"


@given(st.text(max_size=300), st.integers(0, 60))
def test_the_beginning_of_any_text_is_not_live(text: str, width: int) -> None:
    reader = Live()
    reader.feed(markup.render_beginning(text, width=width))
    assert reader.found == []


def test_html_in_the_beginning_of_a_text_is_shown_as_text() -> None:
    assert markup.render_beginning("Is <b>2</b> < 3?", width=60) == "Is &lt;b&gt;2&lt;/b&gt; &lt; 3?"
