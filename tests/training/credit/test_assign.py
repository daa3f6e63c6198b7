"""Rewards of steps and calls by where credit goes."""

import pytest

from pipeline.core.params import AgentParams
from tests.training.credit.random_episodes import draw_trajectory
from tests.training.factories import count_words
from training.credit.assign import assign_rewards
from training.credit.episode_credit import EpisodeCredit
from training.evaluation import rewards
from training.evaluation.answering.extractive import ExtractiveAnswerer
from training.evaluation.evaluator import Evaluator
from training.memory.schema import Episode, EpisodeInput


@pytest.fixture
def evaluator(agent: AgentParams) -> Evaluator:
    memory = agent.memory.model_copy(update={"core_tokens": 12})
    return Evaluator(agent.model_copy(update={"memory": memory}), count_words, ExtractiveAnswerer(), 32_768)


def draw_episodes(evaluator: Evaluator, count: int) -> list[tuple[EpisodeInput, Episode]]:
    trajectories = [draw_trajectory(seed) for seed in range(count)]
    return [(one.instance, evaluator.score_trajectory("made", one, None)) for one in trajectories]


def test_the_credit_of_the_episode_is_the_papers(evaluator: Evaluator) -> None:
    for instance, episode in draw_episodes(evaluator, 10):
        found = assign_rewards(instance, episode, evaluator, "episode")
        assert [one.total for one in found] == rewards.step_rewards(episode, evaluator.params.rewards)
        assert all(one.rest is None and not one.calls for one in found)


def test_a_step_earns_its_difference_and_its_own_rewards(evaluator: Evaluator) -> None:
    params = evaluator.params.rewards
    for instance, episode in draw_episodes(evaluator, 30):
        if episode.correctness is None:
            continue
        found = assign_rewards(instance, episode, evaluator, "step")
        credits = EpisodeCredit(instance, episode.steps, evaluator).step_credits()
        for earned, credit, step in zip(found, credits, episode.steps, strict=True):
            difference = credit.correctness + params.compression_weight * credit.compression
            own = rewards.tool_format(step.calls) + params.content_weight * rewards.content(step.calls)
            assert earned.total == pytest.approx(len(episode.steps) * difference + own)


def test_what_calls_earn_apart_from_credit_has_the_mean_of_their_step(evaluator: Evaluator) -> None:
    params = evaluator.params.rewards
    seen = set()
    for instance, episode in draw_episodes(evaluator, 60):
        if episode.correctness is None:
            assert all(
                one.total is None and one.rest is None
                for one in assign_rewards(instance, episode, evaluator, "call")
            )
            continue
        found = assign_rewards(instance, episode, evaluator, "call")
        by_step = EpisodeCredit(instance, episode.steps, evaluator).call_credits()
        for earned, credits, step in zip(found, by_step, episode.steps, strict=True):
            own = [
                reward - len(episode.steps) * (one.correctness + params.compression_weight * one.compression)
                for reward, one in zip(earned.calls, credits, strict=True)
            ]
            assert earned.rest is not None and len(own) == len(step.calls)
            assert earned.rest == pytest.approx(sum(own) / len(own) if own else 0)
            seen |= {round(one, 3) for one in own}
    assert {0.0, round(1 + params.content_weight, 3)} <= seen


def test_an_episode_without_a_scored_question_has_no_reward(evaluator: Evaluator) -> None:
    episodes = [
        (instance, episode)
        for instance, episode in draw_episodes(evaluator, 200)
        if episode.correctness is None
    ]
    assert episodes
    for instance, episode in episodes:
        assert all(one.total is None for one in assign_rewards(instance, episode, evaluator, "step"))
