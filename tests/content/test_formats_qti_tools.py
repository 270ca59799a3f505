"""What tools write in QTI otherwise than the specification has it: each must come to the key that its authors meant."""

from typing import Any

import pytest

from content.formats import qti
from content.formats.source import CourseError, Loaded
from content.package import Exercise
from tests.content.qti_items import (
    THREE,
    choices,
    condition,
    declaration,
    equal,
    item,
    manifest,
    material,
    old_choices,
    old_file,
    old_item,
)

TYPED = '<response_str ident="{0}" rcardinality="Single"><render_fib fibtype="String"/></response_str>'
NUMBER = '<response_num ident="r1"><render_fib fibtype="Decimal"/></response_num>'


def loaded(*items: str, **files: bytes) -> Loaded:
    return qti.read({"quiz.xml": old_file(*items)} | files)


def exercise(*items: str) -> Exercise:
    return loaded(*items).package.exercises[-1]


def answer(one: str) -> Any:
    (step,) = exercise(one).steps
    return step.answer


def named(response: str, text: str, **attributes: str) -> str:
    """A response with a text of its own; attributes are those of its labels."""
    said = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return response.replace("<render", f"{material(text)}<render", 1).replace(
        "<response_label", f"<response_label{said}"
    )


# Canvas


@pytest.mark.parametrize(
    ("how", "key"),
    [
        ({"answer_type": "dropdown"}, {"kind": "one_choice", "choices": {"A": "red", "B": "blue"}, "correct": "B"}),
        ({"answer_type": "openEntry", "scoring_algorithm": "TextEquivalence"}, {"kind": "text", "accept": ["blue"]}),
        (
            {"answer_type": "openEntry", "scoring_algorithm": "TextInChoices"},
            {"kind": "text", "accept": ["red", "blue"]},
        ),
        (
            {"answer_type": "openEntry", "scoring_algorithm": "TextContainsAnswer"},
            {"kind": "text", "accept": ["*blue*"], "wildcards": True},
        ),
    ],
)
def test_gaps_of_new_quizzes_bear_their_right_answer_as_a_text(how: dict[str, str], key: dict[str, object]) -> None:
    body = material("The sky is [f3-07].") + named(old_choices("red", "blue", ident="response_f3-07"), "blue", **how)
    made = answer(
        old_item(
            body, condition(equal("B", ident="response_f3-07")), fields="question_type=fill_in_multiple_blanks_question"
        )
    )
    assert (made["text"], made["gaps"]["1"]) == ("The sky is [[1]].", key)


def test_what_is_sorted_into_groups_is_matched_to_them() -> None:
    labels = ("ant", "bee", "cat", "dog")
    body = "".join(named(old_choices(*labels, several=True, ident=one), one) for one in ("insects", "mammals"))
    right = condition(equal("A", ident="insects") + equal("B", ident="insects"), "50", action="Add")
    right += condition(equal("C", ident="mammals"), "50", action="Add")
    found = loaded(old_item(material("Sort.") + body, right, fields="question_type=categorization_question"))
    (step,) = found.package.exercises[0].steps
    assert step.answer["stems"] == {"A": "ant", "B": "bee", "C": "cat"}
    assert step.answer["pairs"] == {"A": "insects", "B": "insects", "C": "mammals"}
    assert [one.problem for one in found.defects] == ["something that belongs to no group is left out: dog"]


def test_a_passage_is_a_reading_and_stands_before_its_questions() -> None:
    passage = old_item(material("A cat came."), ident="p", title="Night", fields="question_type=text_only_question")
    asked = old_item(
        material("Who?") + old_choices("a cat", "a dog"), condition(equal("A")), fields="parent_stimulus_item_ident=p"
    )
    found = loaded(passage, asked)
    assert found.package.exercises[0].prompt == "A cat came.\n\nWho?"
    assert [(one.title, one.text) for one in found.package.resources] == [("Night", "A cat came.")]


