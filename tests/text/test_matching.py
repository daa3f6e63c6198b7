"""A reply gives an answer, or not: against a reader's judgement, and against plain substrings."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.matching.giving import gives
from pipeline.text.matching.rows import occurrences
from tests.text.matching_cases import BLIND, MADE, REAL, REVIEWED, Case


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


@pytest.mark.parametrize(
    ("batch", "precision", "recall"), [(1, 0.95, 0.85), (2, 0.95, 0.75), (3, 0.95, 0.75), (4, 0.95, 0.8)]
)
def test_blind_cases(batch: int, precision: float, recall: float) -> None:
    """Far above substrings, though other words are missed. Floors: the rules were mended by these cases."""
    cases = BLIND[batch]
    found, plain = measured(cases, gives), measured(cases, substring)
    print(
        f"{len(cases)} blind cases: precision {found[0]:.3f}, recall {found[1]:.3f}; plain substring {plain}"
    )
    assert found[0] >= max(precision, plain[0])
    assert found[1] >= max(recall, plain[1])


@pytest.mark.parametrize(("answers", "reply", "right"), REVIEWED)
def test_reviewed_cases(answers: list[str], reply: str, right: bool) -> None:
    assert gives(reply, answers) == right


def test_there_are_enough_cases() -> None:
    assert len(REAL) + len(MADE) >= 60
    assert len(REAL) >= (len(REAL) + len(MADE)) / 2


# What the rules look at, in any order.
PIECES = st.lists(
    st.sampled_from(
        "the A a I ( ) , . : - hundred half two twenty forty fifth thirds May 3 3rd 1,600 II Eighth not than "
        "or and both before yes no Dr. Jr. Henry Ann's city of Springfield MA KFC percent million \" % ° C "
        "is".split()
    ),
    max_size=9,
).map(" ".join)
TEXTS = st.one_of(st.text(), PIECES)


@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_any_text_will_do(reply: str, answers: list[str]) -> None:
    assert gives(reply, answers) in (True, False)


@pytest.mark.parametrize(
    ("answer", "reply", "right"),
    [
        ("की", "कि", False),
        ("हिन्दी", "हिन्दी", True),
        ("हिन्दी", "हिनदी", False),
        ("が", "か", False),
        ("محمد", "مُحَمَّد", True),
        ("café", "the cafe\u0301", True),
        ("caf", "the cafe\u0301", False),
        ("می‌خواهم", "می‌خواهم", True),
        ("Istanbul", "It is İstanbul.", True),
        ("한국", "한국".encode().decode(), True),
    ],
)
def test_any_script(answer: str, reply: str, right: bool) -> None:
    assert gives(reply, [answer]) == right


def test_numbers_of_any_length() -> None:
    long = "7" * 4301
    assert gives(f"It is {long}.", [long])
    assert not gives(f"It is {long} hundred.", [f"{long}00 men"])
    assert not gives(f"It is {long} million.", [f"{'7' * 4300}8 million"])
    assert gives("12345678901234567 million", ["12345678901234567000000"])
    assert not gives("12345678901234567 million", ["12345678901234568 million"])


@pytest.mark.parametrize(
    "reply", ["forty fifth five", "twenty fifth fifth", "twenty million five", "𐩀 hundred"]
)
def test_odd_numbers_are_read(reply: str) -> None:
    assert gives(reply, [reply])
    assert not gives(reply, ["six"])


WORDS = st.lists(st.sampled_from("abc"), max_size=12)


@given(WORDS, WORDS.filter(bool))
def test_occurrences_are_what_a_plain_search_finds(items: list[str], wanted: list[str]) -> None:
    places = [place for place in range(len(items)) if items[place : place + len(wanted)] == wanted]
    assert list(occurrences(items, wanted)) == places
