"""Replies that say that the answer is not known, and replies that give one."""

from time import process_time

import pytest

from pipeline.text.abstention import is_abstention


@pytest.mark.parametrize(
    "reply",
    [
        "I don't know.",
        "I don’t know",
        "I do not know who that is",
        "unknown",
        "Unknown.",
        "Not mentioned.",
        "The memory does not say.",
        "The memory doesn't mention when she left.",
        "There is no information about his sister in the memory.",
        "You did not mention this information. You mentioned your cat Luna but not your hamster.",
        "The information provided is not enough: it was never stated where he works.",
        "It cannot be determined from the memory.",
        "No answer is given.",
        "There isn't any record of that.",
        "That is unanswerable from what I have.",
        "Sorry, I'm unable to find it.",
        "Das weiß ich nicht.",
        "No lo sé",
        "Je ne sais pas.",
        "我不知道。",
        "文中没有提到。",
    ],
)
def test_saying_that_it_is_not_known_is_an_abstention(reply: str) -> None:
    assert is_abstention(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Rome",
        "Paris. The memory does not mention Lyon.",
        "I don't know for sure, but probably Rome.",
        "Unknown; my best guess is 1998.",
        "He works at the information desk.",
        "No. 7 Baker Street",
        "She knows it.",
        "北京",
    ],
)
def test_an_answer_or_a_guess_is_none(reply: str) -> None:
    assert not is_abstention(reply)


def test_time_does_not_grow_with_a_long_reply() -> None:
    start = process_time()
    for piece in ("not ", "no ", "cannot be ", "n't a b c "):
        is_abstention(piece * 100_000)
    assert process_time() - start < 1
