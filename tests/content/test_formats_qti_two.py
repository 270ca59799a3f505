"""Items of QTI 2 and 3: every interaction as a step, what the rules say is right, what is said about wrong answers."""

from typing import Any

import pytest

from content.formats import qti
from content.formats.source import CourseError, Loaded
from content.package import Exercise, HintKind
from tests.content.qti_items import MAP, MATCH, THREE, choices, declaration, item, manifest


def loaded(*items: bytes, **files: bytes) -> Loaded:
    return qti.read({f"item{at}.xml": data for at, data in enumerate(items)} | files)


def exercise(data: bytes, **files: bytes) -> Exercise:
    (made,) = loaded(data, **files).package.exercises
    return made


def answer(data: bytes) -> Any:
    (step,) = exercise(data).steps
    return step.answer


def problems(found: Loaded) -> list[str]:
    return [defect.problem for defect in found.defects]


OPENED = '<choiceInteraction responseIdentifier="RESPONSE" maxChoices="1" shuffle="false">'


def test_one_choice() -> None:
    made = exercise(item("<p>Which?</p>" + choices("one", "<b>two</b>"), declaration("B")))
    assert made.prompt == "Which?"
    assert made.title == "A question"
    (step,) = made.steps
    assert step.answer == {"kind": "one_choice", "choices": {"A": "one", "B": "**two**"}, "correct": "B"}
    assert (made.key, step.key, step.prompt) == ("q1", "q1", "")


def test_the_interactions_own_question_follows_the_text() -> None:
    body = "<p>Read.</p>" + OPENED.replace("false", "true") + "<prompt>Which?</prompt>"
    body += (
        '<simpleChoice identifier="A">x</simpleChoice><simpleChoice identifier="B">y</simpleChoice></choiceInteraction>'
    )
    made = exercise(item(body, declaration("A")))
    assert made.prompt == "Read.\n\nWhich?"
    assert made.steps[0].answer["shuffle"] is True


def test_choices_worth_a_part() -> None:
    data = item(choices("a", "b", "c"), declaration("A", mapping={"A": 2, "B": 1, "C": -1}), rules=MAP)
    assert answer(data)["credit"] == {"B": "0.5"}


def test_several_choices_with_their_worth() -> None:
    data = item(
        choices("a", "b", "c", several=True),
        declaration("A", "B", cardinality="multiple", mapping={"A": 3, "B": 1, "C": -2}),
        rules=MAP,
    )
    assert answer(data) == {
        "kind": "several_choices",
        "choices": {"A": "a", "B": "b", "C": "c"},
        "correct": ["A", "B"],
        "credit": {"A": "0.75", "B": "0.25", "C": "-0.5"},
    }


def test_all_or_nothing_has_no_worth_of_parts() -> None:
    data = item(choices("a", "b", "c", several=True), declaration("A", "B", cardinality="multiple"))
    assert "credit" not in answer(data)


@pytest.mark.parametrize(("right", "correct"), [("A", True), ("B", False)])
def test_true_and_false_are_no_choices(right: str, correct: bool) -> None:
    assert answer(item("<p>Is it?</p>" + choices("True", "False"), declaration(right))) == {
        "kind": "true_false",
        "correct": correct,
    }


@pytest.mark.parametrize(("texts", "right"), [(("对", "错"), True), (("错误", "正确"), False)])
def test_true_and_false_in_chinese(texts: tuple[str, str], right: bool) -> None:
    assert answer(item("<p>地球是圆的。</p>" + choices(*texts), declaration("A")))["correct"] is right


def test_a_choice_named_with_another_number_of_zeros_is_understood_and_said() -> None:
    body = OPENED + '<simpleChoice identifier="answer_1">x'
    body += '</simpleChoice><simpleChoice identifier="answer_2">y</simpleChoice></choiceInteraction>'
    found = loaded(item("<p>Which?</p>" + body, declaration("answer_002")))
    assert found.package.exercises[0].steps[0].answer["correct"] == "2"
    assert found.items[0].outcome == "changed"


def test_the_right_answer_is_found_by_the_rules_where_none_is_declared() -> None:
    rules = """<responseProcessing><responseCondition><responseIf><match><variable identifier="RESPONSE"/>
      <baseValue baseType="identifier">C</baseValue></match><setOutcomeValue identifier="SCORE">
      <baseValue
      baseType="float">1</baseValue></setOutcomeValue></responseIf></responseCondition></responseProcessing>"""
    assert answer(item(choices("a", "b", "c") + "<p>?</p>", declaration(), rules=rules))["correct"] == "C"


