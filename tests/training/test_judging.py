"""A judge's verdicts: what can be read of a reply counts, and nothing else."""

from collections.abc import Sequence

import pytest

from tests.training.making import call
from training.chats import Message, Sampling
from training.judging import judge, verdicts
from training.schema import Step


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("[true, false, true]", [True, False, True]),
        ("Here you are: [True, False, True].", [True, False, True]),
        ("```json\n[true,\nfalse, true]\n```", [True, False, True]),
        ("[true]", [True, False, False]),
        ("[true, true, true, true]", [True, True, True]),
        ('["true", 1, true]', [False, False, True]),
        ("true, false, true", [False, False, False]),
        ("[true, false", [False, False, False]),
        ("", [False, False, False]),
        ("<think>[false]</think>[true]", [True, False, False]),
        ("][", [False, False, False]),
        ("First [false]?</think>[true]", [True, False, False]),
        ("By operation [1] and [2]: [true, TRUE,]", [True, True, False]),
        ('{"verdicts": [true, false, true]}', [True, False, True]),
        ('[{"why": "it names ]</think>"}, true]', [False, True, False]),
        ("[[true], [true], [true]]", [False, False, False]),
        ("[" * 995 + "true" + "]" * 995, [False, False, False]),
        ("[" * 200_000, [False, False, False]),
        ("[" + "9" * 4_301 + ", true]", [False, False, False]),
        ("[x]" * 20_000 + "[true]", [True, False, False]),
    ],
)
def test_verdicts(reply: str, expected: list[bool]) -> None:
    assert verdicts(reply, 3) == expected


class Strict:
    """A judge that finds the first operation valid and no other."""

    at_once = 8
    takes_tools = False
    longest = None

    def __init__(self) -> None:
        self.asked: list[str] = []

    def count(self, messages: Sequence[Message]) -> int:
        return 0

    def complete(self, chats: Sequence[Sequence[Message]], sampling: Sampling, tools: bool) -> list[str]:
        self.asked += [chat[0]["content"] for chat in chats]
        return ["[true, false]"] * len(chats)


def test_only_what_was_stored_is_judged() -> None:
    failed = call(applied=False, valid=False, note="the content is empty")
    stored = [call(content="Ann has a cat"), call(content="Bob has a dog")]
    steps = [Step("a chunk", 2, "", [stored[0], failed, stored[1]], 0), Step("another", 1, "", [failed], 0)]
    strict = Strict()
    judge(steps, strict)
    assert [one.valid for one in steps[0].calls] == [True, False, False]
    assert stored[0].note == "inserted as s1"
    assert stored[1].note == "inserted as s1; the judge does not find it valid"
    (asked,) = strict.asked
    assert "a chunk" in asked and "1. new_memory_insert semantic: Ann has a cat" in asked
    assert "2. new_memory_insert semantic: Bob has a dog" in asked and "3." not in asked
