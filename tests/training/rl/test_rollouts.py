"""Rollouts as rows: the tokens of each call have the reward of that call."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import pytest
from transformers import PreTrainedTokenizerFast

from pipeline.core.params import AgentParams, GenerationParams
from tests.training.factories import count_words, make_instance, make_question
from tests.training.tokenizer_factories import ADDED, make_byte_level_tokenizer
from training.evaluation.answering.extractive import ExtractiveAnswerer
from training.evaluation.evaluator import Evaluator
from training.policies.chats.sampling import Completion
from training.policies.chats.template import ChatTemplate
from training.policies.scripted import format_insert
from training.rl.advantages import compute_advantages
from training.rl.rollouts import MemoryRolloutCollector, RolloutBatch, Transition

OSLO, RAIN = format_insert("semantic", "Ann lives in Zürich 🎻."), format_insert("semantic", "It rained.")
REPLIES = [
    f"{OSLO}\n{RAIN}",
    f"{RAIN} and\n{OSLO}",
    "nothing here",
    f'{{"tool_calls": [{OSLO[11:-12]}, {RAIN[11:-12]}]}}',
]
QUESTION = make_question("Where does Ann live?", "Zürich")


@pytest.fixture(params=["control tokens", "text alone"])
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerFast:
    added = ADDED if request.param == "control tokens" else ()
    return make_byte_level_tokenizer(added)


def collect(
    agent: AgentParams,
    tokenizer: PreTrainedTokenizerFast,
    credit: Literal["episode", "step", "call"],
    replies: Sequence[str] = REPLIES,
) -> RolloutBatch:
    """Collect an episode of one step for each reply; each ends with the end token."""
    template = ChatTemplate(tokenizer)
    collector = MemoryRolloutCollector(
        [make_instance("a", ["Ann lives in Zürich. It rained."], [QUESTION])],
        template,
        Evaluator(agent, count_words, ExtractiveAnswerer(), 32_768),
        agent.memory,
        GenerationParams(max_prompt_tokens=2000, max_completion_tokens=400, temperature=1.0),
        "step",
        credit,
    )
    remaining: Iterator[str] = iter(replies)

    def generate(prompts: list[list[int]]) -> list[Completion]:
        replies = [template.encode_reply(next(remaining)) for _ in prompts]
        return [Completion([*reply, int(tokenizer.eos_token_id)]) for reply in replies]

    return collector.collect([0] * len(replies), generate)


def split_texts(template: ChatTemplate, row: Transition) -> list[str]:
    starts = [0, *(part.end for part in row.parts)]
    return [
        template.decode(row.completion[start : part.end])
        for start, part in zip(starts, row.parts, strict=False)
    ]


def test_a_part_of_a_reply_ends_where_its_call_ends(
    agent: AgentParams, tokenizer: PreTrainedTokenizerFast
) -> None:
    template = ChatTemplate(tokenizer)
    both, other, nothing, listed = collect(agent, tokenizer, "call").transitions
    for row, first, second in ((both, "Zürich", "rained"), (other, "rained", "Zürich")):
        texts = split_texts(template, row)
        assert len(texts) == 3 and row.parts[-1].end == len(row.completion)
        assert first in texts[0] and second not in texts[0]
        assert second in texts[1] and texts[2].strip() in ("", "</tool_call>")
    assert [part.end for part in nothing.parts] == [len(nothing.completion)]
    assert len(listed.parts) == 2  # the calls of a list end together


def test_the_call_that_stores_the_answer_earns_most(
    agent: AgentParams, tokenizer: PreTrainedTokenizerFast
) -> None:
    both, other, nothing, _ = collect(agent, tokenizer, "call").transitions
    for row, answer, noise in ((both, 0, 1), (other, 1, 0)):
        assert row.parts[answer].reward > row.parts[noise].reward + 0.9
    rows = [both, other, nothing]
    flat = [(part.reward, index) for row in rows for index, part in enumerate(row.parts)]
    advantages = compute_advantages(
        [reward for reward, _ in flat], ["g"] * len(flat), [index for _, index in flat]
    )
    assert advantages[0] > 0 > advantages[6]  # the answer first; to stop at once


@pytest.mark.parametrize("credit", ["episode", "step"])
def test_whole_rows_earn_one_reward(agent: AgentParams, credit: Literal["episode", "step"]) -> None:
    batch = collect(agent, make_byte_level_tokenizer(), credit)
    assert all(not row.parts and len(row.list_parts()) == 1 for row in batch.transitions)
    both, _, nothing, _ = batch.transitions
    assert both.reward > nothing.reward
    assert batch.metrics["credit_seconds"] >= 0


def test_a_reply_that_is_cut_off_ends_with_its_last_call(agent: AgentParams) -> None:
    (row,) = collect(agent, make_byte_level_tokenizer(), "call", [OSLO[:-20]]).transitions
    cut = replace(row, completion=row.completion[:-1])
    assert row.parts[0].end in (len(cut.completion), len(row.completion))
