"""Policies that delete entries to make room in a full memory."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest

from pipeline.core.params import AgentParams
from tests.training.factories import count_words, make_instance
from tests.training.worlds import make_world_instance
from training.evaluation.answering.extractive import ExtractiveAnswerer
from training.evaluation.evaluator import Evaluator
from training.memory.memory import Memory
from training.policies import Observation
from training.policies.evicting import EvictingPolicy, EvictionOrder
from training.policies.run_episodes import run_episodes
from training.policies.scripted_updating import UpdatingPolicy


class LinePolicy:
    """A policy whose reply is the chunk's lines: `id: text` updates an entry, other text is inserted."""

    name = "lines"
    batch_size = 1

    def act(self, observations: Sequence[Observation]) -> list[str]:
        return ["\n".join(map(self._write, one.chunk.split("\n"))) for one in observations]

    def _write(self, line: str) -> str:
        head, _, rest = line.partition(": ")
        arguments = {"memory_type": "semantic"}
        if rest:
            return format_call("memory_update", **arguments, memory_id=head, new_content=rest)
        return format_call("new_memory_insert", **arguments, content=line)


def format_call(tool: str, **arguments: str) -> str:
    return f"<tool_call>{json.dumps({'name': tool, 'arguments': arguments})}</tool_call>"


def run(order: EvictionOrder, limit: int | None, *chunks: str) -> tuple[list[str], list[bool]]:
    """Return the entries that are left, and whether each call was applied."""
    policy = EvictingPolicy(LinePolicy(), order)
    instance = make_instance("a", chunks)
    (trajectory,) = run_episodes(policy, [instance], 10, count_words, lambda _: limit)
    calls = [call.applied for step in trajectory.steps for call in step.calls]
    return [entry.text for entry in trajectory.stored_entries()], calls


@pytest.mark.parametrize(("order", "left"), [("oldest", ["c c", "d d"]), ("newest", ["a a", "d d"])])
def test_entries_are_deleted_in_order_until_the_next_one_fits(order: EvictionOrder, left: list[str]) -> None:
    entries, applied = run(order, 4, "a a", "b b", "c c\nd d")
    assert entries == left and all(applied)


def test_an_updated_entry_is_as_new_as_its_last_time() -> None:
    chunks = ("2023-01-01 a", "2023-01-02 b", "s1: 2023-01-03 a", "2023-01-04 c")
    assert run("oldest", 5, *chunks)[0] == ["2023-01-03 a", "2023-01-04 c"]


def test_an_update_of_an_entry_that_had_to_go_becomes_an_insertion() -> None:
    assert run("oldest", 4, "a a", "b b", "c c\ns1: a a a")[0] == ["a a a"]


def test_a_text_that_never_fits_is_left_out_and_deletes_nothing() -> None:
    entries, applied = run("oldest", 4, "a a", "b b b b b")
    assert entries == ["a a"] and applied == [True]


def test_without_a_limit_nothing_changes() -> None:
    assert run("oldest", None, "a a", "b b b b b") == (["a a", "b b b b b"], [True, True])


@pytest.mark.parametrize("order", get_args(EvictionOrder))
def test_on_worlds_the_memory_stays_below_the_limit(
    order: EvictionOrder, agent: AgentParams, assets: Path
) -> None:
    evaluator = Evaluator(agent, count_words, ExtractiveAnswerer(), 32_768)
    instance = make_world_instance("a")
    policy = EvictingPolicy(UpdatingPolicy(assets), order)
    scores = []
    for capacity in (0.25, 1.0):
        (episode,) = evaluator.evaluate_policy(policy, [instance], None, capacity)
        assert all(step.memory_tokens <= capacity * instance.tokens for step in episode.steps)
        assert all(call.applied for step in episode.steps for call in step.calls)
        scores.append(episode.correctness or 0)
    assert 0 < scores[0] < scores[1]
    for name in ("bm25_chunks", "long_context"):
        (episode,) = evaluator.evaluate_baseline(name, [instance], None, 0.25)
        assert 0 < episode.memory_tokens <= 0.25 * instance.tokens


def test_the_limit_of_params_is_told_and_kept(agent: AgentParams, assets: Path) -> None:
    limited = agent.model_copy(update={"memory": agent.memory.model_copy(update={"max_tokens": 40})})
    evaluator = Evaluator(limited, count_words, ExtractiveAnswerer(), 32_768)
    (episode,) = evaluator.evaluate_policy(UpdatingPolicy(assets), [make_world_instance("a")], None)
    assert 0 < episode.memory_tokens <= 40
    assert isinstance(Memory(count_words, 10, 40).max_tokens, int)
