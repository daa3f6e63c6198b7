"""Advantages of rows within their groups."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.rl.advantages import compute_advantages, zero_variance_fraction


@given(
    st.lists(
        st.tuples(st.floats(-5, 5) | st.just(float("nan")), st.sampled_from("abc")), min_size=1, max_size=30
    )
)
def test_advantages_equal_a_numpy_reference(rows: list[tuple[float, str]]) -> None:
    rewards, groups = (list(column) for column in zip(*rows, strict=True))
    advantages = compute_advantages(rewards, groups)
    for group in set(groups):
        own = np.array([reward for reward, row_group in rows if row_group == group and not np.isnan(reward)])
        indices = [
            index
            for index, (reward, row_group) in enumerate(rows)
            if row_group == group and not np.isnan(reward)
        ]
        if len(own) < 2 or own.max() == own.min():
            assert not advantages[indices].any()
        else:
            assert np.allclose(advantages[indices], (own - own.mean()) / (own.std(ddof=1) + 1e-6))
    assert not advantages[[bool(np.isnan(reward)) for reward in rewards]].any()


def test_parts_are_compared_with_those_at_their_position() -> None:
    rewards = [3.0, 1.0, 0.0, 5.0, 0.0, 9.0]
    groups = ["a", "a", "a", "a", "a", "b"]
    positions = [0, 1, 2, 0, 1, 0]
    advantages = compute_advantages(rewards, groups, positions)
    deviations = np.array([-1, 0.5, 0, 1, -0.5])  # the third has no other at its position
    assert np.allclose(advantages[:5], deviations / (np.sqrt((deviations**2).sum() / 4) + 1e-6))
    assert advantages[5] == 0


@given(st.lists(st.tuples(st.floats(-5, 5), st.sampled_from("abc")), min_size=1, max_size=30))
def test_the_deviation_of_the_batch_keeps_the_sizes_of_differences(rows: list[tuple[float, str]]) -> None:
    rewards, groups = (list(column) for column in zip(*rows, strict=True))
    values, names = np.array(rewards), np.array(groups)
    deviations = values - np.array([values[names == name].mean() for name in names])
    advantages = compute_advantages(rewards, groups, scale="batch")
    if len(rows) > 1:
        spread = np.sqrt((deviations**2).sum() / (len(rows) - 1))
        assert np.allclose(advantages, deviations / (spread + 1e-6), atol=1e-6)
    else:
        assert not advantages.any()


def test_the_fraction_of_groups_with_equal_rewards() -> None:
    assert zero_variance_fraction([1.0, 1.0, 0.0, 1.0], ["a", "a", "b", "b"]) == 0.5
