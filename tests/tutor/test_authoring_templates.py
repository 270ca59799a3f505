"""A template's rows in the editor: added, removed, read back, every problem at its row; and proposed from numbers."""

from typing import Any

import pytest
from django.test import Client

from content.authoring import drafts, proposals, variables
from content.models import Course, Exercise
from content.package import Exercise as Packed
from students.models import User
from tests.tutor.writing import Desk, desk

NOTHING: dict[str, Any] = {"from": "2", "to": "9", "step": "", "except": []}


@pytest.fixture
def at(course: Course, teacher: User) -> Desk:
    """A new exercise, open in front of an author."""
    course.authors.add(teacher)
    client = Client()
    client.force_login(teacher)
    return desk(client, course)


def draft_of(at: Desk) -> dict[str, Any]:
    at.exercise.refresh_from_db()
    assert at.exercise.draft is not None
    return dict(at.exercise.draft)


def test_rows_are_added_filled_in_and_removed_and_every_problem_stands_at_its_row(at: Desk) -> None:
    for place in ("draw", "draw", "lists", "let", "where", "themes"):
        assert at.press(f"add variables.{place}").status_code == 302
    typed = {
        "steps.0.prompt": "$@{c}$ of @{d}: @{story}",
        "steps.0.answer.value": "@{c}",
        "variables.draw.0.to": "70",
        "variables.draw.1.except": "5，7",
        "variables.draw.2.name": "d",
        "variables.draw.2.choose": "apples, pears",
        "variables.let.0.name": "c",
        "variables.let.0.formula": "a*q",
        "variables.where.0.condition": "c != 12",
        "variables.themes.0.text": "a race",
        "variables.rows": "who | what\nAnn | tea\nBo | milk",
        "variables.large": "yes",
    }
    at.press("save", typed)
    kept = at.open()
    assert {name: kept[name] for name in typed} == {
        name: ["5, 7" if text == "5，7" else text] for name, text in typed.items()
    }
    assert 'href="#variables-let-0"' in at.page
    at.press("save", {"variables.let.0.formula": "2*a"})
    at.open()
    assert 'href="#variables-draw-1"' in at.page  # b is never used
    at.press("remove variables.draw.1")
    at.press("save", {"variables.rows": ""})
    at.open()
    assert "Nothing is missing" in at.page
    made = drafts.to_exercise(draft_of(at), "k").exercise.variables
    assert made == {
        "draw": {"a": {"from": "2", "to": "70"}, "d": {"choose": ["apples", "pears"]}},
        "let": {"c": "2*a"},
        "where": ["c != 12"],
        "themes": {"sport": {"story": "a race"}},
        "allow": "large",
    }


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ({"variables.draw.0.from": "two"}, "variables-draw-0"),
        ({"variables.draw.0.name": ""}, "variables-draw-0"),
        ({"variables.draw.1.name": "a"}, "variables-draw-1"),
        ({"variables.let.0.formula": ""}, "variables-let-0"),
        ({"variables.let.0.formula": "a/0"}, "variables-let-0"),
        ({"variables.where.0.condition": "a > 99"}, "variables-where-0"),
        ({"variables.where.0.condition": "a +"}, "variables-where-0"),
        ({"variables.rows": "x | y\n1"}, "variables-rows"),
        ({"steps.0.prompt": "What is @{a + q} and @{b}?"}, "steps-0-prompt"),
        ({"steps.0.answer.value": "@{q}"}, "steps-0-answer"),
    ],
)
def test_a_problem_of_a_template_leads_to_the_row_or_text_that_it_is_about(
    at: Desk, typed: dict[str, str], place: str
) -> None:
    for part in ("draw", "draw", "let", "where"):
        at.press(f"add variables.{part}")
    right = {
        "steps.0.prompt": "What is @{a} and @{b}?",
        "steps.0.answer.value": "@{c}",
        "variables.let.0.formula": "a + b",
    }
    at.press("save", right)
    at.open()
    assert "Nothing is missing" in at.page
    at.press("save", typed)
    at.open()
    assert f'data-about="{place}"' in at.page


def test_the_form_of_a_published_template_comes_to_the_same_variables() -> None:
    given = {
        "draw": {
            "a": {"from": 2, "to": 9, "step": "1/2", "except": [3]},
            "who": {"choose": ["Ann, the elder", "Bo"]},
        },
        "rows": [{"n": 1, "m": 2}, {"n": 3, "m": 4}],
        "let": {"c": "a*n"},
        "where": ["c != 12"],
        "themes": {"sport": {"story": "S"}, "music": {"story": "M"}},
        "allow": ["large"],
    }
    read = variables.to_package(variables.of_package(given))
    assert read.findings == ()
    assert read.variables == {
        "draw": {
            "a": {"from": "2", "to": "9", "step": "1/2", "except": ["3"]},
            "who": {"choose": ["Ann, the elder", "Bo"]},
        },
        "rows": [{"n": "1", "m": "2"}, {"n": "3", "m": "4"}],
        "let": {"c": "a*n"},
        "where": ["c != 12"],
        "themes": {"sport": {"story": "S"}, "music": {"story": "M"}},
        "allow": "large",
    }


def test_what_no_row_can_say_is_kept_as_a_text_and_still_counts() -> None:
    form = variables.of_package({"draw": {"a": "odd"}, "let": {"c": "2"}})
    assert (form["draw"], form["more"]) == ([], "draw:\n  a: odd\n")
    assert variables.to_package(form).variables == {"draw": {"a": "odd"}, "let": {"c": "2"}}
    broken = variables.to_package({**variables.blank(), "more": "draw: ["})
    assert [found.part for found in broken.findings] == ["variables"]