FEEDBACK = """<responseProcessing><responseCondition><responseIf><match><variable identifier="RESPONSE"/>
  <correct identifier="RESPONSE"/></match><setOutcomeValue identifier="SCORE"><baseValue baseType="float">1</baseValue>
  </setOutcomeValue></responseIf></responseCondition><setOutcomeValue identifier="FB"><variable identifier="RESPONSE"/>
  </setOutcomeValue></responseProcessing><modalFeedback outcomeIdentifier="FB" identifier="A" showHide="show"><p>Well
      done.</p>
  </modalFeedback><modalFeedback outcomeIdentifier="FB" identifier="B" showHide="show">Not
      <i>this</i>.</modalFeedback>"""
OUTCOME = '<outcomeDeclaration identifier="FB" cardinality="single" baseType="identifier"/>'


def test_feedback_on_a_wrong_choice_and_on_the_right_one() -> None:
    (step,) = exercise(item("<p>?</p>" + choices("a", "b", "c"), declaration("A"), OUTCOME, rules=FEEDBACK)).steps
    assert [(one.response, one.feedback) for one in step.wrong_answers] == [("B", "Not *this*.")]
    assert step.solution == "Well done."


def test_feedback_within_a_choice() -> None:
    body = "<p>?</p>" + OPENED + '<simpleChoice identifier="A">x'
    body += '</simpleChoice><simpleChoice identifier="B">y'
    body += '<feedbackInline outcomeIdentifier="FB" identifier="B" showHide="show">'
    body += "Look again.</feedbackInline></simpleChoice></choiceInteraction>"
    rules = FEEDBACK.partition("<modalFeedback")[0]
    (step,) = exercise(item(body, declaration("A"), OUTCOME, rules=rules)).steps
    assert step.answer["choices"] == {"A": "x", "B": "y"}
    assert [(one.response, one.feedback) for one in step.wrong_answers] == [("B", "Look again.")]


ENTRY = '<textEntryInteraction responseIdentifier="RESPONSE"/>'


def test_a_text_that_stands_alone_is_a_question() -> None:
    made = exercise(item(f"<p>The capital of France?</p><p>{ENTRY}</p>", declaration("Paris", kind="string")))
    assert made.prompt == "The capital of France?"
    assert made.steps[0].answer == {"kind": "text", "accept": ["Paris"], "case": True}


def test_a_text_within_a_sentence_is_a_gap() -> None:
    made = exercise(item(f"<p>The capital is {ENTRY}, of course.</p>", declaration("Paris", kind="string")))
    assert made.steps[0].answer == {
        "kind": "cloze",
        "text": "The capital is [[1]], of course.",
        "gaps": {"1": {"kind": "text", "accept": ["Paris"], "case": True}},
    }


def test_texts_with_their_worth() -> None:
    mapping = """<mapping defaultValue="0"><mapEntry mapKey="York" mappedValue="1" caseSensitive="false"/>
      <mapEntry mapKey="New York" mappedValue="1" caseSensitive="false"/><mapEntry mapKey="NY"
      mappedValue="0.5"/></mapping>"""
    (step,) = exercise(
        item(f"<p>Where?</p><p>{ENTRY}</p>", declaration("York", kind="string", inside=mapping), rules=MAP)
    ).steps
    assert step.answer == {"kind": "text", "accept": ["York", "New York"]}
    assert [(one.response, one.credit, one.feedback) for one in step.wrong_answers] == [("NY", "0.5", "")]


ABSOLUTE, RELATIVE = "<equal toleranceMode='absolute' tolerance=", "<equal toleranceMode='relative' tolerance="


def numeric(rule: str, kind: str = "float", right: str = "5") -> Any:
    rules = f"""<responseProcessing><responseCondition><responseIf>{rule}<setOutcomeValue identifier="SCORE">
      <baseValue
      baseType="float">1</baseValue></setOutcomeValue></responseIf></responseCondition></responseProcessing>"""
    return answer(item(f"<p>How many?</p><p>{ENTRY}</p>", declaration(right, kind=kind), rules=rules))


VARIABLE, CORRECT = '<variable identifier="RESPONSE"/>', '<correct identifier="RESPONSE"/>'


