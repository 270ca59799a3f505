"""OATutor's pool: what is sound comes through, every defect is reported with its id, nothing makes it fail."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content import formats, grading, importing, markup, schema, variants
from content.formats import oatutor, oatutor_answers, oatutor_text
from content.formats.source import CourseError, Loaded
from content.package import Exercise, HintKind

LICENCE = "https://creativecommons.org/licenses/by/4.0/ <CC BY 4.0>"


def step(**changes: Any) -> dict[str, Any]:
    fields = {
        "id": "p1a",
        "stepAnswer": ["$$\\frac{1}{2}$$"],
        "problemType": "TextBox",
        "stepTitle": "Solve $$2x=1$$.",
        "stepBody": "",
        "answerType": "arithmetic",
        "variabilization": {},
    }
    return fields | changes


def hint(key: str, needs: list[str] | None = None, **changes: Any) -> dict[str, Any]:
    return {"id": key, "type": "hint", "dependencies": needs or [], "title": "", "text": f"Text of {key}"} | changes


def pool(
    *steps: dict[str, Any], pathway: Any = None, problem: dict[str, Any] | None = None, **more: bytes
) -> dict[str, bytes]:
    """One problem `p1` with its steps; each has the pathway given."""
    source = {
        "id": "p1",
        "title": "Equations",
        "body": "Look at it.",
        "variabilization": {},
        "oer": "https://openstax.org/a <OpenStax>",
        "license": LICENCE,
        "lesson": "2.1 Equations",
        "lessonId": "L1",
    }
    files: dict[str, Any] = {
        "content-pool/p1/p1.json": source | (problem or {}),
        "skillModel.json": {"p1a": ["solve_equations/linear"]},
        "coursePlans.json": [
            {
                "courseName": "A Course",
                "language": "en",
                "courseLicense": LICENCE,
                "lessons": [{"id": "L1", "learningObjectives": {}}],
            }
        ],
    }
    for one in steps or (step(),):
        start = f"content-pool/p1/steps/{one['id']}"
        files[f"{start}/{one['id']}.json"] = one
        files[f"{start}/tutoring/{one['id']}DefaultPathway.json"] = [hint("h1")] if pathway is None else pathway
    return {name: json.dumps(value).encode() for name, value in files.items()} | {
        f"content-pool/p1/figures/{name.replace('_', '.')}": data for name, data in more.items()
    }


def first(loaded: Loaded) -> Exercise:
    return loaded.package.exercises[0]


def complaints(files: dict[str, bytes]) -> str:
    return "\n".join(f"{defect.place}: {defect.problem}" for defect in oatutor.read(files).defects)


def test_a_pool_is_recognised() -> None:
    assert formats.detect(pool()) == "oatutor"
    assert not oatutor.recognises({"course.yaml": b""})


def test_a_problem_becomes_an_exercise_with_its_licence_and_origin() -> None:
    loaded = oatutor.read(pool())
    exercise = first(loaded)
    assert loaded.defects == ()
    assert (exercise.key, exercise.title, exercise.lesson) == ("p1", "Equations", "2.1 Equations")
    assert exercise.licence == "CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)"
    assert exercise.attribution.startswith("OpenStax (https://openstax.org/a), via OATutor")
    assert exercise.steps[0].prompt == "Solve $2x=1$."
    assert exercise.steps[0].answer == {"kind": "number", "value": "1/2", "form": "any"}
    assert exercise.steps[0].solution == "Text of h1\n\n$1/2$"
    assert [(concept.key, concept.title) for concept in loaded.package.concepts] == [
        ("solve_equations-linear", "Solve equations/linear")
    ]
    assert schema.check(loaded.package) == []


@pytest.mark.parametrize(
    ("stored", "answer_type", "kind", "right", "wrong"),
    [
        ("$$12$$", "arithmetic", "number", "12.0", "13"),
        ("$$-1,200$$", "arithmetic", "number", "-1200", "1200"),
        (r"$$\frac{-1}{4}$$", "arithmetic", "number", "-0.25", "0.25"),
        ("$$4x+8$$", "arithmetic", "expression", "4(x+2)", "4x+2"),
        (r"$$p=\frac{360}{q}$$", "arithmetic", "expression", "p=360/q", "p=36/q"),
        (r"$$\log_{3}\left(z\right)-2$$", "arithmetic", "expression", "log_3(z)-2", "log_3(z)"),
        ("m=4, m=-2", "string", "expression", "m=-2, m=4", "m=4, m=2"),
        ("(0,6), (-6,0)", "string", "expression", "(0,6),(-6,0)", "(6,0),(-6,0)"),
        ("x**3", "string", "expression", "x^3", "x^2"),
        ("$$12$$", "arithmetic", "number", "2*12/2", "2*12"),
        ("$$25$$", "arithmetic", "number", "5^2", "5*2"),
        (r"$$\frac{-1}{4}$$", "arithmetic", "number", "3/4-1", "1-3/4"),
        ("$$na$$", "arithmetic", "expression", "a*n", "n+a"),
        ("$$DNE$$", "arithmetic", "text", "dne", "NED"),
        ("UND", "arithmetic", "text", "UND", "DUN"),
        (r"$$\text{no solution}$$", "arithmetic", "text", "No solution", "0"),
        ("undefined", "arithmetic", "text", "undefined", "0"),
        ("no real solutions", "string", "text", "No real solutions.", "0"),
        ("DNE", "string", "text", "dne", "END"),
        ("N", "string", "text", "n", "m"),
        ("615,195", "string", "text", "615, 195", "615,196"),
        ("Complex", "string", "text", "complex", "real"),
    ],
)
def test_an_answer_is_asked_for_as_what_it_is(stored: str, answer_type: str, kind: str, right: str, wrong: str) -> None:
    loaded = oatutor.read(pool(step(stepAnswer=[stored], answerType=answer_type)))
    answer = first(loaded).steps[0].answer
    key = grading.parse_key(answer)
    assert answer["kind"] == kind
    assert grading.grade(key, right).correct
    assert not grading.grade(key, wrong).correct
    assert loaded.own_answers is not None
    assert grading.grade(key, loaded.own_answers["p1a"]).correct
    assert loaded.gradable() == 1


def choice(*choices: str, answers: tuple[str, ...] = ("$$x$$",)) -> dict[str, Any]:
    return step(problemType="MultipleChoice", answerType="string", choices=list(choices), stepAnswer=list(answers))


def test_choices_are_choices_and_equal_ones_are_kept_once() -> None:
    files = pool(choice("$$x$$", "$$y$$", "$$x$$"))
    answer = first(oatutor.read(files)).steps[0].answer
    assert answer == {"kind": "one_choice", "choices": {"a": "$x$", "b": "$y$"}, "correct": "a"}
    assert "p1a: equal or empty choices" in complaints(files)


def test_a_right_answer_that_is_not_offered_is_added() -> None:
    files = pool(choice("$$y$$", "$$z$$"))
    assert first(oatutor.read(files)).steps[0].answer["correct"] == "c"
    assert "not among the choices" in complaints(files)


def test_several_right_answers_are_several_choices() -> None:
    answer = first(oatutor.read(pool(choice("x", "y", "z", answers=("x", "z"))))).steps[0].answer
    assert (answer["kind"], answer["correct"]) == ("several_choices", ["a", "c"])


def test_a_step_with_one_choice_is_dropped_and_the_others_stay() -> None:
    files = pool(choice("$$x$$"), step(id="p1b"))
    loaded = oatutor.read(files)
    assert [one.key for one in first(loaded).steps] == ["p1b"]
    assert (loaded.source_steps, loaded.gradable()) == (2, 1)
    assert "p1a: one choice only" in complaints(files)
    assert any(defect.dropped for defect in loaded.defects)


def test_hints_come_after_what_they_depend_on() -> None:
    pathway = [hint("late", ["early"]), hint("early"), hint("last", ["late", "gone"])]
    files = pool(pathway=pathway)
    assert [one.key for one in first(oatutor.read(files)).steps[0].hints] == ["early", "late", "last"]
    assert "p1a: a hint depends on one that does not exist: last, gone" in complaints(files)


def test_hints_in_a_circle_keep_their_order_and_are_reported() -> None:
    files = pool(pathway=[hint("a", ["b"]), hint("b", ["a"])])
    assert [one.key for one in first(oatutor.read(files)).steps[0].hints] == ["a", "b"]
    assert "in a circle" in complaints(files)


def test_two_hints_of_one_id_both_stay() -> None:
    files = pool(pathway=[hint("h"), hint("h", text="Another")])
    assert [one.key for one in first(oatutor.read(files)).steps[0].hints] == ["h", "h-2"]
    assert "two hints are called the same: h" in complaints(files)


def test_scaffolds_ask_and_their_own_hints_follow() -> None:
    scaffold = hint("s", type="scaffold", problemType="TextBox", answerType="arithmetic", hintAnswer=["$$3$$"])
    scaffold["subHints"] = [hint("s-1"), hint("s-2")]
    hints = first(oatutor.read(pool(pathway=[scaffold, hint("end")]))).steps[0].hints
    assert [one.key for one in hints] == ["s", "s-1", "s-2", "end"]
    assert (hints[0].kind, hints[0].answer) == (HintKind.SCAFFOLD, {"kind": "number", "value": "3", "form": "any"})


def test_a_scaffold_whose_answer_cannot_be_used_is_a_plain_hint() -> None:
    broken = hint("s", type="scaffold", problemType="TextBox", answerType="arithmetic", hintAnswer=[])
    files = pool(pathway=[broken])
    assert first(oatutor.read(files)).steps[0].hints[0].kind == HintKind.HINT
    assert "s: no answer is stored" in complaints(files)


def test_an_empty_pathway_is_reported_and_the_step_stays() -> None:
    files = pool(pathway=[])
    assert first(oatutor.read(files)).steps[0].hints == ()
    assert "p1a: an empty pathway" in complaints(files)


def test_lists_of_values_are_drawn_together() -> None:
    lists = {"b": ["4", "9", "16"], "ans": ["2", "3", "4"], "root": ["square", "third"], "unused": ["1"]}
    loaded = oatutor.read(
        pool(step(stepTitle="The @{root} root of $$@{b}$$", stepAnswer=["@{ans}"]), problem={"variabilization": lists})
    )
    exercise = first(loaded)
    assert exercise.variables["rows"][2] == {"b": "16", "ans": "4", "root": "square"}
    seen = {variants.instantiate(exercise, seed).steps[0].prompt for seed in range(30)}
    assert seen == {"The square root of $4$", "The third root of $9$", "The square root of $16$"}
    assert schema.check(loaded.package) == []


def test_figures_are_named_for_their_problem_and_missing_ones_reported() -> None:
    files = pool(step(stepBody="See\\n##a.png## and ##gone.gif"), a_png=b"a", b_png=b"b")
    loaded = oatutor.read(files)
    assert dict(loaded.package.files) == {"p1-a.png": b"a"}
    assert "![a](figures/p1-a.png)" in first(loaded).steps[0].prompt
    said = complaints(files)
    assert "p1a: a figure is missing: gone.gif" in said
    assert "p1: a figure that is not used: b.png" in said


def test_a_step_without_skills_practises_its_lesson() -> None:
    files = pool(step(), step(id="p1b"))
    loaded = oatutor.read(files)
    assert first(loaded).steps[1].concepts == ("lesson-2.1-Equations",)
    assert "p1b: no skill" in complaints(files)


def test_identical_problems_are_reported_and_both_stay() -> None:
    files = pool()
    copied = {
        name.replace("p1", "p2"): data.replace(b'"p1a"', b'"p2a"') for name, data in files.items() if "p1" in name
    }
    loaded = oatutor.read(files | copied)
    assert len(loaded.package.exercises) == 2
    assert any("p2" in defect.place and "identical" in defect.problem for defect in loaded.defects)


def test_files_that_cannot_be_read_are_reported_and_the_rest_stays() -> None:
    files = pool(step(), step(id="p1b")) | {
        "content-pool/p1/steps/p1b/p1b.json": b"{",
        "content-pool/p2/p2.json": b"[" * 100_000,
        "content-pool/p3/p3.json": b"[]",
        "skillModel.json": b"\xff",
    }
    loaded = oatutor.read(files)
    assert [one.key for one in first(loaded).steps] == ["p1a"]
    assert {"p1b", "p2", "skillModel.json"} <= {defect.place for defect in loaded.defects}


def test_a_pool_without_anything_usable_is_refused() -> None:
    with pytest.raises(CourseError, match="no problem"):
        oatutor.read({"content-pool/p1/p1.json": b"{}"})


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["TextBox", "scaffold", "h1", "$$x$$"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "text", "type"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from(list(step())), JUNK, max_size=4),
    st.dictionaries(
        st.sampled_from(["title", "body", "variabilization", "license", "oer", "lesson"]), JUNK, max_size=3
    ),
    JUNK,
)
def test_no_shape_of_the_files_makes_it_fail(changes: dict[str, Any], problem: dict[str, Any], pathway: Any) -> None:
    changes.pop("id", None)
    try:
        loaded = oatutor.read(pool(step(**changes), step(id="p1b"), pathway=pathway, problem=problem))
    except CourseError:
        return
    assert schema.check_structure(loaded.package) == []
    assert importing.fingerprint(loaded.package)


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        ("Solve $$x=2$$ for $5 and $6", r"Solve $x=2$ for \$5 and \$6"),
        ("It costs $$\\$12.66$$.", r"It costs $\$12.66$."),
        ("$$2$$5", "$2$ 5"),
        ("a_b * c_d [x] #1 <b>", r"a\_b \* c\_d \[x\] \#1 \<b\>"),
        ("first\\nsecond", "first\n\nsecond"),
        ("If $$b$$\\neq0, go", "If $b$≠0, go"),
        ("- 4 is less", r"\- 4 is less"),
        ("1. First", "1\\. First"),
        ("3**4", "3^4"),
        ("$$a**c+b**{2}+(-8)**(1/3)$$", "$a^{c}+b^{2}+(-8)^{(1/3)}$"),
        ("ninety $$thirty-two$$", "ninety thirty-two"),
        ("$$$$ empty", "empty"),
        ("a $$b$$ c $$d", "a $b$ c  d"),
    ],
)
def test_a_text_means_the_same_in_markdown(source: str, markdown: str) -> None:
    made = oatutor_text.convert(source, figures={})
    assert made.text == markdown
    assert "math-error" not in markup.render(made.text)


def test_latex_that_cannot_be_shown_is_kept_as_its_source_and_reported() -> None:
    files = pool(step(stepBody="See $$\\frac{1$$."))
    loaded = oatutor.read(files)
    assert first(loaded).steps[0].prompt.endswith("See `\\frac{1`.")
    assert "p1a: LaTeX that cannot be shown" in complaints(files)
    assert schema.check(loaded.package) == []


def test_an_odd_number_of_dollars_is_reported() -> None:
    assert oatutor_text.convert("a $$b", figures={}).problems != ()


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="$x\\{}*()#_n1 -.\n", max_size=40))
def test_no_text_makes_the_translation_fail(text: str) -> None:
    markup.render(oatutor_text.convert(text, figures={"a.png": "a.png"}).text)
    oatutor_answers.undollared(text)
