"""The rows of the warm start: the teacher's first calls, as the policy reads and writes them."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.params import AgentParams, WarmStartParams
from tests.training.factories import count_words, make_instance
from tests.training.rl.factories import make_tokenizer
from training.policies.chats.template import ChatTemplate
from training.policies.model import ModelPolicy
from training.policies.scripted import ScriptedPolicy
from training.rl.sft import _tokenize_row, generate_teacher_rows

SAMPLES = "\n".join(
    f"Sample: What is the thing that number {number} stands for ?\nLabel: {number}" for number in range(30)
)


@dataclass
class WordCountModel:
    """A chat model that only counts words."""

    batch_size: int = 1
    context_window: None = None
    supports_tools: bool = False

    def count_tokens(self, messages: list[dict[str, str]]) -> int:
        return sum(count_words(message["content"]) for message in messages)


@pytest.fixture
def policy(agent: AgentParams) -> ModelPolicy:
    profile = agent.training.active_profile
    chat: Any = WordCountModel()  # it has no `complete`, since it writes nothing
    return ModelPolicy("counting", chat, profile.memory, profile.generation, 0)


def make_replies(
    policy: ModelPolicy, assets: Path, full_fraction: float, min_fraction: float, max_fraction: float
) -> list[str]:
    params = _make_params(full_fraction, min_fraction, max_fraction)
    instances = [make_instance(str(number), [SAMPLES, SAMPLES]) for number in range(12)]
    rows = generate_teacher_rows(instances, ScriptedPolicy(assets), policy, 64, count_words, params, 1)
    return [row.completion for row in rows]


def _make_params(full_fraction: float, min_fraction: float, max_fraction: float) -> WarmStartParams:
    return WarmStartParams(
        num_rows=1,
        batch_size=1,
        learning_rate=1e-4,
        full_fraction=full_fraction,
        min_keep_fraction=min_fraction,
        max_keep_fraction=max_fraction,
    )


def test_rows_hold_a_drawn_number_of_the_teachers_first_calls(policy: ModelPolicy, assets: Path) -> None:
    (whole_reply, *_) = make_replies(policy, assets, 0.0, 1.0, 1.0)
    calls = whole_reply.splitlines()
    assert len(calls) == 30
    kept = make_replies(policy, assets, 0.0, 0.1, 0.6)
    assert len(kept) == 24
    assert all(calls[: len(reply.splitlines())] == reply.splitlines() for reply in kept)
    counts = {len(reply.splitlines()) for reply in kept}
    assert min(counts) >= 3 and max(counts) <= 18 and len(counts) > 4


def test_a_fraction_of_rows_has_all_calls(policy: ModelPolicy, assets: Path) -> None:
    counts = Counter(len(reply.splitlines()) for reply in make_replies(policy, assets, 0.4, 0.1, 0.1))
    assert set(counts) == {3, 30} and 4 <= counts[30] <= 16  # of 24, 9.6 on average
    assert {len(reply.splitlines()) for reply in make_replies(policy, assets, 1.0, 0.1, 0.1)} == {30}


def test_the_prompt_shows_only_calls_that_were_kept(policy: ModelPolicy, assets: Path) -> None:
    first, second = generate_teacher_rows(
        [make_instance("a", [SAMPLES, SAMPLES])],
        ScriptedPolicy(assets),
        policy,
        64,
        count_words,
        _make_params(0.0, 0.1, 0.1),
        1,
    )
    assert "[s3] What is the thing" not in first.prompt[-1]["content"]
    assert "[s3] What is the thing" in second.prompt[-1]["content"]


def test_only_the_reply_and_its_end_token_are_learnt() -> None:
    tokenizer = make_tokenizer()
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }} {% endfor %}go"
    row = _tokenize_row(ChatTemplate(tokenizer), [{"role": "user", "content": "w1 w2"}], "left right")
    reply_ids = [word for word, kept in zip(row["input_ids"], row["completion_mask"], strict=True) if kept]
    assert tokenizer.convert_ids_to_tokens(reply_ids) == ["left", "right", "<end>"]
    prompt_ids = row["input_ids"][: -len(reply_ids)]
    assert tokenizer.convert_ids_to_tokens(prompt_ids) == ["w1", "w2", "go"]
