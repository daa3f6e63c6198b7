"""Rewards of steps and episodes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.params import RewardParams
from tests.training.factories import make_call
from training.evaluation import rewards
from training.memory.schema import Episode, Step, ToolCallRecord

CALLS = st.lists(st.builds(make_call, applied=st.booleans(), valid=st.booleans()), max_size=5)


def make_episode(r1: float | None, steps: list[list[ToolCallRecord]], r3: float) -> Episode:
    step_list = [Step("a chunk", 2, "a reply", calls, 0) for calls in steps]
    return Episode("m:i", "m", "i", "s", None, 2, step_list, "", [], 0, [], r1, 0.0, r3, 0.0, None)


@given(
    scores=st.lists(st.none() | st.floats(0, 1), min_size=1, max_size=8),
    steps=st.lists(CALLS, min_size=1, max_size=6),
    memory=st.integers(0, 5000),
    chunks=st.integers(1, 5000),
    beta=st.floats(0, 1),
    gamma=st.floats(0, 1),
)
def test_rewards_equal_a_numpy_reference(
    scores: list[float | None],
    steps: list[list[ToolCallRecord]],
    memory: int,
    chunks: int,
    beta: float,
    gamma: float,
) -> None:
    params = RewardParams(compression_weight=beta, content_weight=gamma, judge=None)
    r1, r3 = rewards.correctness(scores), rewards.compression(memory, chunks)
    step_totals = rewards.step_rewards(make_episode(r1, steps, r3), params)
    means = [rewards.mean(map(reward, steps)) for reward in (rewards.tool_format, rewards.content)]
    episode_total = rewards.total_reward(r1, means[0], r3, means[1], params)
    present = np.array([score for score in scores if score is not None])
    if not len(present):
        assert step_totals == [None] * len(steps) and episode_total is None
        return
    r2 = np.array([np.mean([one.applied for one in calls]) if calls else 0.0 for calls in steps])
    r4 = np.array([np.mean([one.valid for one in calls]) if calls else 0.0 for calls in steps])
    expected = present.mean() + r2 + beta * (1 - memory / chunks) + gamma * r4
    assert np.allclose(np.array(step_totals, dtype=float), expected)
    assert episode_total is not None and np.isclose(episode_total, expected.mean())


def test_a_memory_larger_than_its_text_has_negative_compression() -> None:
    assert rewards.compression(150, 100) == -0.5


def test_a_step_without_calls_has_r2_and_r4_of_0() -> None:
    assert rewards.tool_format([]) == 0 and rewards.content([]) == 0
