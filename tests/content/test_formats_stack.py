"""What STACK's response trees say about particular answers comes over, in every variant; the rest is reported."""

from content import grading, variants
from content.formats import moodle_xml
from content.formats.source import Loaded
from content.package import Step


def node(sans: str, tans: str, *, test: str = "AlgEquiv", score: str = "0", yes: str = "", no: str = "") -> str:
    return (
        f"<node><answertest>{test}</answertest><sans>{sans}</sans><tans>{tans}</tans><truescore>{score}</truescore>"
        f"<truefeedback><text><![CDATA[{yes}]]></text></truefeedback>"
        f"<falsefeedback><text><![CDATA[{no}]]></text></falsefeedback></node>"
    )


def read(variables: str, answer: str, *nodes: str, kind: str = "algebraic", tree: str = "") -> Loaded:
    document = (
        "<quiz><question type='stack'><name><text>Q</text></name><questiontext format='html'>"
        "<text><![CDATA[<p>What is it? [[input:ans1]]</p>]]></text></questiontext>"
        f"<questionvariables><text>{variables}</text></questionvariables>"
        f"<input><name>ans1</name><type>{kind}</type><tans>{answer}</tans></input>"
        f"<prt><name>p</name><feedbackvariables><text>{tree}</text></feedbackvariables>{''.join(nodes)}</prt>"
        "</question></quiz>"
    )
    return moodle_xml.read({"q.xml": document.encode()})


def step_of(loaded: Loaded, seed: int = 0) -> Step:
    return variants.instantiate(loaded.package.exercises[0], seed).steps[0]


def test_a_node_that_knows_a_wrong_answer_makes_it_one_that_is_foreseen_in_every_variant() -> None:
    wrong = node("ans1", "w", score="0.25", yes="You forgot the {@a@}.")
    loaded = read("a:rand(50)+2", "a*x", node("ans1", "a*x", score="1", yes="Well done."), wrong, tree="w:x;z:ans1+1")
    for seed in range(4):
        step = step_of(loaded, seed)
        found = grading.grade(grading.parse_key(step.answer), "x", wrong_answers=step.wrong_answers)
        assert found.wrong_answer == 0
        assert step.wrong_answers[0].credit == "0.25"
        assert step.wrong_answers[0].feedback == f"You forgot the ${step.answer['value'].split('*')[0]}$."
    assert step_of(loaded).solution == "Well done."
    assert loaded.items[0].outcome == "kept"


def test_the_node_that_gives_most_is_the_right_one() -> None:
    loaded = read("", "2*x", node("ans1", "x", score="0.5", yes="Half."), node("ans1", "2*x", score="1"))
    assert step_of(loaded).answer["value"] == "2*x"
    assert [wrong.response for wrong in step_of(loaded).wrong_answers] == ["x"]


def test_a_wrong_choice_is_foreseen_by_what_it_is() -> None:
    loaded = read("", "[[1,false],[2,true],[3,false]]", node("ans1", "3", yes="Too many."), kind="radio")
    step = step_of(loaded)
    assert [step.answer["choices"][wrong.response] for wrong in step.wrong_answers] == ["$3$"]


def test_what_belongs_to_no_particular_answer_is_reported() -> None:
    form = node("ans1", "2*x", yes="Simplify it.")
    loaded = read("", "2*x", node("ans1", "2*x", score="1", no="Not so."), form, node("ans1-a", "0", yes="Off by a."))
    assert loaded.items[0].reasons == (
        "feedback for every other answer: Not so.",
        "feedback of a response tree: Simplify it.",
        "feedback of a response tree: Off by a.",
    )


def test_choices_of_which_others_are_right_in_each_variant_are_shown_in_an_order_of_chance() -> None:
    variables = "n:rand(2); c:if n=0 then [[1,true],[2,false],[3,false]] else [[1,false],[2,false],[3,true]]"
    loaded = read(variables, "c", kind="radio")
    right = {step_of(loaded, seed).answer["choices"][step_of(loaded, seed).answer["correct"]] for seed in range(20)}
    assert right == {"$1$", "$3$"}
    assert loaded.package.exercises[0].steps[0].answer["shuffle"] is True


def test_a_matrix_is_asked_for_cell_by_cell() -> None:
    loaded = read("A:matrix([1,2],[3,rand(50)])", "A.A", node("ans1", "A.A", score="1"), kind="matrix")
    rows = step_of(loaded).answer["rows"]
    assert [len(row) for row in rows] == [2, 2]
    assert len({str(step_of(loaded, seed).answer["rows"]) for seed in range(5)}) > 1
