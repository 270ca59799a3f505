"""Moodle XML: every kind of question becomes what it asks, or says why not; nothing is lost on the way back."""

import base64
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content import grading, variants
from content.formats import gift, moodle_xml
from content.formats.source import CourseError, Loaded
from content.html import from_plain
from content.package import Concept, CoursePackage, Exercise, Step, WrongAnswer

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "content" / "moodle-xml-sample.zip"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def quiz(*questions: str) -> dict[str, bytes]:
    return {"unit.xml": f'<?xml version="1.0" encoding="UTF-8"?><quiz>{"".join(questions)}</quiz>'.encode()}


def question(kind: str, inside: str = "", *, text: str = "<p>What?</p>", more: str = "") -> str:
    return (
        f'<question type="{kind}"><name><text>A name</text></name><questiontext format="html">'
        f"<text><![CDATA[{text}]]></text>{more}</questiontext>{inside}</question>"
    )


def answer(text: str, fraction: str, feedback: str = "", more: str = "") -> str:
    return (
        f'<answer fraction="{fraction}" format="html"><text><![CDATA[{text}]]></text>'
        f'<feedback format="html"><text><![CDATA[{feedback}]]></text></feedback>{more}</answer>'
    )


def read(*questions: str) -> Loaded:
    return moodle_xml.read(quiz(*questions))


def only(loaded: Loaded) -> Step:
    (exercise,) = loaded.package.exercises
    (step,) = exercise.steps
    return step


def score(step: Step, response: str | list[str]) -> float:
    return grading.grade(grading.parse_key(step.answer), response, wrong_answers=step.wrong_answers).score


def test_one_choice_keeps_weights_and_what_is_said_to_each() -> None:
    inside = "<single>true</single><shuffleanswers>1</shuffleanswers>"
    inside += answer("<b>four</b>", "100", "Right.") + answer("five", "50", "Nearly.") + answer("six", "0", "No.")
    step = only(read(question("multichoice", inside)))
    assert step.answer["kind"] == "one_choice"
    assert step.answer["shuffle"] is True
    ids = {text: choice for choice, text in step.answer["choices"].items()}
    assert step.answer["correct"] == ids["**four**"]
    assert [score(step, ids[text]) for text in ("**four**", "five", "six")] == [1, 0.5, 0]
    assert [wrong.feedback for wrong in step.wrong_answers] == ["Nearly.", "No."]
    assert step.solution == "Right."


def test_ranges_that_touch_the_right_number_keep_what_they_are_worth() -> None:
    near = "<tolerance>5</tolerance>"
    inside = answer("290", "100") + answer("295", "50", more=near) + answer("285", "50", more=near)
    step = only(read(question("numerical", inside)))
    assert [score(step, given) for given in ("290", "291", "289", "300", "280", "301")] == [1, 0.5, 0.5, 0.5, 0.5, 0]


def test_pairs_that_are_dragged_have_partners_of_html() -> None:
    pair = '<subquestion format="html"><text>{0}</text><answer format="html"><text><![CDATA[{1}]]></text></answer>'
    inside = "".join(
        pair.format(*one) + "</subquestion>" for one in (("frog", "<p>amphibian</p>"), ("cat", "<b>mammal</b>"))
    )
    step = only(read(question("ddmatch", inside)))
    assert list(step.answer["options"].values()) == ["amphibian", "**mammal**"]


def test_the_picture_beside_an_old_question_is_kept() -> None:
    inside = "<single>true</single>" + answer("a", "100") + answer("b", "0")
    data = base64.b64encode(PNG).decode()
    loaded = read(
        question("multichoice", f"<image>old/map.png</image><image_base64>\n{data}\n</image_base64>{inside}"),
        question("multichoice", f"<image>old/gone.png</image>{inside}", text="Which?"),
    )
    first, second = loaded.package.exercises
    assert first.prompt.startswith("What?\n\n![](figures/map-")
    assert second.prompt == "Which?"
    assert [one.problem for one in loaded.defects] == ["a picture that is not among the files: old/gone.png"]


