"""Episodes: in lockstep, with fresh prompts; and what a method kept, answered and rewarded end to end."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pytest

from pipeline.params import Params
from pipeline.text.tokens import Tokenizer
from tests.training.conftest import Playable
from tests.training.making import instance, question, words
from training.answering.contains import ContainsAnswerer
from training.episodes import play
from training.evaluation import Evaluator
from training.params import AgentParams
from training.policies import Situation
from training.policies.scripted import ScriptedWriter


class Copier:
    """Stores what it reads, and notes how many it was asked about together."""

    name = "copier"
    at_once = 2

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def write(self, situations: Sequence[Situation]) -> list[str]:
        self.asked.append([one.chunk for one in situations])
        form = '{{"name": "new_memory_insert", "arguments": {{"memory_type": "semantic", "content": "{}"}}}}'
        return [form.format(one.chunk) for one in situations]


def test_the_live_episodes_of_a_batch_are_asked_together() -> None:
    copier = Copier()
    instances = [
        instance("a", ["a one", "a two"]),
        instance("b", ["b one", "b two", "b three"]),
        instance("c", ["c one"]),
    ]
    played = list(play(copier, instances, 10, words))
    assert copier.asked == [["a one", "b one"], ["a two", "b two"], ["b three"], ["c one"]]
    assert [one.instance.id for one in played] == ["made/a", "made/b", "made/c"]
    assert [[entry.text for entry in one.entries()] for one in played] == [
        ["a one", "a two"],
        ["b one", "b two", "b three"],
        ["c one"],
    ]
    assert [step.memory_tokens for step in played[1].steps] == [2, 4, 6]


class Babbler:
    """Writes one good call, one that fails and one that cannot be read."""

    name = "babbler"
    at_once = 1

    def write(self, situations: Sequence[Situation]) -> list[str]:
        arguments = '{"memory_type": "semantic", "content": "Ann is in Rome"}'
        good = f'{{"name": "new_memory_insert", "arguments": {arguments}}}'
        return [f"<tool_call>{good}</tool_call><tool_call>{good}</tool_call><tool_call>{{</tool_call>"]


def test_every_call_is_kept_with_what_became_of_it(agent: AgentParams) -> None:
    evaluator = Evaluator(agent, words, ContainsAnswerer(), 32_768)
    asked = [
        question("Where is Ann?", "Rome"),
        question("Who?", "Bob"),
        question("Why?", "so", metric="judge"),
    ]
    (episode,) = evaluator.policy(Babbler(), [instance("a", ["some words of a chunk here"], asked)], None)
    (step,) = episode.steps
    assert [call.applied for call in step.calls] == [True, False, False]
    assert [call.note for call in step.calls] == [
        "inserted as s1",
        "stored already, as s1",
        "cut off before its end",
    ]
    assert [answer.score for answer in episode.answers] == [1.0, 0.0, None]
    assert episode.answers[0].recalled == ["s1"] and episode.answers[0].answer == "Rome"
    assert episode.correctness == 0.5
    assert episode.tool_format == episode.content == pytest.approx(1 / 3)
    assert episode.compression == pytest.approx(1 - 4 / 6)
    assert episode.total == pytest.approx(0.5 + 1 / 3 + 0.05 * (1 - 4 / 6) + 0.1 / 3)


class Halver:
    """Writes half of a character, as a server may send it and as an escape in a call."""

    name = "halver"
    at_once = 1

    def write(self, situations: Sequence[Situation]) -> list[str]:
        arguments = '{"memory_type": "episodic_memory", "content": "Tom \\ud83d"}'
        return [f'\ud83d <tool_call>{{"name": "new_memory_insert", "arguments": {arguments}}}</tool_call>']


def test_what_is_kept_of_an_episode_is_well_formed() -> None:
    (played,) = play(Halver(), [instance("a", ["a one"])], 10, words)
    (step,) = played.steps
    (call,) = step.calls
    assert step.reply.startswith("\ufffd <tool_call>")
    assert (call.memory_type, call.content, call.applied) == ("episodic", "Tom \ufffd", True)
    assert [entry.text for entry in played.entries()] == ["Tom \ufffd"]


def test_an_episode_that_cannot_be_measured(agent: AgentParams) -> None:
    evaluator = Evaluator(agent, words, ContainsAnswerer(), 32_768)
    one = instance("a", ["words"], [question("Why?", "so", metric="judge")])
    (episode,) = evaluator.baseline("empty_memory", [one], None)
    assert episode.correctness is None and episode.total is None and episode.compression == 1


@pytest.mark.parametrize("source", ["squad_dev", "trec_coarse"])
def test_methods_on_real_corpora(
    source: str, playable: Playable, agent: AgentParams, params: Params, assets: Path
) -> None:
    """The writer beats the best chunks, those beat nothing, and all read no more than they may."""
    count = lru_cache(1 << 14)(Tokenizer(params.tokenizer, assets).count)
    evaluator = Evaluator(agent, count, ContainsAnswerer(), 32_768)
    instances = playable(source)[:1]
    episodes = [*evaluator.policy(ScriptedWriter(assets), instances, None)]
    episodes += [
        episode
        for name in ("bm25_chunks", "empty_memory", "long_context")
        for episode in evaluator.baseline(name, instances, None)
    ]
    scripted, chunks, empty, whole = episodes
    assert [one.method for one in episodes] == ["scripted", "bm25_chunks", "empty_memory", "long_context"]
    assert (scripted.correctness or 0) > (chunks.correctness or 0) > (empty.correctness or 0) == 0
    for episode in (scripted, chunks, empty):
        assert all(answer.tokens <= agent.answer.max_tokens for answer in episode.answers)
    assert whole.memory_tokens == sum(chunk.tokens for chunk in instances[0].chunks)
    assert {answer.question for answer in scripted.answers} == {one.id for one in instances[0].questions}
