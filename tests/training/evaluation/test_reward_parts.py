"""The named parts of an episode's total add up to it."""

import pytest

from pipeline.core.agent_params import RewardParams
from tests.training.factories import count_words, make_instance, make_question
from tests.training.worlds import make_world_instance
from training.environment import DEFAULT_PARAMS, MemoryEnv, build_env_evaluator
from training.evaluation.reward_parts import reward_parts
from training.memory.schema import Episode, EpisodeInput
from training.policies.scripted import format_insert

PAPER = DEFAULT_PARAMS.rewards
MEASURED = PAPER.model_copy(update={"recall_weight": 0.5, "stale_weight": 0.3, "forgotten_weight": 0.2})


def play(instance: EpisodeInput, rewards: RewardParams) -> Episode:
    params = DEFAULT_PARAMS.model_copy(update={"rewards": rewards})
    env = MemoryEnv([instance], build_env_evaluator(params, count_words), lambda messages: 0)
    observation = env.reset(0)
    while True:
        text = " ".join(observation.state.chunk.split()[-20:])
        result = env.step(format_insert("semantic", text))
        if result.observation is None:
            assert result.info.episode is not None
            return result.info.episode
        observation = result.observation


@pytest.mark.parametrize("rewards", [PAPER, MEASURED])
def test_the_parts_add_up_to_the_total(rewards: RewardParams) -> None:
    plain = make_instance("a", ["Ann is in Rome.", "Ben too."], [make_question("Where is Ann?", "Rome")])
    for instance in (plain, make_world_instance("a", per_ability=1)):
        episode = play(instance, rewards)
        parts = reward_parts(episode, rewards)
        assert parts is not None
        assert sum(one.value * one.weight for one in parts.values()) == pytest.approx(
            episode.total, abs=1e-12
        )
        own = ["correctness", "tool_format", "compression", "content"]
        assert list(parts) == own + (["recall", "stale", "forgotten"] if rewards is MEASURED else [])


def test_an_episode_without_a_score_has_no_parts() -> None:
    instance = make_instance("a", ["one"], [make_question("Why?", "x", metric="judge")])
    assert reward_parts(play(instance, PAPER), PAPER) is None