def test_several_choices_are_graded_by_their_weights() -> None:
    inside = "<single>false</single>"
    inside += answer("a", "50") + answer("b", "50") + answer("c", "-100") + answer("d", "0")
    step = only(read(question("multichoice", inside)))
    ids = {text: choice for choice, text in step.answer["choices"].items()}
    assert score(step, [ids["a"], ids["b"]]) == 1
    assert score(step, [ids["a"]]) == 0.5
    assert score(step, [ids["a"], ids["d"]]) == 0.5
    assert score(step, [ids["a"], ids["c"]]) == 0


def test_true_and_false() -> None:
    inside = answer("true", "0", "Look again.") + answer("false", "100", "Yes.")
    step = only(read(question("truefalse", inside)))
    assert (score(step, "false"), score(step, "true")) == (1, 0)
    assert step.wrong_answers == (WrongAnswer(response="true", feedback="Look again."),)


def test_a_short_answer_keeps_case_stars_and_partial_credit() -> None:
    inside = (
        "<usecase>1</usecase>" + answer("Par*", "100") + answer("Lyon", "40", "Big, but no.") + answer("*", "0", "No")
    )
    loaded = read(question("shortanswer", inside))
    step = only(loaded)
    assert (score(step, "Paris"), score(step, "paris"), score(step, "Lyon")) == (1, 0, 0.4)
    assert loaded.items[0].reasons == ("feedback for every other answer: No",)


def test_numbers_keep_tolerance_and_wider_ranges() -> None:
    inside = answer("1822", "100", more="<tolerance>0.5</tolerance>")
    inside += answer("1822", "50", "Close.", more="<tolerance>3</tolerance>")
    inside += "<units><unit><multiplier>1</multiplier><unit_name>m</unit_name></unit></units>"
    step = only(read(question("numerical", inside)))
    assert step.answer == {"kind": "number", "value": "1822", "tolerance": "0.5", "unit": "m"}
    assert [score(step, each) for each in ("1822.4", "1824", "1830")] == [1, 0.5, 0]


def test_pairs_with_one_too_many() -> None:
    def pair(stem: str, partner: str) -> str:
        return f"<subquestion format='html'><text>{stem}</text><answer><text>{partner}</text></answer></subquestion>"

    step = only(read(question("matching", pair("dog", "Hund") + pair("cat", "Katze") + pair("", "Maus"))))
    assert list(step.answer["stems"].values()) == ["dog", "cat"]
    assert set(step.answer["options"].values()) == {"Hund", "Katze", "Maus"}
    right = [step.answer["pairs"][stem] for stem in step.answer["stems"]]
    assert score(step, right) == 1


def test_items_in_order() -> None:
    step = only(read(question("ordering", answer("two", "2") + answer("one", "1") + answer("three", "3"))))
    assert [step.answer["items"][item] for item in step.answer["correct"]] == ["one", "two", "three"]


def test_an_essay_is_a_long_text_for_people() -> None:
    inside = "<minwordlimit>20</minwordlimit><graderinfo format='html'><text>Two reasons.</text></graderinfo>"
    assert only(read(question("essay", inside))).answer == {
        "kind": "long_text",
        "words_least": "20",
        "rubric": "Two reasons.",
    }


def test_embedded_answers_are_gaps() -> None:
    text = (
        "<p>Look.</p><p>The capital is {1:SHORTANSWER:=Paris~%50%Lyon}, it has {2:NUMERICAL:=2:0.5#fine} rivers "
        r"and is in {:MC:~Spain~=France \} or so~Italy}.</p>"
    )
    loaded = read(question("cloze", text=text))
    step = only(loaded)
    assert loaded.package.exercises[0].prompt == "Look."
    assert step.answer["text"] == "The capital is [[1]], it has [[2]] rivers and is in [[3]]."
    assert [key["kind"] for key in step.answer["gaps"].values()] == ["text", "number", "one_choice"]
    assert step.answer["weights"] == {"2": "2"}
    assert step.answer["gaps"]["3"]["choices"][step.answer["gaps"]["3"]["correct"]] == "France } or so"
    assert loaded.items[0].reasons == ("feedback or part of the points for an answer in a gap",)


