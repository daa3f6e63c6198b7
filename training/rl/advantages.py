"""Advantages of steps within their group (paper: all steps of all rollouts of an instance).

The advantage is (reward - mean) / (sample standard deviation + 1e-6) over the rows of a group. Rows without a
reward, and rows of a group that has one row or no variance, have advantage 0.
"""

from collections.abc import Hashable, Sequence

import numpy as np

_EPSILON = 1e-6  # as in the paper's code


def compute_advantages(rewards: Sequence[float], groups: Sequence[Hashable]) -> np.ndarray:
    """Return the advantage of each row in its group, float64 of shape (rows,); NaN means no reward."""
    values = np.asarray(rewards, dtype=np.float64)
    indices_by_group: dict[Hashable, list[int]] = {}
    for index, group in enumerate(groups):
        if not np.isnan(values[index]):
            indices_by_group.setdefault(group, []).append(index)
    advantages = np.zeros(len(values))
    for indices in indices_by_group.values():
        own = values[indices]
        if len(own) > 1 and np.ptp(own) > 0:
            advantages[indices] = (own - own.mean()) / (own.std(ddof=1) + _EPSILON)
    return advantages


def zero_variance_fraction(rewards: Sequence[float], groups: Sequence[Hashable]) -> float:
    """Return the fraction of groups whose rewards are all equal; nothing is learnt from them."""
    rewards_by_group: dict[Hashable, set[float]] = {}
    for reward, group in zip(rewards, groups, strict=True):
        if not np.isnan(reward):
            rewards_by_group.setdefault(group, set()).add(reward)
    return sum(len(own) == 1 for own in rewards_by_group.values()) / max(len(rewards_by_group), 1)
