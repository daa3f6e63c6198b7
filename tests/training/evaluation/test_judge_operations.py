"""Verdicts on memory operations: only those that can be read from the reply count."""

from collections.abc import Sequence

import pytest

from tests.training.factories import make_call
from training.evaluation.judge_operations import judge_operations, parse_verdicts
from training.memory.prompts import Message
from training.memory.schema import Step
from training.policies.chats import SamplingParams


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
def test_verdicts_are_read_from_a_reply(reply: str, expected: list[bool]) -> None:
    assert parse_verdicts(reply, 3) == expected


class FirstOnlyJudge:
    """A chat model whose verdict is that only the first operation is valid."""

    batch_size = 8
    supports_tools = False
    context_window = None

    def __init__(self) -> None:
        self.prompts: list[str] = []

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return 0

    def complete(
        self, chats: Sequence[Sequence[Message]], sampling: SamplingParams, allow_tools: bool
    ) -> list[str]:
        self.prompts += [chat[0]["content"] for chat in chats]
        return ["[true, false]"] * len(chats)


def test_only_applied_calls_are_judged() -> None:
    failed = make_call(applied=False, valid=False, note="the content is empty")
    stored = [make_call(content="Ann has a cat"), make_call(content="Bob has a dog")]
    steps = [Step("a chunk", 2, "", [stored[0], failed, stored[1]], 0), Step("another", 1, "", [failed], 0)]
    judge = FirstOnlyJudge()
    judge_operations(steps, judge)
    assert [one.valid for one in steps[0].calls] == [True, False, False]
    assert stored[0].note == "inserted as s1"
    assert stored[1].note == "inserted as s1; the judge does not find it valid"
    (prompt,) = judge.prompts
    assert "a chunk" in prompt and "1. new_memory_insert semantic: Ann has a cat" in prompt
    assert "2. new_memory_insert semantic: Bob has a dog" in prompt and "3." not in prompt
