"""Rewards equal a plain reference in NumPy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.training.making import call
from training import rewards
from training.schema import CallMade

CALLS = st.lists(st.builds(call, applied=st.booleans(), valid=st.booleans()), max_size=5)


@given(
    scores=st.lists(st.none() | st.floats(0, 1), min_size=1, max_size=8),
    steps=st.lists(CALLS, max_size=6),
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
    earned = rewards.Rewards(
        rewards.correctness(scores),
        [rewards.tool_format(calls) for calls in steps],
        rewards.compression(memory, chunks),
        [rewards.content(calls) for calls in steps],
        beta,
        gamma,
    )
    measured = np.array([score for score in scores if score is not None])
    if not len(measured):
        assert earned.of_steps() is None and earned.total() is None
        return
    r2 = np.array([np.mean([one.applied for one in calls]) if calls else 0.0 for calls in steps])
    r4 = np.array([np.mean([one.valid for one in calls]) if calls else 0.0 for calls in steps])
    expected = measured.mean() + r2 + beta * (1 - memory / chunks) + gamma * r4
    assert np.allclose(np.array(earned.of_steps()), expected)
    without_steps = measured.mean() + beta * (1 - memory / chunks)
    assert np.isclose(earned.total() or 0.0, expected.mean() if steps else without_steps)


def test_a_memory_larger_than_its_text_is_punished() -> None:
    assert rewards.compression(150, 100) == -0.5


def test_a_step_without_calls_earns_nothing_for_them() -> None:
    assert rewards.tool_format([]) == 0 and rewards.content([]) == 0