def base(value: str) -> str:
    return f'<baseValue baseType="float">{value}</baseValue>'


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (f"<equal toleranceMode='exact'>{VARIABLE}{CORRECT}</equal>", {"value": "5"}),
        (f"{ABSOLUTE}'0.1 0.1'>{VARIABLE}{CORRECT}</equal>", {"value": "5", "tolerance": "0.1"}),
        (f"{RELATIVE}'10 10'>{VARIABLE}{CORRECT}</equal>", {"value": "5", "tolerance": "0.5"}),
        (f"{ABSOLUTE}'1 3'>{VARIABLE}{CORRECT}</equal>", {"value": "6", "tolerance": "2"}),
        (
            f"<and><gte>{VARIABLE}{base('4.5')}</gte><lte>{VARIABLE}{base('5.5')}</lte></and>",
            {"value": "5", "tolerance": "0.5"},
        ),
    ],
)  # fmt: skip
def test_numbers_have_the_tolerance_of_their_rule(rule: str, key: dict[str, str]) -> None:
    assert numeric(rule) == {"kind": "number", **key}


def test_whole_numbers_are_asked_for_as_such() -> None:
    assert numeric(f"<match>{VARIABLE}{CORRECT}</match>", kind="integer") == {
        "kind": "number",
        "value": "5",
        "form": "integer",
    }


def test_several_gaps_are_one_question() -> None:
    body = """<p>In <inlineChoiceInteraction responseIdentifier="ONE" shuffle="false"><inlineChoice
      identifier="A">May</inlineChoice>
      <inlineChoice identifier="B">June</inlineChoice></inlineChoiceInteraction> it rained <textEntryInteraction
      responseIdentifier="TWO"/> times.</p>"""
    made = answer(item(body, declaration("B", name="ONE"), declaration("3", name="TWO", kind="integer")))
    assert made["text"] == "In [[1]] it rained [[2]] times."
    assert made["gaps"] == {
        "1": {"kind": "one_choice", "choices": {"A": "May", "B": "June"}, "correct": "B"},
        "2": {"kind": "number", "value": "3", "form": "integer"},
    }


def test_texts_laid_into_gaps() -> None:
    body = """<gapMatchInteraction responseIdentifier="RESPONSE" shuffle="false"><gapText identifier="W"
      matchMax="1">winter</gapText>
      <gapText identifier="S" matchMax="1">summer</gapText><p>Cold <gap identifier="G1"/> and hot <gap
      identifier="G2"/>.</p>
      </gapMatchInteraction>"""
    made = answer(item(body, declaration("W G1", "S G2", kind="directedPair", cardinality="multiple")))
    seasons = {"W": "winter", "S": "summer"}
    assert made == {
        "kind": "cloze",
        "text": "Cold [[1]] and hot [[2]].",
        "gaps": {
            "1": {"kind": "one_choice", "choices": seasons, "correct": "W"},
            "2": {"kind": "one_choice", "choices": seasons, "correct": "S"},
        },
    }


def match(first: str, second: str) -> str:
    def side(letters: str) -> str:
        inside = "".join(
            f'<simpleAssociableChoice identifier="{one}" matchMax="1">{one.lower()}</simpleAssociableChoice>'
            for one in letters
        )
        return f"<simpleMatchSet>{inside}</simpleMatchSet>"

    head = '<p>?</p><matchInteraction responseIdentifier="RESPONSE" shuffle="true">'
    return f"{head}{side(first)}{side(second)}</matchInteraction>"


def directed(*pairs: str) -> str:
    return declaration(*pairs, kind="directedPair", cardinality="multiple")


def test_matching() -> None:
    assert answer(item(match("AB", "XYZ"), directed("A X", "B Z"))) == {
        "kind": "matching",
        "stems": {"A": "a", "B": "b"},
        "options": {"X": "x", "Y": "y", "Z": "z"},
        "pairs": {"A": "X", "B": "Z"},
    }


def test_matching_from_the_side_on_which_each_has_one_partner() -> None:
    made = answer(item(match("AB", "XYZ"), directed("A X", "A Y", "B Z")))
    assert made["pairs"] == {"X": "A", "Y": "A", "Z": "B"}


def test_what_has_several_partners_on_both_sides_is_a_choice_of_several_each() -> None:
    made = exercise(item(match("AB", "XY"), directed("A X", "A Y", "B X")))
    assert [(step.prompt, step.answer["correct"]) for step in made.steps] == [("a", ["X", "Y"]), ("b", ["X"])]