def test_a_picture_of_a_formula_is_the_formula() -> None:
    picture = '<img class="equation_image" src="/equation_images/x" alt="LaTeX: x" data-equation-content="x^2&lt;1">'
    made = exercise(old_item(material(f"<p>Solve {picture}.</p>") + old_choices("a", "b"), condition(equal("A"))))
    assert made.prompt == "Solve $x^2<1$."


def test_each_of_several_right_numbers_is_right() -> None:
    conditions = condition(equal("4.0")) + condition(equal("7.0"))
    assert answer(old_item(material("?") + NUMBER, conditions)) == {
        "kind": "expression",
        "value": "4",
        "accept": ["7"],
        "form": "any",
    }


def test_a_calculated_question_is_asked_once() -> None:
    drawn = '<itemproc_extension><calculated><var_sets><var_set><var name="x">3</var><answer>6</answer></var_set>'
    drawn += "</var_sets></calculated></itemproc_extension>"
    made = exercise(old_item(material("Twice [x]?") + TYPED.format("r1"), condition("<other/>"), more=drawn))
    assert len(made.steps) == 1


def test_a_pattern_is_right_anywhere_in_the_text() -> None:
    test = '<varsubstring respident="r1">blu</varsubstring>'
    made = answer(
        old_item(material("?") + TYPED.format("r1"), condition(test), fields="cc_profile=cc.pattern_match.v0p1")
    )
    assert made == {"kind": "text", "accept": ["*blu*"], "wildcards": True}


# Blackboard


def flow(name: str, *inside: str) -> str:
    return f'<flow class="{name}">{"".join(inside)}</flow>'


def test_partners_of_blackboard_stand_behind_the_stems_and_count_by_their_feedback() -> None:
    empty = '<response_label ident="{0}1"/><response_label ident="{0}2"/>'
    lid = '<response_lid ident="r{0}" rcardinality="Single"><render_choice>' + empty + "</render_choice></response_lid>"
    stems = "".join(flow("Block", material(text), lid.format(name)) for name, text in (("a", "cat"), ("b", "newt")))
    partners = "".join(flow("Block", flow("FORMATTED_TEXT_BLOCK", material(text))) for text in ("amphibian", "mammal"))
    body = flow("Block", flow("RESPONSE_BLOCK", stems), flow("RIGHT_MATCH_BLOCK", partners))
    shown = '<displayfeedback linkrefid="correct"/>'
    right = "".join(condition(equal(one, ident=f"r{one[0]}"), "", more=shown) for one in ("a2", "b1"))
    made = answer(old_item(material("Match.") + body, right + condition("<other/>", "0")))
    assert made["stems"] == {"ra": "cat", "rb": "newt"}
    assert [made["options"][made["pairs"][stem]] for stem in ("ra", "rb")] == ["mammal", "amphibian"]


def test_a_number_between_bounds_is_not_only_the_one_in_the_middle() -> None:
    bounds = '<vargte respident="r1">4.5</vargte><varlte respident="r1">5.5</varlte>'
    made = answer(old_item(material("?") + NUMBER, condition(bounds + equal("5.0"))))
    assert made == {"kind": "number", "value": "5", "tolerance": "0.5"}


def test_gaps_named_in_the_text_stand_where_their_names_are() -> None:
    body = material("The [x] jumps over [y].") + TYPED.format("x") + TYPED.format("y")
    made = answer(old_item(body, condition(f"<and>{equal('fox', ident='x')}{equal('dog', ident='y')}</and>")))
    assert made["text"] == "The [[1]] jumps over [[2]]."


def test_feedback_that_has_the_name_of_a_choice_is_that_of_the_choice() -> None:
    told = '<itemfeedback ident="{0}"><solution><solutionmaterial>{1}</solutionmaterial></solution></itemfeedback>'
    more = told.format("A", material("No.")) + told.format("B", material("Yes."))
    made = exercise(old_item(material("?") + old_choices("a", "b"), condition(equal("B")), more=more))
    assert [(one.response, one.feedback) for one in made.steps[0].wrong_answers] == [("A", "No.")]
    assert made.steps[0].solution == "Yes."


# Brightspace and ILIAS


