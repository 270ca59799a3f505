"""Templates: the same seed gives the same exercise, exact values, and a template that cannot work says why."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content import grading, variants
from content.package import Exercise, Hint, Misconception, Rewriting, Step, WrongAnswer


def template(variables: dict[str, Any], *, prompt: str = "Solve $@{a}x=@{c}$.", answer: str = "@{x}") -> Exercise:
    step = Step(
        key="solve",
        answer={"kind": "number", "value": answer},
        hints=(Hint(key="h1", text="Divide by @{a}."),),
        wrong_answers=(WrongAnswer(response="@{c}", feedback="Divide @{c} by @{a}."),),
    )
    return Exercise(key="solve", prompt=prompt, steps=(step,), variables=variables)


DRAWN = {"draw": {"a": {"from": "2", "to": "9"}, "x": {"from": -6, "to": 6, "except": ["0"]}}, "let": {"c": "a*x"}}


def simple(pattern: str, value: str) -> str:
    exercise = Exercise(
        key="e",
        prompt=pattern,
        steps=(Step(key="e", answer={"kind": "text", "accept": ["x"]}),),
        variables={"rows": [{"a": value}]},
    )
    return variants.instantiate(exercise, 0).prompt


def test_an_exercise_without_variables_is_itself() -> None:
    plain = template({}, prompt="Solve.", answer="3")
    assert variants.instantiate(plain, 0) is plain
    assert variants.instantiate(plain, 7) is plain


def test_the_same_seed_gives_the_same_variant_and_other_seeds_others() -> None:
    made = template(DRAWN)
    assert variants.instantiate(made, 5) == variants.instantiate(made, 5)
    assert len({variants.instantiate(made, seed).prompt for seed in range(30)}) > 10


def test_a_seed_draws_the_same_values_on_every_machine() -> None:
    assert variants.draw_values(template(DRAWN), 1) == {"a": Fraction(5), "x": Fraction(-1), "c": Fraction(-5)}


def test_values_reach_every_text_of_the_exercise() -> None:
    made = variants.instantiate(template(DRAWN), 3)
    values = variants.draw_values(template(DRAWN), 3)
    assert made.prompt == f"Solve ${values['a']}x={values['c']}$."
    assert made.steps[0].answer["value"] == str(values["x"])
    assert made.steps[0].hints[0].text == f"Divide by {values['a']}."
    assert made.steps[0].wrong_answers[0].response == str(values["c"])
    assert not made.variables


def test_conditions_are_kept_by_every_draw() -> None:
    made = template({**DRAWN, "where": ["c != 12", "c < 40"]})
    values = [variants.draw_values(made, seed)["c"] for seed in range(200)]
    assert all(isinstance(value, Fraction) and value != 12 and value < 40 for value in values)


def test_rows_are_drawn_together() -> None:
    made = template({"rows": [{"a": 2, "c": 6, "x": 3}, {"a": 5, "c": 20, "x": 4}]})
    assert {variants.instantiate(made, seed).prompt for seed in range(20)} == {"Solve $2x=6$.", "Solve $5x=20$."}


def test_a_range_may_have_a_step_and_end_between_two_of_its_values() -> None:
    made = template({"draw": {"a": {"from": "0.5", "to": "2.2", "step": "0.5"}}}, prompt="@{a}", answer="@{a}")
    drawn = {variants.draw_values(made, seed)["a"] for seed in range(100)}
    assert drawn == {Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(2)}


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("x @{a|signed}", "3", "x + 3"),
        ("x @{a|signed}", "-3", "x - 3"),
        ("@{a|coefficient}x", "1", "x"),
        ("@{a|coefficient}x", "-1", "-x"),
        ("@{a|coefficient}x", "4", "4x"),
        ("x^2 @{a|signed|coefficient}x", "-1", "x^2 - x"),
        ("@{a|latex}", "-3/4", r"-\frac{3}{4}"),
        ("@{a|latex}", "6/3", "2"),
        ("@{a}", "3/4", "3/4"),
        ("2 \\cdot @{a|bracketed}", "-3", "2 \\cdot (-3)"),
        ("2 \\cdot @{a|bracketed}", "3", "2 \\cdot 3"),
        ("@{a|decimal}", "1/8", "0.125"),
        ("@{a|signed|latex}", "-1/2", r"- \frac{1}{2}"),
        ("the @{a} root", "square", "the square root"),
    ],
)
def test_filters_write_a_value_as_asked(pattern: str, value: str, expected: str) -> None:
    assert simple(pattern, value) == expected


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"draw": {"a": {"from": 2}}}, "from, to and step"),
        ({"draw": {"a": {"form": 2, "to": 3}}}, "unknown field: form"),
        ({"draw": {"a": {"choose": []}}}, "nothing to draw"),
        ({"draw": {"a": {"from": 5, "to": 2}}}, "nothing to draw"),
        ({"draw": {"a": {"from": 0, "to": 100000000}}}, "too many values: at most"),
        ({"draw": {"a": 5}}, "neither"),
        ({"draw": ["a"]}, "not names with values"),
        ({"rows": [{"a": 1, "c": 2, "x": 3}, {"a": 1}]}, "same names"),
        ({"rows": "a"}, "not a list"),
        ({**DRAWN, "where": ["a > 100"]}, "no draw"),
        ({**DRAWN, "where": ["a + 1"]}, "neither true nor false"),
        ({**DRAWN, "let": {"c": "a*q"}}, "let c"),
        ({**DRAWN, "let": {"c": "1/(a-a)"}}, "let c"),
        ({**DRAWN, "lets": {}}, "unknown field: lets"),
        ({"draw": {"a": {"from": 1, "to": 2}, "x": {"from": 1, "to": 2}}}, "there is no such variable: c"),
        ({**DRAWN, "rows": [{"a": 1}]}, "defined twice"),
        ({**DRAWN, "let": {"c": "a*x", "unused": "a+1"}}, "unused: it is never used"),
    ],
)
def test_a_template_that_cannot_work_says_why(variables: dict[str, Any], complaint: str) -> None:
    assert any(complaint in problem for problem in variants.check_variants(template(variables)))


def test_an_unknown_filter_is_named() -> None:
    made = template(DRAWN, prompt="@{a|sighned} @{c}")
    assert variants.check_variants(made) == ["@{a|sighned}: there is no such filter: sighned"]


def test_a_blank_without_variables_is_a_mistake() -> None:
    assert variants.check_variants(template({}, answer="3")) != []


def test_a_sound_template_has_no_problems() -> None:
    assert variants.check_variants(template(DRAWN)) == []


def test_a_place_may_hold_a_formula_of_values() -> None:
    assert simple("@{a*2 + 1} @{a - 5|signed} @{1/a|latex}", "3") == r"7 - 2 \frac{1}{3}"
    assert variants.blanks(template(DRAWN, prompt="@{gcd(a, c)}")) == {"a", "c", "x"}


def test_a_formula_of_unknown_values_is_named() -> None:
    made = template(DRAWN, prompt="@{a + q} @{c}")
    assert variants.check_variants(made) == ["@{a + q}: a + q: there is no such variable: q"]


THEMED = {
    **DRAWN,
    "themes": {
        "sport": {"story": "@{a} laps of @{x} km", "who": "runners"},
        "music": {"story": "@{a} songs of @{x} minutes", "who": "drummers"},
    },
}


def themed(variables: dict[str, Any] = THEMED) -> Exercise:
    return template(variables, prompt="The @{who}: @{story}, @{c}.")


def test_a_theme_changes_the_story_and_not_the_mathematics() -> None:
    for seed in range(30):
        sport, music = (variants.instantiate(themed(), seed, theme) for theme in ("sport", "music"))
        assert "laps" in sport.prompt
        assert "songs" in music.prompt
        assert sport.prompt.replace("laps of", "songs of").replace("km", "minutes").replace("runners", "drummers") == (
            music.prompt
        )
        assert sport.steps == music.steps == variants.instantiate(template(DRAWN), seed).steps


def test_the_theme_is_one_that_the_student_likes() -> None:
    assert {variants.theme_of(themed(), seed, ["food", "music"]) for seed in range(20)} == {"music"}
    assert {variants.theme_of(themed(), seed, ["food"]) for seed in range(20)} == {"sport", "music"}
    assert variants.theme_of(template(DRAWN), 1, ["music"]) == ""


def test_without_a_theme_or_with_one_that_is_gone_the_seed_decides() -> None:
    for seed in range(10):
        drawn = variants.instantiate(themed(), seed, variants.theme_of(themed(), seed))
        assert variants.instantiate(themed(), seed) == variants.instantiate(themed(), seed, "gone") == drawn


@pytest.mark.parametrize(
    ("themes", "complaint"),
    [
        ({"sport": {"who": "a"}, "music": {"who": "b", "what": "c"}}, "another theme has what is missing here: what"),
        ({"sport": {"a": "twice"}}, "variable a: it is defined twice"),
        ({"sport": {"who": " "}}, "theme sport: it is empty: who"),
        ({"sport": "laps"}, "theme sport: not names with texts"),
        ({"sport": {"who": "@{q}"}}, "there is no such variable: q"),
    ],
)
def test_themes_that_cannot_work_say_why(themes: dict[str, Any], complaint: str) -> None:
    problems = variants.check_variants(themed({**DRAWN, "themes": themes}))
    assert any(complaint in problem for problem in problems), problems


FIRST_TERM = Misconception(
    key="first-term", title="First term only", rewritings=(Rewriting(before="a*(b + c)", after="a*b + c"),)
)
ADDED = Misconception(key="added", title="Added", rewritings=(Rewriting(before="a*b", after="a + b"),))
RULES = (FIRST_TERM, ADDED)
DOUBLE = {"draw": {"a": {"from": 2, "to": 9}, "b": {"from": 1, "to": 9}}}


def expanding(answer: dict[str, Any], *applied_to: tuple[str, str], variables: dict[str, Any] = DOUBLE) -> Exercise:
    wrong = tuple(
        WrongAnswer(response="", feedback="Look again.", misconception=key, applied_to=formula)
        for formula, key in applied_to
    )
    step = Step(key="expand", answer=answer, wrong_answers=wrong)
    return Exercise(key="expand", prompt="@{a} times $x+@{b}$?", steps=(step,), variables=variables)


EXPANDED = {"kind": "expression", "value": "@{a}x+@{a*b}"}
CHOSEN = {"kind": "one_choice", "distractors": "yes", "right": "$@{a}x+@{a*b}$"}


def test_a_rule_gives_the_wrong_answer_of_every_variant() -> None:
    exercise = expanding(EXPANDED, ("@{a}(x+@{b})", "first-term"))
    for seed in range(30):
        made = variants.instantiate(exercise, seed, misconceptions=RULES).steps[0]
        values = variants.draw_values(exercise, seed)
        key = grading.parse_key(made.answer)
        given = grading.grade(key, f"{values['b']} + {values['a']}x", wrong_answers=made.wrong_answers)
        assert given.wrong_answer == 0
        assert made.wrong_answers[0].misconception == "first-term"


@pytest.mark.parametrize(
    ("answer", "formula", "expected"),
    [
        ({"kind": "number", "value": "21"}, "3(2+5)", "11"),
        ({"kind": "number", "value": "21", "unit": "km", "unit_required": True}, "3(2+5)", "11 km"),
        ({"kind": "number", "value": "2"}, "1/2*(3+1/3)", "11/6"),
        ({"kind": "number", "value": "2"}, "x = 3(2+5)", "11"),
        ({"kind": "number", "value": "9"}, "2*(0.25+1)", "1.5"),
        ({"kind": "expression", "value": "3x+6"}, "3(x+2)", "3x+2"),
        ({"kind": "one_choice", "choices": {"a": "$3x+6$", "b": "$2+3x$"}, "correct": "a"}, "3(x+2)", "b"),
        ({"kind": "one_choice", "choices": {"a": "$3x+6$", "b": "$7$"}, "correct": "a"}, "3(x+2)", None),
        ({"kind": "number", "value": "2"}, "3(x+2)", None),
        ({"kind": "number", "value": "11"}, "3(2+5)", None),  # right, by chance
        ({"kind": "number", "value": "21"}, "3+4", None),  # nothing that the rule could be applied to
    ],
)
def test_a_computed_answer_is_written_as_its_kind_of_step_takes_it(
    answer: dict[str, Any], formula: str, expected: str | None
) -> None:
    made = variants.instantiate(expanding(answer, (formula, "first-term"), variables={}), 0, misconceptions=RULES)
    assert [wrong.response for wrong in made.steps[0].wrong_answers] == ([expected] if expected else [])


def test_a_wrong_answer_equal_to_another_is_left_out() -> None:
    same = {"kind": "number", "value": "5"}
    exercise = expanding(same, ("3(2+5)", "first-term"), ("8(1+3)", "first-term"), ("10*1", "added"), variables={})
    assert len(variants.instantiate(exercise, 0, misconceptions=RULES).steps[0].wrong_answers) == 1


def test_choices_are_made_of_wrong_answers() -> None:
    exercise = expanding(CHOSEN, ("@{a}(x+@{b})", "first-term"), ("@{a}*(x+@{b})", "added"))
    places = set()
    for seed in range(60):
        step = variants.instantiate(exercise, seed, misconceptions=RULES).steps[0]
        key = grading.parse_key(step.answer)
        values = variants.draw_values(exercise, seed)
        choices = step.answer["choices"]
        assert choices[step.answer["correct"]] == variants.fill("$@{a}x+@{a*b}$", values)
        assert len(set(choices.values())) == len(choices) >= 2
        for wrong in step.wrong_answers:
            found = grading.grade(key, str(wrong.response), wrong_answers=step.wrong_answers)
            assert not found.correct
            assert found.wrong_answer is not None
        places.add(list(choices).index(step.answer["correct"]))
    assert places == {0, 1, 2}


def test_a_choice_is_never_equal_to_the_right_one_in_other_words() -> None:
    exercise = expanding(
        {"kind": "one_choice", "distractors": True, "right": "$6+3x$ km", "choices": {"other": "$1$ km"}},
        ("3(x+6)", "first-term"),  # 3x + 6, which is right
        ("3(x+2)", "first-term"),
        variables={},
    )
    choices = variants.instantiate(exercise, 0, misconceptions=RULES).steps[0].answer["choices"]
    assert sorted(choices.values()) == ["$1$ km", "$3x+2$ km", "$6+3x$ km"]


def test_nothing_to_choose_from_is_a_problem() -> None:
    exercise = expanding(CHOSEN, ("@{a}+@{b}", "first-term"))
    with pytest.raises(variants.VariantProblem, match="nothing to choose from"):
        variants.instantiate(exercise, 0, misconceptions=RULES)
    assert any("nothing to choose from" in problem for problem in variants.inspect(exercise, RULES).problems)


@pytest.mark.parametrize(
    ("exercise", "complaint"),
    [
        (expanding(EXPANDED, ("@{a}(x+@{b})", "unknown")), "a misconception with a rule is needed: unknown"),
        (expanding(EXPANDED, ("@{a}(x+", "first-term")), "cannot be read"),
        (expanding({"kind": "true_false", "correct": "yes"}, ("@{a}(x+@{b})", "added")), "cannot be computed"),
        (expanding({"kind": "number", "value": "@{a*b}x"}), "not one number"),
        (
            expanding(EXPANDED, variables={"draw": {"a": {"choose": [2]}, "b": {"from": 4000000, "to": 4000009}}}),
            "variable b: many digits, if that is meant allow large numbers: at most 6",
        ),
        (
            expanding(
                {"kind": "number", "value": "@{a*b}"},
                variables={"draw": {"a": {"choose": ["1/1009"]}, "b": {"from": 2, "to": 9}}},
            ),
            "a large denominator, if that is meant allow large numbers: at most 1000",
        ),
        (
            expanding(
                {"kind": "number", "value": "@{a*b}"},
                variables={"draw": {"a": {"from": 1, "to": 9}, "b": {"choose": [2, 3]}, "c": {"choose": ["", " "]}}},
            ),
            "c: it is never used",
        ),
    ],
)
def test_what_must_not_reach_a_student_is_a_problem(exercise: Exercise, complaint: str) -> None:
    problems = variants.inspect(exercise, RULES).problems
    assert any(complaint in problem for problem in problems), problems


def test_a_wrong_answer_that_is_right_in_some_variant_is_found() -> None:
    made = template(DRAWN, answer="@{x}")
    step = Step(key="solve", answer={"kind": "number", "value": "@{x}"}, wrong_answers=(
        WrongAnswer(response="@{x*x}", feedback="Squared."),
    ))  # fmt: skip
    found = variants.inspect(Exercise(key="solve", prompt=made.prompt, steps=(step,), variables=DRAWN))
    assert "solve: a wrong answer is right: 1" in found.problems


def test_large_numbers_may_be_meant() -> None:
    large = {"allow": "large", "draw": {"a": {"choose": [2]}, "b": {"from": 4000000, "to": 4000099}}}
    assert variants.inspect(expanding(EXPANDED, variables=large)).problems == ()
    assert "allow: this is not known: huge: possible are: large" in variants.check_variants(
        expanding(EXPANDED, variables={**large, "allow": ["huge"]})
    )


@pytest.mark.parametrize(
    ("prompt", "meaning"),
    [
        ("$x + @{x}@{a}@{c}$", "two signs in a row"),
        ("$@{a} - @{x}$ @{c}", "two signs in a row"),
        (r"$@{a}\cdot @{x}$ @{c}", "a sign after another"),
        ("$@{a-1}x=@{c}$ @{x}", "a factor 1"),
        ("$@{a-2}x=@{c}$ @{x}", "a factor 0"),
        ("$x^@{a-1}=@{c}$ @{x}", "a power of 1"),
    ],
)
def test_a_filter_that_was_forgotten_is_told(prompt: str, meaning: str) -> None:
    found = variants.inspect(template(DRAWN, prompt=prompt))
    assert any(meaning in warning for warning in found.warnings), found
    assert found.problems == ()


def test_filters_leave_nothing_to_tell() -> None:
    prompt = "$@{a-1|coefficient}x @{x|signed}=@{c}$, $@{a}\\cdot @{x|bracketed}$"
    assert variants.inspect(template(DRAWN, prompt=prompt)).warnings == ()


@pytest.mark.parametrize(
    ("variables", "distinct", "exact"),
    [
        (DRAWN, 96, True),
        ({"draw": {"a": {"from": 2, "to": 3}, "x": {"from": 1, "to": 3}}, "let": {"c": "a*x"}}, 6, True),
        ({**DRAWN, "where": ["c > 0", "c < 9"]}, 12, True),
        ({"rows": [{"a": 2, "c": 6, "x": 3}, {"a": 5, "c": 20, "x": 4}, {"a": 2, "c": 6, "x": 3}]}, 2, True),
        ({"draw": {"a": {"from": 2, "to": 99}, "x": {"from": 1, "to": 99}}, "let": {"c": "a*x"}}, 250, False),
    ],
)
def test_variants_are_counted(variables: dict[str, Any], distinct: int, exact: bool) -> None:
    found = variants.inspect(template(variables))
    assert found.exact is exact
    assert found.distinct == distinct if exact else distinct <= found.distinct <= 300
    few = [warning for warning in found.warnings if "better are: at least 50" in warning]
    assert bool(few) is (found.distinct < 50)


def test_themes_do_not_count_as_variants() -> None:
    assert variants.inspect(themed()).distinct == variants.inspect(template(DRAWN)).distinct


def test_ten_different_variants_are_shown_in_every_theme() -> None:
    found = variants.inspect(themed())
    assert len({sample.exercise.prompt for sample in found.samples}) == len(found.samples) == 10
    assert {sample.theme for sample in found.samples} == {"sport", "music"}
    assert found.samples[3].exercise == variants.instantiate(themed(), found.samples[3].seed, found.samples[3].theme)


def test_a_theme_that_nobody_can_choose_is_told() -> None:
    made = themed({**DRAWN, "themes": {"knitting": {"story": "@{a} rows of @{x}", "who": "knitters"}}})
    assert any("theme knitting" in warning for warning in variants.inspect(made).warnings)


@given(
    st.integers(-20, 20), st.integers(0, 30), st.integers(1, 5), st.integers(0, 2**31), st.sampled_from(["a", "a+b"])
)
def test_what_is_drawn_lies_in_its_range_and_is_drawn_again(
    low: int, width: int, step: int, seed: int, sum_: str
) -> None:
    variables = {
        "draw": {"a": {"from": low, "to": low + width, "step": step}, "b": {"from": 1, "to": 3}},
        "let": {"c": sum_},
    }
    made = expanding({"kind": "number", "value": "@{c}"}, variables=variables)
    values = variants.draw_values(made, seed)
    drawn, other, computed = (Fraction(str(values[name])) for name in ("a", "b", "c"))
    assert low <= drawn <= low + width
    assert (drawn - low) % step == 0
    assert computed == (drawn if sum_ == "a" else drawn + other)
    assert variants.draw_values(made, seed) == values
