"""Credit of steps and calls: equal to answering all questions anew from the memory without them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import combinations
from math import factorial
from pathlib import Path

import pytest

from pipeline.core.params import AgentParams
from tests.training.conftest import Playable
from tests.training.credit.random_episodes import draw_trajectory
from tests.training.factories import count_words, make_instance, make_question
from tests.training.worlds import make_world_instance
from training.credit.episode_credit import Credit, EpisodeCredit
from training.evaluation.answer_metrics import score_answer
from training.evaluation.answering import AnswerRequest
from training.evaluation.answering.extractive import ExtractiveAnswerer, is_answered_by_passages
from training.evaluation.evaluator import Evaluator, is_scored
from training.evaluation.retrieval import MemoryRetriever, Passage, truncate_passages
from training.memory.memory import Memory
from training.memory.schema import EpisodeInput, EpisodeQuestion, Step
from training.policies.run_episodes import Trajectory, run_episodes
from training.policies.scripted import ScriptedPolicy, format_call
from training.policies.scripted_updating import UpdatingPolicy

_CORE_TOKENS = 12


@pytest.fixture(scope="module")
def evaluator(agent: AgentParams) -> Evaluator:
    """An evaluator that reads few entries and few tokens, so that entries crowd each other out."""
    answer = agent.answer.model_copy(update={"top_k": 3, "max_context_tokens": 40})
    memory = agent.memory.model_copy(update={"core_tokens": _CORE_TOKENS})
    params = agent.model_copy(update={"answer": answer, "memory": memory})
    return Evaluator(params, count_words, ExtractiveAnswerer(), 32_768)


def rebuild_memory(steps: Sequence[Step], without: Collection[int], core_tokens: int) -> Memory:
    """Write the texts of all calls but some into an empty memory, under their ids."""
    memory, number = Memory(count_words, core_tokens), -1
    inserted: set[str] = set()
    texts: dict[str, str] = {}
    cores = Memory(count_words, core_tokens)
    for step in steps:
        for call in step.calls:
            number += 1
            if not call.applied:
                continue
            if call.memory_type == "core":
                cores.rewrite_core(call.content or "")
                memory.core = memory.core if number in without else cores.core
                continue
            key = str(call.entry_id)
            if call.tool == "new_memory_insert" and number not in without:
                inserted.add(key)
            if number in without or key not in inserted:
                continue
            if call.tool == "memory_delete":
                del texts[key]
            else:
                texts[key] = str(call.content)
    for key in sorted(texts, key=lambda one: int(one[1:])):
        memory.lists["semantic" if key[0] == "s" else "episodic"]._store_text(key, texts[key])
    return memory


def scored_questions(instance: EpisodeInput, evaluator: Evaluator) -> list[EpisodeQuestion]:
    return [
        one for one in instance.questions if one.metric != "judge" and is_scored(one, evaluator.params.answer)
    ]


def answer_and_score(question: EpisodeQuestion, passages: Sequence[Passage]) -> float:
    (answer,) = ExtractiveAnswerer().answer([AnswerRequest(question, passages, True)])
    score = score_answer(question.metric, question.answers, answer, question.wrong_answers)
    assert score is not None
    return score


def find_passages(
    question: EpisodeQuestion, steps: Sequence[Step], evaluator: Evaluator, without: Collection[int] = ()
) -> list[Passage]:
    last = len(steps) - 1
    asked = last if question.after_chunk is None else min(question.after_chunk, last)
    memory = rebuild_memory(steps[: asked + 1], without, evaluator.params.memory.core_tokens)
    answer = evaluator.params.answer
    passages = MemoryRetriever(memory, answer.top_k).retrieve(question.text)
    return truncate_passages(passages, answer.max_context_tokens, count_words)


def brute_correctness(trajectory: Trajectory, evaluator: Evaluator, without: Collection[int] = ()) -> float:
    questions = scored_questions(trajectory.instance, evaluator)
    scores = [
        answer_and_score(one, find_passages(one, trajectory.steps, evaluator, without)) for one in questions
    ]
    return sum(scores) / max(len(scores), 1)


def brute_compression(trajectory: Trajectory, without: Collection[int] = ()) -> float:
    return 1 - rebuild_memory(trajectory.steps, without, _CORE_TOKENS).tokens / trajectory.instance.tokens


def number_calls(trajectory: Trajectory) -> list[list[int]]:
    found, number = [], 0
    for step in trajectory.steps:
        found.append(list(range(number, number + len(step.calls))))
        number += len(step.calls)
    return found


def check_equal_to_brute_force(trajectory: Trajectory, evaluator: Evaluator) -> None:
    credit = EpisodeCredit(trajectory.instance, trajectory.steps, evaluator)
    episode = evaluator.score_trajectory("made", trajectory, None)
    r1 = brute_correctness(trajectory, evaluator)
    assert r1 == pytest.approx(episode.correctness or 0.0, abs=1e-9)
    r3 = brute_compression(trajectory)
    calls_by_step = number_calls(trajectory)
    differences = [*credit.step_credits(), *(one for step in credit.call_differences() for one in step)]
    units = [*calls_by_step, *([call] for calls in calls_by_step for call in calls)]
    for found, calls in zip(differences, units, strict=True):
        assert found.correctness == pytest.approx(
            r1 - brute_correctness(trajectory, evaluator, set(calls)), abs=1e-9
        )
        assert found.compression == pytest.approx(r3 - brute_compression(trajectory, set(calls)), abs=1e-9)


@pytest.mark.parametrize(
    "first", [0, 50, 100, *(pytest.param(first, marks=pytest.mark.slow) for first in range(150, 1000, 50))]
)
def test_differences_equal_brute_force(first: int, evaluator: Evaluator) -> None:
    for seed in range(first, first + 50):
        check_equal_to_brute_force(draw_trajectory(seed), evaluator)


def test_random_episodes_have_credit_of_both_signs_of_all_kinds_of_calls(evaluator: Evaluator) -> None:
    signs = set()
    for seed in range(60):
        trajectory = draw_trajectory(seed)
        credit = EpisodeCredit(trajectory.instance, trajectory.steps, evaluator)
        calls = [call for step in trajectory.steps for call in step.calls]
        differences = [one.correctness for step in credit.call_differences() for one in step]
        for call, difference in zip(calls, differences, strict=True):
            signs.add((call.tool, call.memory_type == "core", difference > 0, difference < 0))
            assert call.applied or difference == 0
    for tool, is_core in (("new_memory_insert", False), ("memory_update", False), ("memory_update", True)):
        assert {(tool, is_core, True, False), (tool, is_core, False, True)} <= signs
    assert ("memory_delete", False, True, False) in signs and ("memory_delete", False, False, True) in signs


def shapley_values(question: EpisodeQuestion, passages: Sequence[Passage]) -> dict[str, float]:
    """Return the Shapley value of each passage by its definition, over all subsets."""
    ids, size = [one.id for one in passages], len(passages)
    values = dict.fromkeys(ids, 0.0)
    for passage in passages:
        others = [one for one in passages if one.id != passage.id]
        for count in range(size):
            weight = factorial(count) * factorial(size - count - 1) / factorial(size)
            for subset in combinations(others, count):
                without = {one.id for one in subset}
                added = [one for one in passages if one.id in without or one.id == passage.id]
                values[passage.id] += weight * (
                    answer_and_score(question, added) - answer_and_score(question, subset)
                )
    return values


def test_shares_are_the_shapley_values_of_the_passages(evaluator: Evaluator) -> None:
    num_shared = 0
    for seed in range(80):
        trajectory = draw_trajectory(seed)
        credit = EpisodeCredit(trajectory.instance, trajectory.steps, evaluator)
        questions = scored_questions(trajectory.instance, evaluator)
        expected = 0.0
        for question in questions:
            if is_answered_by_passages(question):
                values = shapley_values(question, find_passages(question, trajectory.steps, evaluator))
                expected += sum(values.values()) / len(questions)
                alone = replace(trajectory.instance, questions=[question])
                shares = EpisodeCredit(alone, trajectory.steps, evaluator).answer_shares()
                assert sorted(filter(None, group_by_place(trajectory, shares).values())) == pytest.approx(
                    sorted(filter(None, values.values()))
                )
                num_shared += any(shares)
        assert sum(credit.answer_shares()) == pytest.approx(expected, abs=1e-9)
    assert num_shared > 50


def group_by_place(trajectory: Trajectory, shares: Sequence[float]) -> dict[str, float]:
    """Return the sum of the shares of the calls at each place."""
    found: dict[str, float] = {}
    calls = [call for step in trajectory.steps for call in step.calls]
    for call, share in zip(calls, shares, strict=True):
        key = "core" if call.memory_type == "core" else str(call.entry_id)
        found[key] = found.get(key, 0.0) + share
    return found


def play(evaluator: Evaluator, questions: Sequence[EpisodeQuestion], *replies: str) -> EpisodeCredit:
    """Return the credit of an episode in which a policy gives these replies."""

    remaining = list(replies)

    class Replies:
        name, batch_size = "made", 1

        def act(self, observations: Sequence[object]) -> list[str]:
            return [remaining.pop(0) for _ in observations]

    instance = make_instance("a", ["one two three four"] * len(replies), questions)
    (trajectory,) = run_episodes(Replies(), [instance], _CORE_TOKENS, count_words)
    return EpisodeCredit(instance, trajectory.steps, evaluator)


def insert(text: str) -> str:
    return format_call("new_memory_insert", {"memory_type": "semantic", "content": text})


def update(entry_id: str, text: str) -> str:
    return format_call(
        "memory_update", {"memory_type": "semantic", "memory_id": entry_id, "new_content": text}
    )


OSLO = make_question("Where does Anna live?", "Oslo")
DOG = make_question("What pet has Anna?", "dog")


def correctness(credits: Sequence[Sequence[Credit]]) -> list[list[float]]:
    return [[round(one.correctness, 6) for one in step] for step in credits]


def test_two_calls_that_store_the_same_answer_share_it(evaluator: Evaluator) -> None:
    twice = play(evaluator, [OSLO], insert("Anna lives in Oslo."), insert("Anna: Oslo."))
    assert correctness(twice.call_differences()) == [[0], [0]]
    assert correctness(twice.call_credits()) == [[0.5], [0.5]]
    assert [one.correctness for one in twice.step_credits()] == [0, 0]


def test_an_update_has_the_credit_of_what_it_brings_alone(evaluator: Evaluator) -> None:
    changed = play(
        evaluator, [OSLO, DOG], insert("Anna lives in Oslo."), update("s1", "Anna lives in Oslo, has a dog.")
    )
    assert correctness(changed.call_credits()) == [[0.5], [0.5]]


def test_an_entry_that_crowds_out_the_answer_has_negative_credit(evaluator: Evaluator) -> None:
    noise = [insert(f"Where does Anna live? Where does Anna live? {word}") for word in ("a", "b")]
    answer = [insert(f"Anna lives in {place}.") for place in ("Bath", "Oslo")]
    crowded = play(evaluator, [OSLO], *answer[1:], *noise, insert("Where does Anna live? c"))
    ((stored,), *others) = correctness(crowded.call_credits())
    assert stored == 0 and all(one == [-1] for one in others)


def test_an_update_that_loses_an_answer_has_negative_credit(evaluator: Evaluator) -> None:
    lost = play(evaluator, [OSLO], insert("Anna lives in Oslo."), update("s1", "Anna lives somewhere."))
    assert correctness(lost.call_credits()) == [[0], [-1]]
    assert [one.compression for one in lost.step_credits()] == [-3 / 8, 1 / 8]


def check_steps(trajectory: Trajectory, evaluator: Evaluator) -> list[Credit]:
    """Check that the steps' credit equals brute force, and return it."""
    credits = EpisodeCredit(trajectory.instance, trajectory.steps, evaluator).step_credits()
    r1 = brute_correctness(trajectory, evaluator)
    for found, calls in zip(credits, number_calls(trajectory), strict=True):
        assert found.correctness == pytest.approx(
            r1 - brute_correctness(trajectory, evaluator, calls), abs=1e-9
        )
    return credits


@pytest.mark.parametrize("source", ["squad_dev", "trec_coarse"])
def test_differences_of_real_episodes_equal_brute_force(
    source: str, playable: Playable, agent: AgentParams, assets: Path
) -> None:
    evaluator = Evaluator(agent, count_words, ExtractiveAnswerer(), 32_768)
    instance = playable(source)[0]
    instance = replace(instance, chunks=instance.chunks[:4], questions=instance.questions[:30])
    (trajectory,) = run_episodes(
        ScriptedPolicy(assets), [instance], agent.memory.core_tokens, evaluator.count_tokens
    )
    assert any(one.correctness for one in check_steps(trajectory, evaluator))


def test_differences_of_facts_that_change_equal_brute_force(agent: AgentParams, assets: Path) -> None:
    evaluator = Evaluator(agent, count_words, ExtractiveAnswerer(), 32_768)
    instance = make_world_instance("a")
    (trajectory,) = run_episodes(
        UpdatingPolicy(assets), [instance], agent.memory.core_tokens, evaluator.count_tokens
    )
    check_steps(trajectory, evaluator)