@pytest.mark.parametrize(("kind", "tag"), [("gapselect", "selectoption"), ("ddwtos", "dragbox")])
def test_words_for_gaps_are_offered_by_their_group(kind: str, tag: str) -> None:
    words = [("cat", "1"), ("red", "2"), ("dog", "1"), ("blue", "2")]
    inside = "".join(f"<{tag}><text>{word}</text><group>{group}</group><infinite/></{tag}>" for word, group in words)
    step = only(read(question(kind, inside, text="A [[3]] is [[2]].")))
    gaps = step.answer["gaps"]
    assert [list(key["choices"].values()) for key in gaps.values()] == [["cat", "dog"], ["red", "blue"]]
    assert [key["choices"][key["correct"]] for key in gaps.values()] == ["dog", "red"]


CALCULATED = """<answer fraction="100"><text>{a} * {b} / 3</text><tolerance>0.01</tolerance>
<tolerancetype>1</tolerancetype><correctanswerformat>1</correctanswerformat><correctanswerlength>2</correctanswerlength>
</answer><dataset_definitions>%s</dataset_definitions>"""
DATASET = """<dataset_definition><name><text>%s</text></name><dataset_items>%s</dataset_items></dataset_definition>"""


def dataset(name: str, values: list[str]) -> str:
    items = [
        f"<dataset_item><number>{at}</number><value>{value}</value></dataset_item>"
        for at, value in enumerate(values, 1)
    ]
    return DATASET % (name, "".join(items))


def test_a_calculated_question_is_a_template_with_a_row_for_each_item() -> None:
    inside = CALCULATED % (dataset("a", ["1", "2.50"]) + dataset("b", ["7", "8"]))
    loaded = read(question("calculated", inside, text="What is {a} times {b} over 3, not {c}, but {={a}+1}?"))
    (exercise,) = loaded.package.exercises
    prompts = {variants.instantiate(exercise, seed).prompt for seed in range(20)}
    assert prompts == {"What is 1 times 7 over 3, not {c}, but 2?", "What is 2.5 times 8 over 3, not {c}, but 3.5?"}
    values = {variants.instantiate(exercise, seed).steps[0].answer["value"] for seed in range(20)}
    assert len(values) == 2


@pytest.mark.parametrize("formula", ["system('x')", "{a}/0", "(" * 80, "9**9**9**9", "{nobody}", "1 1", ""])
def test_a_formula_that_cannot_be_worked_out_drops_the_question_and_says_so(formula: str) -> None:
    inside = (CALCULATED % dataset("a", ["1"])).replace("{a} * {b} / 3", formula)
    loaded = read(question("calculated", inside), question("essay"))
    assert loaded.items[0].outcome == "dropped"
    assert loaded.items[0].reasons[0].startswith("a formula that cannot be worked out: ")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("ddmarker", "places on a picture"),
        ("randomsamatch", "questions drawn"),
        ("coderunner", "is not known: coderunner"),
    ],
)
def test_what_cannot_be_said_is_dropped_with_its_reason(kind: str, reason: str) -> None:
    loaded = read(question(kind), question("essay"))
    assert (loaded.items[0].outcome, loaded.items[1].outcome) == ("dropped", "kept")
    assert reason in loaded.items[0].reasons[0]


def test_names_hints_tags_and_categories_are_kept() -> None:
    category = '<question type="category"><category><text>$course$/top/Maths/Lines</text></category></question>'
    more = "<idnumber>lines.1</idnumber><hint format='html'><text>Draw it.</text></hint>"
    more += "<tags><tag><text>easy</text></tag></tags><defaultgrade>3.0000000</defaultgrade>"
    loaded = read(category, question("essay", more))
    (exercise,) = loaded.package.exercises
    assert (exercise.key, exercise.title, exercise.lesson, exercise.tags) == ("lines.1", "A name", "Lines", ("easy",))
    assert [hint.text for hint in exercise.steps[0].hints] == ["Draw it."]
    assert [(concept.key, concept.title) for concept in loaded.package.concepts] == [("Maths-Lines", "Lines")]
    assert loaded.items[0].reasons == ("the number of points: 3",)