def test_pairs_within_one_set() -> None:
    inside = "".join(
        f'<simpleAssociableChoice identifier="{one}" matchMax="1">{one}</simpleAssociableChoice>' for one in "ABCD"
    )
    head = '<p>?</p><associateInteraction responseIdentifier="RESPONSE" maxAssociations="2" shuffle="false">'
    body = f"{head}{inside}</associateInteraction>"
    made = answer(item(body, declaration("A D", "B C", kind="pair", cardinality="multiple")))
    assert (made["stems"], made["pairs"]) == ({"A": "A", "B": "B"}, {"A": "D", "B": "C"})


def test_ordering() -> None:
    body = choices("x", "y", "z").replace("choiceInteraction", "orderInteraction").replace(' maxChoices="1"', "")
    made = answer(item("<p>?</p>" + body, declaration("C", "A", "B", cardinality="ordered")))
    assert made == {"kind": "ordering", "items": {"A": "x", "B": "y", "C": "z"}, "correct": ["C", "A", "B"]}


def test_words_of_a_text() -> None:
    body = """<hottextInteraction responseIdentifier="RESPONSE" maxChoices="1"><p>They <hottext
      identifier="A">was</hottext> not
      <hottext identifier="B">here</hottext>.</p></hottextInteraction>"""
    made = exercise(item(body, declaration("A")))
    assert "**was**" in made.prompt
    assert made.steps[0].answer == {"kind": "one_choice", "choices": {"A": "was", "B": "here"}, "correct": "A"}


def test_long_texts_with_what_their_graders_are_told() -> None:
    body = """<p>Why?</p><rubricBlock view="scorer"><p>Two reasons.</p></rubricBlock><extendedTextInteraction
      responseIdentifier="RESPONSE" expectedLines="5"/>"""
    made = exercise(item(body, declaration(kind="string"), rules=""))
    assert made.prompt == "Why?"
    assert made.steps[0].answer == {"kind": "long_text", "rubric": "Two reasons."}


def test_a_slider_is_typed() -> None:
    body = '<p>?</p><sliderInteraction responseIdentifier="RESPONSE" lowerBound="0" upperBound="10"/>'
    found = loaded(item(body, declaration("7", kind="integer")))
    assert found.package.exercises[0].steps[0].answer == {"kind": "number", "value": "7"}
    assert problems(found) == ["a slider: the number is typed instead"]


def test_several_interactions_are_several_steps() -> None:
    second = choices("c", "d").replace("RESPONSE", "SECOND")
    body = f"<p>All.</p><p>First?</p>{choices('a', 'b')}<p>And then?</p>{second}"
    made = exercise(item(body, declaration("A"), declaration("B", name="SECOND")))
    assert made.prompt == "All."
    assert [(step.key, step.prompt, step.answer["correct"]) for step in made.steps] == [
        ("q1:RESPONSE", "First?", "A"),
        ("q1:SECOND", "And then?", "B"),
    ]


@pytest.mark.parametrize(
    "name", ["drawingInteraction", "uploadInteraction", "selectPointInteraction", "portableCustomInteraction"]
)
def test_what_has_no_place_in_a_course_is_dropped_with_the_reason(name: str) -> None:
    good = item("<p>?</p>" + choices("a", "b"), declaration("A"), key="good")
    found = loaded(good, item(f'<p>?</p><{name} responseIdentifier="RESPONSE"/>', declaration(), key="bad"))
    assert [(one.id, one.outcome) for one in found.items] == [("good", "kept"), ("bad", "dropped")]
    assert found.items[1].reasons[0].startswith("an interaction that a course does not have: ")


def test_labelled_places_in_a_picture_are_choices() -> None:
    body = """<p>Where?</p><hotspotInteraction responseIdentifier="RESPONSE" maxChoices="1"><object type="image/png"
      data="map.png">
      </object><hotspotChoice identifier="A" shape="circle" coords="1,1,1" hotspotLabel="north"/>
      <hotspotChoice identifier="B" shape="circle" coords="2,2,1" hotspotLabel="south"/></hotspotInteraction>"""
    found = qti.read({"q.xml": item(body, declaration("B")), "map.png": b"\x89PNG picture"})
    assert found.package.exercises[0].steps[0].answer["choices"] == {"A": "north", "B": "south"}
    assert len(found.package.files) == 1


