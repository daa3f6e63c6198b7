"""Rewards equal a plain reference in NumPy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.training.making import call
from training import rewards
from training.params import RewardParams
from training.schema import CallMade, Episode, Step

CALLS = st.lists(st.builds(call, applied=st.booleans(), valid=st.booleans()), max_size=5)


def episode(r1: float | None, steps: list[list[CallMade]], r3: float) -> Episode:
    made = [Step("a chunk", 2, "a reply", calls, 0) for calls in steps]
    return Episode("m:i", "m", "i", "s", None, 2, made, "", [], 0, [], r1, 0.0, r3, 0.0, None)


@given(
    scores=st.lists(st.none() | st.floats(0, 1), min_size=1, max_size=8),
    steps=st.lists(CALLS, min_size=1, max_size=6),
    memory=st.integers(0, 5000),
    chunks=st.integers(1, 5000),
    beta=st.floats(0, 1),
    gamma=st.floats(0, 1),
)
def test_rewards_equal_the_reference(
    scores: list[float | None],
    steps: list[list[CallMade]],
    memory: int,
    chunks: int,
    beta: float,
    gamma: float,
) -> None:
    params = RewardParams(compression=beta, content=gamma, judge=None)
    r1, r3 = rewards.correctness(scores), rewards.compression(memory, chunks)
    of_steps = rewards.of_steps(episode(r1, steps, r3), params)
    means = [rewards.mean(map(of, steps)) for of in (rewards.tool_format, rewards.content)]
    whole = rewards.total(r1, means[0], r3, means[1], params)
    measured = np.array([score for score in scores if score is not None])
    if not len(measured):
        assert of_steps == [None] * len(steps) and whole is None
        return
    r2 = np.array([np.mean([one.applied for one in calls]) if calls else 0.0 for calls in steps])
    r4 = np.array([np.mean([one.valid for one in calls]) if calls else 0.0 for calls in steps])
    expected = measured.mean() + r2 + beta * (1 - memory / chunks) + gamma * r4
    assert np.allclose(np.array(of_steps, dtype=float), expected)
    assert whole is not None and np.isclose(whole, expected.mean())


def test_a_memory_larger_than_its_text_is_punished() -> None:
    assert rewards.compression(150, 100) == -0.5


def test_a_step_without_calls_earns_nothing_for_them() -> None:
    assert rewards.tool_format([]) == 0 and rewards.content([]) == 0