def test_a_key_is_what_is_asked_and_never_where_it_stands() -> None:
    first, second = question("essay", text="One?"), question("essay", text="Two?")
    keys = [
        {one.prompt: one.key for one in read(*order).package.exercises} for order in ((first, second), (second, first))
    ]
    assert keys[0] == keys[1]
    assert len(read(first, second, first).package.exercises) == 2


def test_a_picture_in_the_file_becomes_a_figure_and_goes_back() -> None:
    file = f'<file name="a b.png" path="/" encoding="base64">{base64.b64encode(PNG).decode()}</file>'
    text = '<p>See <img src="@@PLUGINFILE@@/a%20b.png" alt="a line" onerror="alert(1)"></p>'
    loaded = read(question("essay", text=text, more=file))
    ((name, data),) = loaded.package.files.items()
    assert data == PNG
    assert loaded.package.exercises[0].prompt == f"See ![a line](figures/{name})"
    assert "unsafe HTML: onerror" in loaded.items[0].reasons
    again = moodle_xml.read(moodle_xml.write(loaded.package).files)
    assert dict(again.package.files) == {name: PNG}


def test_what_stands_before_a_fault_in_the_xml_is_kept() -> None:
    whole = quiz(question("essay"))["unit.xml"]
    loaded = moodle_xml.read({"unit.xml": whole.replace(b"</quiz>", b"<question></quiz>")})
    assert len(loaded.package.exercises) == 1
    assert any(defect.problem.startswith("the rest of the file: not XML") for defect in loaded.defects)


def test_entities_are_refused() -> None:
    bomb = b'<!DOCTYPE quiz [<!ENTITY a "ha">]><quiz><question type="essay"/></quiz>'
    with pytest.raises(CourseError, match="a document type"):
        moodle_xml.read({"unit.xml": bomb})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_broken_files_never_raise_anything_but_a_course_error(data: st.DataObject) -> None:
    whole = quiz(
        question("multichoice", answer("a", "100") + answer("b", "0")),
        question("cloze", text="{1:SA:=x} {2:NM:=1:2}"),
        question("numerical", answer("1", "100", more="<tolerance>0</tolerance>")),
        question("calculated", CALCULATED % (dataset("a", ["1"]) + dataset("b", ["2"]))),
    )["unit.xml"]
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 60)))
    put = data.draw(st.one_of(st.binary(max_size=6), st.sampled_from([b"<", b"{", b"}", b"=", b"~%", b"1e999", b"\\"])))
    with suppress(CourseError):  # that nothing can be used is an answer too
        moodle_xml.read({"unit.xml": whole[:start] + put + whole[end:]})


@pytest.mark.parametrize("text", [r"\$5 and \$7", r"\$ < \$", r"$x$ for \$5", r"a\$", "$\\$5$"])
@pytest.mark.parametrize("module", [moodle_xml, gift])
def test_money_is_no_formula_on_the_way_back(module: Any, text: str) -> None:
    step = Step(key="e", answer={"kind": "true_false", "correct": True}, concepts=("c",))
    exercise = Exercise(key="e", title="t", prompt=text, steps=(step,))
    concepts = (Concept(key="c", title="C"),)
    package = CoursePackage(slug="s", title="S", language="en", concepts=concepts, exercises=(exercise,))
    assert module.read(module.write(package).files).package.exercises[0].prompt == text


TEXT = st.text(alphabet=st.sampled_from("ab1 *_<>&{}=~#:\\\n[]|中é`-+!\"'/@%"), min_size=1, max_size=25)
SAYS = TEXT.filter(lambda text: any(sign.isalnum() for sign in text))