def test_one_choice_of_brightspace_is_no_choice_of_several() -> None:
    fields = "qmd_questiontype=Multiple Choice"
    extension = "<response_extension><display_style>2</display_style></response_extension>"
    one = old_item(
        material("?") + extension + old_choices("a", "b", several=True), condition(equal("B")), fields=fields
    )
    found = loaded(one.replace("qtimetadatafield", "qti_metadatafield"))
    assert found.package.exercises[0].steps[0].answer["kind"] == "one_choice"
    assert not list(found.defects)


def test_conditions_may_name_the_label_of_a_response() -> None:
    typed = TYPED.format("r1").replace("/></", '><response_label ident="r1_ANS"/></render_fib></')
    assert answer(old_item(material("?") + typed, condition(equal("four", ident="r1_ANS"))))["accept"] == ["four"]


def test_the_places_of_labels_give_their_order() -> None:
    ordered = old_choices("one", "two", "three", ident="o").replace('"Single"', '"Ordered"')
    right = "".join(
        condition(equal(place, ident=label), "1", action="Add") for label, place in zip("ABC", "312", strict=True)
    )
    made = answer(old_item(material("?") + ordered.replace("response_lid", "response_grp"), right))
    assert made["correct"] == ["B", "C", "A"]


def test_gaps_of_ilias_have_bounds_and_choices_by_their_texts() -> None:
    number = '<response_num ident="n"><render_fib fibtype="Decimal" minnumber="3.9" maxnumber="4.1"/></response_num>'
    chosen = old_choices("green", "red", ident="c").replace("response_lid", "response_str")
    body = material("2 + 2 = ") + number + material(", grass is ") + chosen + material(".")
    right = condition(equal("4", ident="n"), "1", action="Add") + condition(
        equal("green", ident="c"), "1", action="Add"
    )
    made = answer(old_item(body, right, fields="QUESTIONTYPE=CLOZE QUESTION"))
    assert made["text"] == "2 + 2 = [[1]], grass is [[2]]."
    assert made["gaps"]["1"] == {"kind": "number", "value": "4", "tolerance": "0.1"}
    assert made["gaps"]["2"]["correct"] == "A"


# Versions 2 and 3

MATCHED = (
    '<matchInteraction responseIdentifier="RESPONSE"><simpleMatchSet>{0}</simpleMatchSet><simpleMatchSet>{1}'
    "</simpleMatchSet></matchInteraction>"
)
BESIDE = '<simpleAssociableChoice identifier="{0}" matchMax="2">{0}</simpleAssociableChoice>'


def test_a_row_that_nothing_belongs_to_does_not_cost_the_others() -> None:
    body = MATCHED.format(*("".join(BESIDE.format(one) for one in side) for side in ("abc", "kl")))
    pairs = declaration("a k", "a l", "b l", kind="directedPair", cardinality="multiple")
    found = qti.read({"q.xml": item(body, pairs)})
    assert [step.answer["correct"] for step in found.package.exercises[0].steps] == [["k", "l"], ["l"]]
    assert [one.problem for one in found.defects] == ["a row that nothing belongs to is left out: c"]


def test_only_what_is_compared_with_a_response_is_one() -> None:
    rule = (
        '<responseProcessing><responseCondition><responseIf><match><variable identifier="RESPONSE"/>'
        '<correct identifier="RESPONSE"/></match><setOutcomeValue identifier="SCORE"><baseValue>1</baseValue>'
        '</setOutcomeValue></responseIf><responseElse><setOutcomeValue identifier="TOLD"><baseValue>no</baseValue>'
        "</setOutcomeValue></responseElse></responseCondition></responseProcessing>"
    )
    told = '<outcomeDeclaration identifier="TOLD" cardinality="single" baseType="identifier"/>'
    said = '<modalFeedback outcomeIdentifier="TOLD" identifier="no" showHide="show">No.</modalFeedback>'
    typed = '<p>?</p><textEntryInteraction responseIdentifier="RESPONSE"/>'
    made = qti.read({"q.xml": item(typed, declaration("king", kind="string"), told, rules=rule, more=said)})
    assert made.package.exercises[0].steps[0].wrong_answers == ()


