"""Measures of a memory by the facts that were told, after every chunk."""

from pathlib import Path

import pytest

from pipeline.core.params import AgentParams
from tests.training.factories import count_words
from tests.training.worlds import make_world_instance
from training.evaluation.answering.extractive import ExtractiveAnswerer
from training.evaluation.evaluator import Evaluator
from training.evaluation.memory_measures import FactFinder, mean_measures, measure_memory
from training.memory.memory import Memory
from training.memory.schema import EpisodeFact, MemoryMeasures
from training.policies.scripted import ScriptedPolicy

ANNA = "Anna Keller"
FACTS = [
    EpisodeFact("User", "city", "York", 0, "superseded", 2),
    EpisodeFact("User", "city", "Leeds", 2),
    EpisodeFact(ANNA, "job", "cook", 1, "corrected", 1),
    EpisodeFact(ANNA, "job", "nurse", 1),
    EpisodeFact(ANNA, "code", "4821", 0, "forgotten", 3),
]


def measure(chunk: int, *entries: str, core: str = "") -> MemoryMeasures:
    memory = Memory(count_words, 100)
    for entry in entries:
        memory.lists["episodic"].insert(entry)
    if core:
        memory.rewrite_core(core)
    return measure_memory(memory, FACTS, FactFinder(FACTS), chunk, 7)


def test_an_empty_memory_keeps_nothing() -> None:
    assert measure(0) == MemoryMeasures(0.0, None, None, None, 7)
    assert measure(3) == MemoryMeasures(0.0, 0.0, 0.0, None, 7)


def test_a_fact_is_kept_where_its_value_stands_with_its_subject() -> None:
    assert measure(0, "User: I live in York.").recall == 1 / 2
    assert measure(0, "Anna Keller: I live in York.").recall == 0
    assert measure(0, "I live in York; type 4821 at the door of Anna Keller.").recall == 1 / 2
    assert measure(0, core="The user lives in York. Anna Keller has the code 4821.").recall == 1
    assert measure(0, core="Names met so far: York 3, Anna Keller 2, 4821 1").recall == 0


def test_an_outdated_fact_is_stale_unless_the_newer_one_is_kept_after_it() -> None:
    old, new = "2023-01-01 10:00 User: York.", "2023-02-01 10:00 User: Leeds."
    assert measure(1, old).stale == 0  # the city holds; the job of one chunk is not kept
    assert measure(2, old).stale == 1 / 2
    assert measure(2, old, new).stale == 0
    assert measure(2, new, old).stale == 0  # by their times
    assert measure(2, "2023-01-01 10:00 User: Leeds.", "2023-02-01 10:00 User: York.").stale == 1 / 2
    assert measure(1, "Anna Keller: I'm a cook.").stale == 1
    assert measure(1, "Anna Keller: I'm a cook.", "Anna Keller: A nurse, not a cook.").stale == 0


def test_a_fact_to_be_forgotten_counts_as_kept_from_then_on() -> None:
    entry = "Anna Keller: My door code is 4821."
    assert measure(2, entry).forgotten is None and measure(3, entry).forgotten == 1
    assert measure(3, "Anna Keller: My door code is secret.").forgotten == 0


def test_entries_without_a_fact_are_noise() -> None:
    assert measure(0, "User: I live in York.", "Assistant: Leeds is old.", "User: Rome!").noise == 2 / 3
    assert measure(0, "User: I live in Leeds.").noise == 1  # it is not told yet
    assert measure(0, core="nothing").noise is None


def test_means_leave_out_what_could_not_be_measured() -> None:
    measures = [MemoryMeasures(1.0, None, None, 0.5, 3), MemoryMeasures(0.5, 0.25, None, None, 9)]
    assert mean_measures(measures) == MemoryMeasures(0.75, 0.25, None, 0.5, 9)
    assert mean_measures([]) is None


def test_an_episode_has_the_measures_of_every_chunk_and_weighs_them(agent: AgentParams, assets: Path) -> None:
    instance = make_world_instance("a", days_per_chunk=20)
    weights = {"recall_weight": 2.0, "stale_weight": 0.5, "forgotten_weight": 0.25}
    weighted = agent.model_copy(update={"rewards": agent.rewards.model_copy(update=weights)})
    totals = []
    for params in (agent, weighted):
        evaluator = Evaluator(params, count_words, ExtractiveAnswerer(), 32_768)
        (episode,) = evaluator.evaluate_policy(ScriptedPolicy(assets), [instance], None)
        assert [one.tokens for one in episode.measures] == [step.memory_tokens for step in episode.steps]
        totals.append(episode.total or 0)
    means = mean_measures(episode.measures)
    assert means is not None and means.recall is not None and means.recall > 0.9
    added = 2 * means.recall - 0.5 * (means.stale or 0) - 0.25 * (means.forgotten or 0)
    assert totals[1] - totals[0] == pytest.approx(added)
    (empty,) = evaluator.evaluate_baseline("empty_memory", [instance], None)
    assert empty.measures == []
