"""Run the episodes of a batch's tasks, and those of fresh tasks in place of groups without variance.

Nothing is learnt from a group whose rewards are all equal (DAPO's dynamic sampling). All processes take the
same decisions, since they see the rewards of all.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from training.rl.rollouts import RolloutBatch


@dataclass(frozen=True, slots=True)
class BatchTasks:
    """The tasks of a batch, the same in all processes."""

    groups: Sequence[int]  # the task of each group of episodes
    own_groups: Sequence[int]  # the group of each episode that this process runs
    fresh: Sequence[int]  # tasks in the order in which they replace others; as many as may be replaced

    @property
    def own_tasks(self) -> list[int]:
        """The task of each episode that this process runs."""
        return [self.groups[group] for group in self.own_groups]


@dataclass(frozen=True, slots=True)
class ReplacedBatch:
    """The rows that stay, and the tasks of all episodes that ran: with and without variance."""

    rollouts: RolloutBatch
    varied: list[int]
    alike: list[int]


def collect_varied(
    tasks: BatchTasks,
    collect: Callable[[Sequence[int]], RolloutBatch],
    gather: Callable[[list[Any]], list[Any]],
) -> ReplacedBatch:
    """Run the episodes, and replace groups without variance until there are none or no fresh task is left.

    `gather` joins the lists of all processes. Metrics are those of the episodes that were drawn first, with
    the counts `replaced_groups` and `zero_std_groups`, the groups without variance that stay.
    """
    groups, fresh = list(tasks.groups), list(tasks.fresh)
    pending, varied = set(groups), set[int]()
    rounds, replaced = list[RolloutBatch](), list[int]()
    while pending:
        own = [groups[group] for group in tasks.own_groups if groups[group] in pending]
        batch = collect(own) if own else RolloutBatch([], {})
        rounds.append(batch)
        own_rows = [(row.task, row.group_id, row.reward) for row in batch.transitions]
        varied |= find_varied_tasks(gather(own_rows))
        alike = [task for task in dict.fromkeys(groups) if task in pending and task not in varied]
        swaps = dict(zip(alike, fresh, strict=False))
        fresh = fresh[len(swaps) :]
        replaced += swaps
        groups = [swaps.get(task, task) for task in groups]
        pending = set(swaps.values())
    final = list(dict.fromkeys(groups))
    still_alike = [task for task in final if task not in varied]
    counts = {"replaced_groups": len(replaced), "zero_std_groups": len(still_alike)}
    return ReplacedBatch(
        _join_rounds(rounds, set(replaced), counts),
        [task for task in final if task in varied],
        [*replaced, *still_alike],
    )


def find_varied_tasks(rows: Iterable[tuple[int | None, str, float]]) -> set[int]:
    """Return the tasks with a group of unequal rewards.

    Rows are (task, group, reward or NaN). Raises ValueError where a row does not name its task.
    """
    rewards: dict[tuple[int, str], set[float]] = {}
    for task, group, reward in rows:
        if task is None:
            raise ValueError(
                "groups are replaced by the task of each Transition, which the collector leaves out"
            )
        if not math.isnan(reward):
            rewards.setdefault((task, group), set()).add(reward)
    return {task for (task, _), own in rewards.items() if len(own) > 1}


def _join_rounds(rounds: Sequence[RolloutBatch], replaced: set[int], counts: dict[str, int]) -> RolloutBatch:
    """Return the rows of all rounds but those of replaced tasks, with the metrics of the first round."""
    rows = [row for one in rounds for row in one.transitions]
    kept = [row for row in rows if row.task not in replaced]
    dropped = [row for row in rows if row.task in replaced]
    metrics = {**rounds[0].metrics, **counts}
    if "environment_seconds" in metrics:
        metrics["environment_seconds"] = sum(one.metrics.get("environment_seconds", 0.0) for one in rounds)
    tokens = sum(len(row.completion) for row in dropped)
    return replace(rounds[0], transitions=kept, metrics=metrics, dropped_tokens=tokens)
