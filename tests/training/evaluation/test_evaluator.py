"""Episodes from end to end: answers, scores and rewards of policies and baselines."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pytest

from pipeline.core.params import AgentParams, Params
from pipeline.text.tokens import Tokenizer
from tests.training.conftest import Playable
from tests.training.factories import count_words, make_instance, make_question
from training.evaluation.answering.extractive import ExtractiveAnswerer
from training.evaluation.evaluator import Evaluator, is_scored
from training.memory.schema import EpisodeQuestion
from training.policies import Observation
from training.policies.scripted import ScriptedPolicy


class ThreeCallPolicy:
    """A policy that writes a valid call, one that fails and one that is malformed."""

    name = "three_calls"
    batch_size = 1

    def act(self, observations: Sequence[Observation]) -> list[str]:
        arguments = '{"memory_type": "semantic", "content": "Ann is in Rome"}'
        good = f'{{"name": "new_memory_insert", "arguments": {arguments}}}'
        return [f"<tool_call>{good}</tool_call><tool_call>{good}</tool_call><tool_call>{{</tool_call>"]


def test_every_call_is_recorded_with_its_outcome(agent: AgentParams) -> None:
    evaluator = Evaluator(agent, count_words, ExtractiveAnswerer(), 32_768)
    questions = [
        make_question("Where is Ann?", "Rome"),
        make_question("Who?", "Bob"),
        make_question("Why?", "so", metric="judge"),
        make_question("When?", "", metric="abstain"),  # passages alone cannot abstain
        make_question("Where?", "in Rome", metric="token_f1"),
    ]
    (episode,) = evaluator.evaluate_policy(
        ThreeCallPolicy(), [make_instance("a", ["some words of a chunk here"], questions)], None
    )
    (step,) = episode.steps
    assert [call.applied for call in step.calls] == [True, False, False]
    assert [call.note for call in step.calls] == [
        "inserted as s1",
        "stored already, as s1",
        "cut off before its end",
    ]
    assert [answer.score for answer in episode.answers] == [1.0, 0.0, None, None, 1.0]
    assert episode.answers[0].retrieved == ["s1"] and episode.answers[0].answer == "Rome"
    assert episode.correctness == pytest.approx(2 / 3)
    assert episode.tool_format == episode.content == pytest.approx(1 / 3)
    assert episode.compression == pytest.approx(1 - 4 / 6)
    assert episode.total == pytest.approx(2 / 3 + 1 / 3 + 0.05 * (1 - 4 / 6) + 0.1 / 3)


class DiaryPolicy:
    """A policy that keeps the last chunk alone, in one entry."""

    name = "diary"
    batch_size = 2

    def act(self, observations: Sequence[Observation]) -> list[str]:
        return [self._write(observation) for observation in observations]

    def _write(self, observation: Observation) -> str:
        entry = next(iter(observation.memory.lists["semantic"]), None)
        if entry is None:
            return format_call("new_memory_insert", content=observation.chunk)
        return format_call("memory_update", memory_id=entry.id, new_content=observation.chunk)


def format_call(tool: str, **arguments: str) -> str:
    call = {"name": tool, "arguments": {"memory_type": "semantic", **arguments}}
    return f"<tool_call>{json.dumps(call)}</tool_call>"


MOVES = ["Ann lives in Rome.", "Ann lives in Oslo.", "Ann lives in Bern."]


def ask_where_ann_lives() -> list[EpisodeQuestion]:
    return [make_question(f"{index}: where does Ann live?", city, after=index) for index, city in PLACES]


PLACES = [(2, "Bern"), (0, "Rome"), (None, "Bern"), (1, "Oslo"), (0, "Oslo")]


def test_questions_are_answered_from_what_was_kept_after_their_chunk(agent: AgentParams) -> None:
    evaluator = Evaluator(agent, count_words, ExtractiveAnswerer(), 32_768)
    instances = [make_instance(name, MOVES, ask_where_ann_lives()) for name in "ab"]
    for episode in evaluator.evaluate_policy(DiaryPolicy(), instances, None):
        assert [answer.score for answer in episode.answers] == [1, 1, 1, 1, 0]
        assert [answer.answer for answer in episode.answers] == ["Bern", "Rome", "Bern", "Oslo", ""]
        assert [answer.after_chunk for answer in episode.answers] == [2, 0, None, 1, 0]
    for name in ("bm25_chunks", "long_context", "empty_memory"):
        for episode in evaluator.evaluate_baseline(name, instances, None):
            read = [{int(chunk.split()[1]) for chunk in one.retrieved} for one in episode.answers]
            latest = [2, 0, 2, 1, 0] if name != "empty_memory" else [-1] * 5
            assert [max(some, default=-1) for some in read] == latest


def test_without_a_model_only_choices_among_values_are_scored(agent: AgentParams) -> None:
    questions = [
        make_question("What is my city?", metric="abstain"),
        make_question("What is my job?", metric="abstain", wrong=["cook"]),
        make_question("What is my car?", metric="abstain", wrong=["Ford"]),
        make_question("How many?", "3", metric="number"),
    ]
    instance = make_instance("a", ["[Dialogue at 2024-01-01 10:00]\n<User> I drive a Ford."], questions)
    evaluator = Evaluator(agent, count_words, ExtractiveAnswerer(), 32_768)
    (episode,) = evaluator.evaluate_baseline("long_context", [instance], None)
    assert [answer.score for answer in episode.answers] == [None, 1.0, 0.0, None]
    assert [answer.answer for answer in episode.answers] == ["", "I don't know.", "Ford", ""]
    model = agent.answer.model_copy(update={"backend": "local", "model": "folder"})
    assert all(is_scored(question, model) for question in questions)


def test_an_episode_without_a_scored_question_has_no_total(agent: AgentParams) -> None:
    evaluator = Evaluator(agent, count_words, ExtractiveAnswerer(), 32_768)
    one = make_instance("a", ["words"], [make_question("Why?", "so", metric="judge")])
    (episode,) = evaluator.evaluate_baseline("empty_memory", [one], None)
    assert episode.correctness is None and episode.total is None and episode.compression == 1


@pytest.mark.parametrize("source", ["squad_dev", "trec_coarse"])
def test_on_real_corpora_the_scripted_policy_beats_the_best_chunks(
    source: str, playable: Playable, agent: AgentParams, params: Params, assets: Path
) -> None:
    """The best chunks beat the empty memory, and no method reads more than it may."""
    count = lru_cache(1 << 14)(Tokenizer(params.tokenizer, assets).count)
    evaluator = Evaluator(agent, count, ExtractiveAnswerer(), 32_768)
    instances = playable(source)[:1]
    episodes = [*evaluator.evaluate_policy(ScriptedPolicy(assets), instances, None)]
    episodes += [
        episode
        for name in ("bm25_chunks", "empty_memory", "long_context")
        for episode in evaluator.evaluate_baseline(name, instances, None)
    ]
    scripted, chunks, empty, whole = episodes
    assert [one.method for one in episodes] == ["scripted", "bm25_chunks", "empty_memory", "long_context"]
    assert (scripted.correctness or 0) > (chunks.correctness or 0) > (empty.correctness or 0) == 0
    for episode in (scripted, chunks, empty):
        assert all(answer.tokens <= agent.answer.max_context_tokens for answer in episode.answers)
    assert whole.memory_tokens == sum(chunk.tokens for chunk in instances[0].chunks)
    assert {answer.question for answer in scripted.answers} == {one.id for one in instances[0].questions}
