"""Every answer of the corpus has the verdict that belongs to it, and so has whatever is drawn afresh."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from content.mathematics import Unreadable, is_equivalent, parse
from tests.content.corpus import cases, verdict
from tests.content.corpus.generated import TOPICS, Drawn, mistakes, rewritings

DRAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
topics = pytest.mark.parametrize("topic", TOPICS)


def test_every_answer_of_the_corpus_has_its_verdict() -> None:
    found = Counter[str]()
    wrong = []
    for case in cases():
        found["drawn" if case.topic.startswith("drawn") else "written"] += 1
        if (given := verdict(case)) != case.verdict:
            wrong.append((case, given))
    assert wrong == []
    assert found["drawn"] >= found["written"] >= 1_500


def test_the_corpus_has_every_verdict_many_times_and_nothing_twice() -> None:
    every = list(cases())
    assert min(Counter(case.verdict for case in every).values()) >= 40
    seen = Counter((str(case.key), case.response, case.form, case.domain, case.solutions) for case in every)
    assert [each for each, times in seen.items() if times > 1] == []


@topics
@DRAWS
@given(data=st.data())
def test_whatever_algebra_makes_of_a_key_is_right(topic: str, data: st.DataObject) -> None:
    drawn = data.draw(rewritings(TOPICS[topic]))
    assert is_same(drawn)


@topics
@DRAWS
@given(data=st.data())
def test_whatever_differs_at_a_point_is_wrong(topic: str, data: st.DataObject) -> None:
    drawn = data.draw(mistakes(TOPICS[topic]))
    assert not is_same(drawn)


def is_same(drawn: Drawn) -> bool:
    try:
        return is_equivalent(parse(drawn.key), parse(drawn.response))
    except Unreadable:  # as an answer that is too large is
        assume(False)
        raise
