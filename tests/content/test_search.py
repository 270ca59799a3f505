"""Exercises and resources are found by what they say, in English and in Chinese."""

import pytest

from content import search
from content.models import Concept, Course, Exercise, Hint, Resource, Step
from content.search import Wanted

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf() -> Course:
    """A course whose texts are about slopes, in both languages."""
    made = Course.objects.create(slug="shelf", title="Shelf", language="en", licence="CC BY 4.0")
    slope = Concept.objects.create(course=made, key="slope", title="Slope of a line")
    texts = {
        "steep": ("Two hikers", "How steep are the two paths? $\\frac{3}{4}$", "number"),
        "road": ("A road", "A road rises by 6 metres.", "number"),
        "zh": ("一次函数", "求直线的斜率，并说明函数的增减性。", "one_choice"),
        "mixed": ("应用题 taxi", "出租车的费用与路程成正比例。", "expression"),
    }
    for place, (key, (title, prompt, kind)) in enumerate(texts.items()):
        row = Exercise.objects.create(course=made, key=key, title=title, prompt=prompt, position=place)
        step = Step.objects.create(exercise=row, key=key, kind=kind, answer={"kind": kind, "choices": {"a": "递增"}})
        if key == "road":
            step.concepts.add(slope)
            Hint.objects.create(step=step, key="h1", kind="hint", text="Divide the rise by the run.")
    Resource.objects.create(course=made, key="r", title="Reading a gradient", kind="reading", text="梯度就是斜率。")
    search.index(
        exercises=Exercise.objects.values_list("pk", flat=True), resources=Resource.objects.values_list("pk", flat=True)
    )
    return made


def keys(text: str = "", **wanted: object) -> list[str]:
    asked = Wanted(text=text, **wanted)  # type: ignore[arg-type]
    return [row.key for row in search.page(search.exercises(asked), asked).rows]


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hiker", ["steep"]),  # stemmed
        ("HIKERS path", ["steep"]),  # all words, whatever their case
        ("hikers road", []),
        ("hik", ["steep"]),  # still being typed
        ("divide rise", ["road"]),  # in a hint
        ("slope", ["road"]),  # the title of its concept
        ("斜率", ["zh"]),
        ("率", ["zh"]),
        ("函数增减", []),  # not neighbours: 数增 is nowhere
        ("增减性", ["zh"]),
        ("递增", ["steep", "road", "zh", "mixed"]),  # in a choice
        ("taxi 正比例", ["mixed"]),
        ("frac", []),  # a command of LaTeX is no word
        ("' & | ! :* \\", []),
        ("the", []),
        ("", ["steep", "road", "zh", "mixed"]),
    ],
)
def test_what_is_found(text: str, found: list[str]) -> None:
    assert sorted(keys(text)) == sorted(found)


def test_a_title_weighs_more_than_a_prompt(shelf: Course) -> None:
    late = Exercise.objects.create(course=shelf, key="late", title="斜率", prompt="…", position=9)
    search.index(exercises=[late.pk])
    assert keys("斜率") == ["late", "zh"]
    Exercise.objects.filter(key="steep").update(prompt="Along a road, a road and a road.")
    search.index(exercises=Exercise.objects.filter(key="steep").values_list("pk", flat=True))
    assert keys("road") == ["road", "steep"]


@pytest.mark.usefixtures("shelf")
def test_what_is_asked_beside_the_text() -> None:
    concept = Concept.objects.get(key="slope").pk
    assert keys(kind="one_choice") == ["zh"]
    assert keys(concept=concept) == ["road"]
    assert keys(licence="CC BY 4.0") == ["steep", "road", "zh", "mixed"]
    Exercise.objects.filter(key="zh").update(licence="CC0", tags=["graph"])
    assert keys(licence="CC0") == ["zh"]
    assert keys(licence="CC BY 4.0") == ["steep", "road", "mixed"]
    assert keys(tag="graph") == ["zh"]
    Exercise.objects.filter(key="zh").update(retired=True)
    assert keys(tag="graph") == []


@pytest.mark.usefixtures("shelf")
def test_resources_are_found_by_both_scripts() -> None:
    for text in ("gradients", "斜率"):
        asked = Wanted(text=text)
        assert [row.key for row in search.page(search.resources(asked), asked).rows] == ["r"]


def test_a_draft_is_found_by_what_it_says(shelf: Course) -> None:
    draft = {"key": "d", "title": "Bicycles", "steps": [{"prompt": "自行车走了多远？"}]}
    row = Exercise.objects.create(course=shelf, key="d", published=False, draft=draft)
    search.index(exercises=[row.pk])
    assert keys("bicycle") == keys("自行车") == ["d"]


def test_pages(shelf: Course) -> None:
    Exercise.objects.bulk_create(Exercise(course=shelf, key=f"x{i}", title="Crowd", position=10 + i) for i in range(7))
    search.index(exercises=Exercise.objects.values_list("pk", flat=True))
    asked = Wanted(text="crowd", courses=(shelf.pk,))
    pages = [search.page(search.exercises(asked), asked, number=number, size=3) for number in (1, 2, 3, 99)]
    assert [row.key for one in pages[:3] for row in one.rows] == [f"x{i}" for i in range(7)]
    assert pages[3].page == 3
    assert (pages[0].total, pages[0].pages, pages[0].is_all) == (7, 3, True)
    assert search.page(search.exercises(Wanted(courses=(shelf.pk + 1,))), Wanted()).rows == []