def test_a_tolerance_of_onyx_goes_with_the_mapping() -> None:
    rule = (
        '<responseProcessing><setOutcomeValue identifier="SCORE">'
        '<mapTolResponse identifier="RESPONSE" tolerance="0.5"/></setOutcomeValue></responseProcessing>'
    )
    typed = '<p>?</p><textEntryInteraction responseIdentifier="RESPONSE"/>'
    number = declaration("4", kind="float", mapping={"4": 1})
    made = qti.read({"q.xml": item(typed, number, rules=rule)}).package.exercises[0]
    assert made.steps[0].answer == {"kind": "number", "value": "4", "tolerance": "0.5"}


def test_a_text_in_a_file_of_its_own_stands_before_the_question() -> None:
    passage = (
        '<rubricBlock view="candidate scorer tutor"><object data="../passages/p.html" type="text/html"/></rubricBlock>'
    )
    asked = item(f"{passage}<p>Who?</p>{choices('a', 'b')}", declaration("A"))
    page = b"<html><head><title>x</title></head><body><p>A cat came.</p></body></html>"
    found = qti.read({"items/q.xml": asked, "passages/p.html": page})
    (made,) = found.package.exercises
    assert (made.prompt, made.steps[0].solution) == ("A cat came.\n\nWho?", "")
    assert not list(found.defects)
    lost = qti.read({"items/q.xml": asked})
    assert [one.problem for one in lost.defects] == ["a part of the text that is missing: ../passages/p.html"]


def test_a_stimulus_of_version_three_stands_before_the_question() -> None:
    asked = (
        f'<qti-assessment-item xmlns="{THREE}" identifier="q" title="Q"><qti-response-declaration identifier="R" '
        'cardinality="single" base-type="identifier"><qti-correct-response><qti-value>A</qti-value>'
        '</qti-correct-response></qti-response-declaration><qti-assessment-stimulus-ref identifier="s" href="s.xml"/>'
        '<qti-item-body><qti-choice-interaction response-identifier="R"><qti-prompt>Who?</qti-prompt>'
        '<qti-simple-choice identifier="A">a</qti-simple-choice><qti-simple-choice identifier="B">b</qti-simple-choice>'
        "</qti-choice-interaction>"
        "</qti-item-body></qti-assessment-item>"
    )
    body = '<qti-stimulus-body lang="en"><p>A cat.</p></qti-stimulus-body>'
    text = f"<qti-assessment-stimulus>{body}</qti-assessment-stimulus>"
    found = qti.read({"q.xml": asked.encode(), "s.xml": text.encode()})
    assert found.package.exercises[0].prompt == "A cat.\n\nWho?"


def test_an_item_without_a_question_is_a_reading() -> None:
    found = qti.read({"q.xml": item("<p>Take your time.</p>", title="Start")})
    assert [(one.title, one.text) for one in found.package.resources] == [("Start", "Take your time.")]
    with pytest.raises(CourseError, match="nothing is asked"):
        qti.read({"q.xml": item("<p>Who?</p>", declaration("A"))})


def test_packages_of_one_title_that_a_tool_named_apart_are_two_courses() -> None:
    asked = item(f"<p>?</p>{choices('a', 'b')}", declaration("A"))

    def slug(identifier: str) -> str:
        named_so = manifest("q.xml").replace(b'identifier="m"', f'identifier="{identifier}"'.encode())
        titled = b"<metadata><lom><general><title><string>Unit 1</string></title></general></lom></metadata><org"
        named_so = named_so.replace(b"<metadata></metadata><org", titled)
        return qti.read({"q.xml": asked, "imsmanifest.xml": named_so}).package.slug

    one, other = slug("i5b1e9c0a7d"), slug("i90aa3317fe")
    assert one.startswith("unit-1-")
    assert one != other
    assert slug("i5b1e9c0a7d") == one
    assert slug("main_manifest") == "unit-1"
    assert slug("course_algebra") == "algebra"