@pytest.mark.parametrize("press", ["remove variables.0", "add variables", "add variables.large", "up variables.draw"])
def test_a_button_that_no_page_has_changes_nothing(at: Desk, press: str) -> None:
    at.press("add variables.draw")
    before = draft_of(at)
    assert at.press(press).status_code == 302
    assert draft_of(at) == before


def test_ten_variants_are_counted_and_few_are_warned_of(at: Desk) -> None:
    at.press("add variables.draw")
    at.press("save", {"steps.0.prompt": "Double $@{a}$.", "steps.0.answer.value": "@{2*a}"})
    page = at.client.get(at.address("author_variants")).content.decode()
    assert "8 distinct variants" in page
    assert "50" in page
    at.press("save", {"variables.draw.0.to": "90"})
    page = at.client.get(at.address("author_variants")).content.decode()
    assert page.count('class="group stack"') == 10
    assert "note warn" not in page


def test_what_is_wrong_in_a_variant_is_said_with_the_number_of_its_step(at: Desk) -> None:
    at.press("add steps")
    at.press("add variables.draw")
    at.press("save", {"prompt": "Double $@{a}$.", "steps.0.answer.value": "@{2*a}", "steps.1.answer.value": "("})
    page = at.client.get(at.address("author_variants")).content.decode()
    assert "Step 2: right answer: it cannot be read: (: missing close: (" in page


def plain(prompt: str, answer: dict[str, Any], **step: Any) -> drafts.Draft:
    made = drafts.blank("k", answer)
    made["steps"][0] |= {"prompt": prompt, **step}
    return made


def test_the_numbers_of_a_plain_exercise_become_variables_and_its_answer_their_formula() -> None:
    made = proposals.vary(plain("What is $7 + 5$?", {"kind": "number", "value": "12"}, solution="$7+5=12$"))
    step = made["steps"][0]
    assert (step["prompt"], step["answer"]["value"]) == ("What is $@{a} + @{b}$?", "@{c}")
    assert step["solution"] == "$@{a}+@{b}=@{c}$"
    assert made["variables"]["draw"] == [{"name": "a", **NOTHING}, {"name": "b", **NOTHING}]
    assert made["variables"]["let"] == [{"name": "c", "formula": "a + b"}]
    assert proposals.vary(made) == made


def test_a_proposal_guesses_nothing_that_two_formulas_or_none_could_be() -> None:
    for prompt, value in (
        ("What is $2 + 2$?", "4"),
        ("Solve $3x + 5 = 20$.", "5"),
        ("What is three times $7$?", "21"),
        ("Half of 2.5?", "1.25"),
    ):
        made = proposals.vary(plain(prompt, {"kind": "number", "value": value}))
        assert [row["formula"] for row in made["variables"]["let"]] == [""], prompt
        found = drafts.to_exercise(made, "k").findings
        assert [one.part for one in found] == ["let 1"], prompt


def test_exponents_figures_links_and_large_numbers_do_not_vary() -> None:
    text = "In $x^2$, $x_{12}$, ![3](figures/p4.png), [5](https://a.example/6) and 10,000"
    made = proposals.vary(plain(f"{text} add 25.", {"kind": "expression", "value": "x^2 + 25"}))
    assert made["steps"][0]["prompt"] == f"{text} add @{{a}}."
    assert made["steps"][0]["answer"]["value"] == "x^2 + @{a}"
    assert made["variables"]["draw"] == [{"name": "a", "from": "12", "to": "50", "step": "", "except": []}]


def test_nothing_and_one_do_not_vary_however_they_are_written() -> None:
    made = proposals.vary(plain("What is $8.0 / 4.0 + 0.0 + 00 - 1.0$?", {"kind": "number", "value": "3"}))
    assert made["steps"][0]["prompt"] == "What is $@{a|decimal} / @{b|decimal} + 0.0 + 00 - 1.0$?"


def test_ids_and_tolerances_of_a_key_do_not_vary() -> None:
    answer = {"kind": "one_choice", "choices": {"2": "is 12", "7": "is 14"}, "correct": "2"}
    made = proposals.vary(plain("What is $7 + 5$?", answer))
    assert made["steps"][0]["answer"] == {**answer, "choices": {"2": "is @{c}", "7": "is @{d}"}}
    number = proposals.vary(plain("About $7 + 5$?", {"kind": "number", "value": "12", "tolerance": "5"}))
    assert number["steps"][0]["answer"]["tolerance"] == "5"


def test_the_button_proposes_and_says_what_to_look_at(at: Desk) -> None:
    at.press("save", {"steps.0.prompt": "What is $7 + 5$?", "steps.0.answer.value": "12"})
    answer = at.client.post(at.address(), {**at.open(), "do": "vary template"}, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert 'data-went="proposed"' in page
    assert "This is a proposal" in page
    assert at.press("publish").status_code == 302
    row = Exercise.objects.get(pk=at.exercise.pk)
    assert row.variables["let"] == {"c": "a + b"}


def test_drafts_written_as_text_keep_their_variables() -> None:
    made = drafts.to_exercise(
        {**drafts.blank("k", {}), "variables": {**variables.blank(), "more": "let: {c: '2'}"}}, "k"
    )
    assert made.exercise == Packed(key="k", variables={"let": {"c": "2"}}, steps=made.exercise.steps)
