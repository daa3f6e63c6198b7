"""A reply gives an answer, or not: against a reader's judgement, and against plain substrings."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.matching import gives
from tests.text.matching_cases import BLIND, MADE, REAL, Case


def substring(reply: str, answers: Sequence[str]) -> bool:
    return any(answer.casefold() in reply.casefold() for answer in answers)


def measured(cases: Sequence[Case], matches: Callable[[str, Sequence[str]], bool]) -> tuple[float, float]:
    """(precision, recall)."""
    found = [(matches(reply, answers), right) for answers, reply, right in cases]
    hits = sum(said and right for said, right in found)
    return hits / sum(said for said, _ in found), hits / sum(right for _, right in found)


@pytest.mark.parametrize("cases", [REAL, MADE, REAL + MADE], ids=["real", "made", "all"])
def test_precision_and_recall(cases: list[Case]) -> None:
    precision, recall = measured(cases, gives)
    plain_precision, plain_recall = measured(cases, substring)
    print(
        f"{len(cases)} cases: precision {precision:.3f}, recall {recall:.3f}; "
        f"plain substring {plain_precision:.3f}, {plain_recall:.3f}"
    )
    wrong = [(answers, reply) for answers, reply, right in cases if gives(reply, answers) != right]
    assert precision >= max(0.95, plain_precision), wrong
    assert recall >= max(0.95, plain_recall), wrong


def test_blind_cases() -> None:
    """Hardly ever wrong, and far above substrings; what is said in other words altogether is missed."""
    precision, recall = measured(BLIND, gives)
    plain_precision, plain_recall = measured(BLIND, substring)
    print(
        f"{len(BLIND)} blind cases: precision {precision:.3f}, recall {recall:.3f}; "
        f"plain substring {plain_precision:.3f}, {plain_recall:.3f}"
    )
    assert precision >= max(0.95, plain_precision)
    assert recall >= max(0.85, plain_recall)


def test_there_are_enough_cases() -> None:
    assert len(REAL) + len(MADE) >= 60
    assert len(REAL) >= (len(REAL) + len(MADE)) / 2


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_text_will_do(reply: str, answers: list[str]) -> None:
    assert gives(reply, answers) in (True, False)