def markdown(text: str, *, inline: bool = False) -> str:
    """A text as an import makes it: the one spelling of its Markdown that comes back."""
    return from_plain(text, inline=inline).text


@st.composite
def steps(draw: st.DrawFn) -> Step:
    drawn = draw(st.lists(SAYS, min_size=3, max_size=4, unique=True))
    texts = [*dict.fromkeys(markdown(text, inline=True) for text in drawn), "first", "second"]
    feedback, solution = markdown(drawn[0]), markdown(drawn[1])
    ids = {f"c{at}": text for at, text in enumerate(texts)}
    kind = draw(st.sampled_from(["one_choice", "true_false", "number", "text", "several_choices"]))
    key: dict[str, Any] = {"kind": kind}
    wrong: tuple[WrongAnswer, ...] = ()
    if kind in {"one_choice", "several_choices"}:
        key |= {"choices": ids, "correct": "c0" if kind == "one_choice" else ["c0", "c1"]}
    elif kind == "true_false":
        key |= {"correct": draw(st.booleans())}
    elif kind == "number":
        key |= {"value": str(draw(st.integers(-99, 99)))}
        wrong = (WrongAnswer(response="1234", feedback=feedback),)
    else:
        key |= {
            "accept": draw(
                st.lists(
                    st.sampled_from(["a*b", "=x", "{y}", "#z", "中文", r"p\q", "~t", "u:v"]),
                    min_size=1,
                    max_size=3,
                    unique=True,
                )
            )
        }
    return Step(key="e", answer=key, concepts=("c",), solution=solution, wrong_answers=wrong)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(step=steps(), prompt=SAYS, title=st.sampled_from(["", "Title: {x} = ~y", "标题"]))
@pytest.mark.parametrize("module", [moodle_xml, gift])
def test_what_was_written_is_read_as_it_was(module: Any, step: Step, prompt: str, title: str) -> None:
    exercise = Exercise(key="e", title=title or "t", prompt=markdown(prompt) or "?", steps=(step,), tags=("one",))
    package = CoursePackage(
        slug="s", title="S", language="en", concepts=(Concept(key="c", title="C"),), exercises=(exercise,)
    )
    written = module.write(package)
    assert written.defects == ()
    (again,) = module.read(written.files).package.exercises
    assert (again.key, again.title, again.prompt, again.tags) == ("e", exercise.title, exercise.prompt, ("one",))
    (found,) = again.steps
    assert plain_key(found.answer) == plain_key(step.answer)
    assert found.solution == step.solution
    assert [wrong.feedback for wrong in found.wrong_answers] == [wrong.feedback for wrong in step.wrong_answers]


def plain_key(answer: Any) -> Any:
    """A key without the ids of its choices, which come of their texts."""
    if "choices" not in answer:
        return answer
    correct = [answer["correct"]] if isinstance(answer["correct"], str) else answer["correct"]
    return answer["kind"], list(answer["choices"].values()), [answer["choices"][each] for each in correct]


@pytest.mark.slow
@pytest.mark.skipif(not SAMPLES.is_file(), reason=f"the samples are not at {SAMPLES}")
def test_of_the_samples_only_what_stack_works_out_is_dropped_and_the_rest_comes_back() -> None:
    with zipfile.ZipFile(SAMPLES) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name.endswith(".xml")}
    loaded = moodle_xml.read(files)
    assert {item.kind for item in loaded.items if item.outcome == "dropped"} <= {"stack"}
    assert sum(item.kind == "stack" and item.outcome != "dropped" for item in loaded.items) >= 17
    again = moodle_xml.read(moodle_xml.write(loaded.package).files).package
    first = {one.key: one.steps for one in loaded.package.exercises if not one.variables and len(one.steps) == 1}
    second = {one.key: one.steps for one in again.exercises}
    assert len(first) > 30
    for key in first.keys() & second.keys():
        assert [(step.answer, step.solution, step.wrong_answers) for step in first[key]] == [
            (step.answer, step.solution, step.wrong_answers) for step in second[key]
        ]
