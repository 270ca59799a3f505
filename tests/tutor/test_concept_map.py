"""The concept map: every concept has a place of its own, right of what it builds on."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tutor.views.concept_map import LINE, LINES, draw, title_lines


@dataclass(frozen=True)
class Entry:
    """A concept of these tests."""

    id: int
    title: str
    requires: tuple[int, ...]


def entries(*edges: tuple[int, ...]) -> list[Entry]:
    return [Entry(id=number, title=f"Concept {number}", requires=edges[number]) for number in range(len(edges))]


def test_a_concept_stands_right_of_everything_it_requires() -> None:
    drawn = draw(entries((), (0,), (0,), (1, 2), (0, 3)))
    x = {box.of.id: box.x for box in drawn.boxes}
    assert x[0] < x[1] == x[2] < x[3] < x[4]
    assert len(drawn.curves) == 6


def test_two_hundred_concepts_without_prerequisites_do_not_overlap() -> None:
    drawn = draw(entries(*[()] * 200))
    assert len({(box.x, box.y) for box in drawn.boxes}) == 200


def test_an_empty_course_has_an_empty_map() -> None:
    assert draw([]).boxes == ()


def test_a_prerequisite_of_another_course_is_left_out() -> None:
    assert draw([Entry(id=1, title="one", requires=(99,))]).curves == ()


@given(st.text(max_size=120))
def test_titles_fit_into_their_lines_in_any_script(title: str) -> None:
    lines = title_lines(title)
    assert 1 <= len(lines) <= LINES
    assert all(len(line) <= LINE for line in lines)


def test_a_title_of_three_lines_is_not_cut() -> None:
    assert title_lines("Order of operations and values of expressions") == (
        "Order of operations",
        "and values of",
        "expressions",
    )


def test_a_long_chinese_title_is_cut_with_an_ellipsis() -> None:
    lines = title_lines("用待定系数法求一次函数的解析式并画出它的图象，再说明它在生活中的意义")
    assert len(lines[0]) == LINE // 2
    assert lines[-1].endswith("…")
