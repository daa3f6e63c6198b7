"""Advantages: how much better a step did than its group (paper: all steps of all rollouts of an instance).

(reward - mean) / (sample standard deviation + 1e-6) over the rows of a group. A row without a reward, and a
group of one row or without variance, has advantage 0.
"""

from collections.abc import Hashable, Sequence

import numpy as np

_TINY = 1e-6  # as in the paper's code


def advantages(rewards: Sequence[float], groups: Sequence[Hashable]) -> np.ndarray:
    """For each row its advantage in its group; float64. NaN stands for no reward."""
    values = np.asarray(rewards, dtype=np.float64)
    places: dict[Hashable, list[int]] = {}
    for place, group in enumerate(groups):
        if not np.isnan(values[place]):
            places.setdefault(group, []).append(place)
    found = np.zeros(len(values))
    for of_group in places.values():
        own = values[of_group]
        if len(own) > 1 and np.ptp(own) > 0:
            found[of_group] = (own - own.mean()) / (own.std(ddof=1) + _TINY)
    return found


def without_variance(rewards: Sequence[float], groups: Sequence[Hashable]) -> float:
    """The share of groups whose rewards are all the same: they teach nothing."""
    of_group: dict[Hashable, set[float]] = {}
    for reward, group in zip(rewards, groups, strict=True):
        if not np.isnan(reward):
            of_group.setdefault(group, set()).add(reward)
    return sum(len(own) == 1 for own in of_group.values()) / max(len(of_group), 1)