def test_hints_behind_buttons() -> None:
    body = "<p>?</p>" + choices("a", "b") + '<p><endAttemptInteraction responseIdentifier="HELP" title="Help"/></p>'
    rules = f"""<responseProcessing><responseCondition><responseIf><match>{VARIABLE}{CORRECT}</match><setOutcomeValue
      identifier="SCORE">{base("1")}</setOutcomeValue></responseIf></responseCondition><responseCondition><responseIf>
      <variable identifier="HELP"/><setOutcomeValue identifier="FB"><baseValue
      baseType="identifier">H</baseValue></setOutcomeValue>
      </responseIf></responseCondition></responseProcessing><modalFeedback outcomeIdentifier="FB" identifier="H"
      showHide="show">Think.
      </modalFeedback>"""
    made = exercise(item(body, declaration("A"), declaration(name="HELP", kind="boolean"), OUTCOME, rules=rules))
    assert [(hint.text, hint.kind) for hint in made.steps[0].hints] == [("Think.", HintKind.HINT)]


def test_numbers_that_are_drawn() -> None:
    templates = "".join(
        f'<templateDeclaration identifier="{name}" cardinality="single" baseType="integer"/>'
        for name in ("a", "b", "c")
    )
    processing = """<templateProcessing><setTemplateValue identifier="a"><randomInteger min="2"
      max="9"/></setTemplateValue>
      <setTemplateValue identifier="b"><randomInteger min="1" max="9"/></setTemplateValue><setTemplateValue
      identifier="c"><sum>
      <variable identifier="a"/><variable identifier="b"/></sum></setTemplateValue><templateConstraint><not><equal
      toleranceMode="exact">
      <variable identifier="a"/><variable identifier="b"/></equal></not></templateConstraint><setCorrectResponse
      identifier="RESPONSE">
      <variable identifier="c"/></setCorrectResponse></templateProcessing>"""
    body = f'<p>What is <printedVariable identifier="a"/> plus <printedVariable identifier="b"/>?</p><p>{ENTRY}</p>'
    made = exercise(item(body, declaration(kind="integer"), templates + processing))
    assert made.variables == {
        "draw": {"a": {"from": "2", "to": "9"}, "b": {"from": "1", "to": "9"}},
        "let": {"c": "(a + b)"},
        "where": ["a != b"],
    }
    assert made.prompt == "What is @{a} plus @{b}?"
    assert made.steps[0].answer == {"kind": "number", "value": "@{c}"}


def test_version_three_is_read_like_version_two() -> None:
    data = f"""<qti-assessment-item xmlns="{THREE}" identifier="q1" title="A question" time-dependent="false">
      <qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="identifier"><qti-correct-response>
      <qti-value>B</qti-value></qti-correct-response></qti-response-declaration><qti-item-body><p>Which?</p>
      <qti-choice-interaction
      response-identifier="RESPONSE" max-choices="1" shuffle="false"><qti-simple-choice
      identifier="A">one</qti-simple-choice>
      <qti-simple-choice
      identifier="B">two</qti-simple-choice></qti-choice-interaction></qti-item-body><qti-response-processing
      template="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"/></qti-assessment-item>"""
    two = item("<p>Which?</p>" + choices("one", "two"), declaration("B"))
    assert exercise(data.encode()) == exercise(two)


TEST = """<assessmentTest xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="t" title="Spring"><testPart
      identifier="p">
  <assessmentSection identifier="s1" title="Second half" visible="true"><assessmentItemRef identifier="b"
      href="items/b.xml"/>
  </assessmentSection><assessmentSection identifier="s2" title="hidden" visible="false"><assessmentItemRef
      identifier="a"
  href="items/a.xml"/><assessmentItemRef identifier="gone"
      href="items/gone.xml"/></assessmentSection></testPart></assessmentTest>"""


def test_a_test_says_the_order_and_the_lessons() -> None:
    files = {
        "imsmanifest.xml": manifest("items/a.xml", "items/b.xml"),
        "items/a.xml": item("<p>A?</p>" + choices("a", "b"), declaration("A"), key="a"),
        "items/b.xml": item("<p>B?</p>" + choices("a", "b"), declaration("A"), key="b"),
        "test.xml": TEST.encode(),
    }
    found = qti.read(files)
    assert [(one.key, one.lesson) for one in found.package.exercises] == [("b", "Second half"), ("a", "Spring")]
    assert found.package.title == "Spring"
    assert "an item that a test names is missing: items/gone.xml" in problems(found)
    assert [one.outcome for one in found.items] == ["dropped", "kept", "kept"]


