"""Advantages of steps within their group (paper: all steps of all rollouts of an instance).

The advantage is (reward - mean) / (sample standard deviation + 1e-6) over the rows of a group. Rows without a
reward, and rows of a group that has one row or no variance, have advantage 0.

The deviation may instead be that of the whole batch (TRL's `scale_rewards`). Divided by its own deviation, a
group whose rewards differ by a hundredth weighs as much as one in which some rows answer a question and
others do not.

A row may consist of parts with rewards of their own, such as the calls of a reply. A part is compared with
the parts that stand at the same position in the other rows of its group: the second call with other second
calls, and with the ends of replies of one call. The deviation is that of all parts of the group, or batch.
"""

from collections.abc import Hashable, Sequence
from itertools import chain
from typing import Literal

import numpy as np

_EPSILON = 1e-6  # as in the paper's code


def compute_advantages(
    rewards: Sequence[float],
    groups: Sequence[Hashable],
    positions: Sequence[int] | None = None,
    scale: Literal["group", "batch"] = "group",
) -> np.ndarray:
    """Return the advantage of each row, or part of a row, in its group; NaN means no reward.

    `positions` are those of parts in their rows; None: whole rows. `scale` names the rows whose deviation
    divides. The result is float64 of shape (rows,).
    """
    values = np.asarray(rewards, dtype=np.float64)
    at = positions if positions is not None else [0] * len(values)
    by_group = _group_indices(values, groups)
    deviations = np.zeros(len(values))
    for indices in _group_indices(values, list(zip(groups, at, strict=True))).values():
        own = values[indices]
        if np.ptp(own) > 0:
            deviations[indices] = own - own.mean()
    advantages = np.zeros(len(values))
    scaled = by_group.values() if scale == "group" else [list(chain.from_iterable(by_group.values()))]
    for indices in scaled:
        own = deviations[indices]
        if own.any():
            spread = np.sqrt((own * own).sum() / (len(own) - 1))
            advantages[indices] = own / (spread + _EPSILON)
    return advantages


def _group_indices(values: np.ndarray, groups: Sequence[Hashable]) -> dict[Hashable, list[int]]:
    """Return the indices of the values of each group, without NaN."""
    indices_by_group: dict[Hashable, list[int]] = {}
    for index, group in enumerate(groups):
        if not np.isnan(values[index]):
            indices_by_group.setdefault(group, []).append(index)
    return indices_by_group


def zero_variance_fraction(rewards: Sequence[float], groups: Sequence[Hashable]) -> float:
    """Return the fraction of groups whose rewards are all equal; nothing is learnt from them."""
    rewards_by_group: dict[Hashable, set[float]] = {}
    for reward, group in zip(rewards, groups, strict=True):
        if not np.isnan(reward):
            rewards_by_group.setdefault(group, set()).add(reward)
    return sum(len(own) == 1 for own in rewards_by_group.values()) / max(len(rewards_by_group), 1)
