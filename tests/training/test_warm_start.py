"""The rows of the warm start: the first calls of the writer, as the policy reads and writes them."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.training.grpo_tiny import tokenizer
from tests.training.making import instance, words
from training.chats.template import Template
from training.params import AgentParams, WarmStartParams
from training.policies.model import ModelPolicy
from training.policies.scripted import ScriptedWriter
from training.warm_start import _tokens, teacher_rows

SAMPLES = "\n".join(
    f"Sample: What is the thing that number {number} stands for ?\nLabel: {number}" for number in range(30)
)


@dataclass
class Counting:
    """A chat that only counts words."""

    at_once: int = 1
    longest: None = None
    takes_tools: bool = False

    def count(self, messages: list[dict[str, str]]) -> int:
        return sum(words(message["content"]) for message in messages)


@pytest.fixture
def policy(agent: AgentParams) -> ModelPolicy:
    profile = agent.training.chosen
    chat: Any = Counting()  # it writes nothing, and so is no whole Chat
    return ModelPolicy("counting", chat, profile.memory, profile.step, 0)


def rows(policy: ModelPolicy, assets: Path, whole: float, least: float, most: float) -> list[str]:
    how = _how(whole, least, most)
    instances = [instance(str(number), [SAMPLES, SAMPLES]) for number in range(12)]
    made = teacher_rows(instances, ScriptedWriter(assets), policy, 64, words, how, 1)
    return [reply for _, reply in made]


def _how(whole: float, least: float, most: float) -> WarmStartParams:
    return WarmStartParams(rows=1, batch=1, learning_rate=1e-4, whole=whole, least_kept=least, most_kept=most)


def test_the_first_calls_of_the_writer_as_many_as_drawn(policy: ModelPolicy, assets: Path) -> None:
    (whole, *_) = rows(policy, assets, 0.0, 1.0, 1.0)
    calls = whole.splitlines()
    assert len(calls) == 30
    kept = rows(policy, assets, 0.0, 0.1, 0.6)
    assert len(kept) == 24
    assert all(calls[: len(reply.splitlines())] == reply.splitlines() for reply in kept)
    counts = {len(reply.splitlines()) for reply in kept}
    assert min(counts) >= 3 and max(counts) <= 18 and len(counts) > 4


def test_some_rows_have_all_calls(policy: ModelPolicy, assets: Path) -> None:
    counts = Counter(len(reply.splitlines()) for reply in rows(policy, assets, 0.4, 0.1, 0.1))
    assert set(counts) == {3, 30} and 4 <= counts[30] <= 16  # of 24, 9.6 on average
    assert {len(reply.splitlines()) for reply in rows(policy, assets, 1.0, 0.1, 0.1)} == {30}


def test_what_was_stored_before_is_in_the_prompt(policy: ModelPolicy, assets: Path) -> None:
    first, second = teacher_rows(
        [instance("a", [SAMPLES, SAMPLES])], ScriptedWriter(assets), policy, 64, words, _how(0.0, 0.1, 0.1), 1
    )
    assert "[s3] What is the thing" not in first[0][-1]["content"]
    assert "[s3] What is the thing" in second[0][-1]["content"]


def test_only_the_reply_and_its_end_are_learnt() -> None:
    made = tokenizer()
    made.chat_template = "{% for m in messages %}{{ m['content'] }} {% endfor %}go"
    row = _tokens(Template(made), [{"role": "user", "content": "w1 w2"}], "left right")
    learnt = [word for word, kept in zip(row["input_ids"], row["completion_mask"], strict=True) if kept]
    assert made.convert_ids_to_tokens(learnt) == ["left", "right", "<end>"]
    read = row["input_ids"][: -len(learnt)]
    assert made.convert_ids_to_tokens(read) == ["w1", "w2", "go"]