METADATA = """<lom
      xmlns="http://ltsc.ieee.org/xsd/LOM"><general><title><string>Algebra</string></title></general><rights>
  <description><string>CC BY 4.0</string></description></rights></lom>"""
ABOUT = """<lom xmlns="http://ltsc.ieee.org/xsd/LOM"><general><keyword><string>easy ones</string></keyword></general>
  <lifeCycle><contribute><entity>BEGIN:VCARD
FN:Ada Lovelace
END:VCARD</entity></contribute></lifeCycle>
  <educational><difficulty><source>LOMv1.0</source><value>easy</value></difficulty></educational>
  <classification><purpose><value>competency</value></purpose><taxonPath><taxon><id>adding</id>
  <entry><string>Adding</string></entry></taxon></taxonPath></classification></lom>"""


def test_what_the_manifest_says_is_kept() -> None:
    files = {
        "imsmanifest.xml": manifest("q.xml", metadata=METADATA, item_metadata=ABOUT),
        "q.xml": item("<p>?</p>" + choices("a", "b"), declaration("A")),
    }
    package = qti.read(files).package
    assert (package.title, package.slug, package.licence) == ("Algebra", "algebra", "CC BY 4.0")
    (made,) = package.exercises
    assert (made.tags, made.difficulty, made.attribution) == (("easy ones",), "0.3", "Ada Lovelace")
    assert [(one.key, one.title) for one in package.concepts] == [("adding", "Adding")]
    assert made.steps[0].concepts == ("adding",)


def test_pictures_come_with_their_items() -> None:
    body = '<p>See <img src="../media/a%20b.png" alt="a line"/></p>' + choices("a", "b")
    files = {"items/q.xml": item(body, declaration("A")), "media/a b.png": b"\x89PNG picture"}
    package = qti.read(files).package
    (name,) = package.files
    assert package.files[name] == b"\x89PNG picture"
    assert f"![a line](figures/{name})" in package.exercises[0].prompt


def test_a_picture_that_is_missing_is_said() -> None:
    found = loaded(item('<p>See <img src="gone.png" alt=""/></p>' + choices("a", "b"), declaration("A")))
    assert found.items[0].outcome == "changed"


def test_keys_stay_whatever_the_order_and_the_same_item_comes_once() -> None:
    one, two = (item(f"<p>{key}?</p>" + choices("a", "b"), declaration("A"), key=key) for key in ("one", "two"))
    first = qti.read({"a.xml": one, "b.xml": two, "c.xml": one})
    second = qti.read({"a.xml": two, "b.xml": one})
    assert {made.key: made for made in first.package.exercises} == {made.key: made for made in second.package.exercises}
    assert [made.outcome for made in first.items] == ["kept", "kept", "dropped"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<assessmentItem",
        item("<p>?</p>" + choices("a", "b"), declaration("A"))[:-40],
        item("", ""),
        item(choices("a", "b"), ""),
        item(choices("a"), declaration("A")),
        item("<p>?</p>" + choices("a", "b"), declaration("Z")),
        b'<!DOCTYPE x [<!ENTITY e "v">]>' + item("<p>&e;</p>" + choices("a", "b"), declaration("A")),
        item("<p>?</p>" + choices("a", "b"), declaration("A")).replace(
            TEST.encode()[:0] + b"choiceInteraction", b"x:oddInteraction"
        ),
    ],
)
def test_what_cannot_be_used_is_one_line_and_no_traceback(data: bytes) -> None:
    with pytest.raises(CourseError) as caught:
        qti.read({"q.xml": data} if data else {"imsmanifest.xml": manifest("q.xml")})
    assert "\n" not in str(caught.value)


def test_a_manifest_whose_items_are_missing_is_recognised_and_refused() -> None:
    files = {"imsmanifest.xml": manifest("items/a.xml")}
    assert qti.recognises(files)
    with pytest.raises(CourseError, match=r"a file that the manifest names is missing: items/a\.xml"):
        qti.read(files)


def test_rules_that_are_not_understood_are_said() -> None:
    rules = MATCH.replace("match_correct", "of_my_own")
    assert answer(item("<p>?</p>" + choices("a", "b"), declaration("A"), rules=rules))["correct"] == "A"
    odd = "<setOutcomeValue identifier='SCORE'><customOperator/></setOutcomeValue>"
    odd = f"<responseProcessing>{odd}</responseProcessing>"
    found = loaded(item("<p>?</p>" + choices("a", "b"), declaration("A"), rules=odd))
    assert problems(found) == ["a rule that is not understood: customOperator"]
