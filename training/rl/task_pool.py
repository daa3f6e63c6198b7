"""Choose the tasks of batches: in passes over all tasks, or less often those without variance.

A choice depends on the seed, the batch's number and the recorded outcomes of earlier batches alone. So it is
the same in every process, and after a resume with the same record.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.core import seeded_random

_TURNS_WITHOUT_VARIANCE = 4  # such a task sits out the next three passes


@dataclass(frozen=True, slots=True)
class TaskOutcomes:
    """The tasks whose episodes a batch ran."""

    update: int  # the first that learns from the batch, from 1
    varied: Sequence[int]  # some group of the task had unequal rewards
    alike: Sequence[int]  # none had: they were all solved, or all failed


class TaskPool:
    """The tasks 0 to `num_tasks` - 1, in passes whose order is drawn by `seed`.

    With `by_difficulty`, each task has a turn, the number of the pass that it is due in, and the tasks of the
    earliest turn come first. A task without variance sits out three passes. While all tasks vary, they come
    in the same passes.
    """

    def __init__(
        self, num_tasks: int, seed: int, by_difficulty: bool = False, record: Iterable[TaskOutcomes] = ()
    ) -> None:
        """Begin after the batches of `record`."""
        self.by_difficulty = by_difficulty
        self._num_tasks = num_tasks
        self._seed = seed
        self._turns = [0] * num_tasks  # they stay 0 unless chosen by difficulty
        self._orders: dict[int, list[int]] = {}  # tasks of a pass
        self._positions: dict[int, list[int]] = {}  # position of each task in a pass
        for outcomes in record:
            self.add(outcomes)

    def add(self, outcomes: TaskOutcomes) -> None:
        """Move on the turns of a batch's tasks, where they are chosen by difficulty."""
        if self.by_difficulty:
            for tasks, turns in ((outcomes.varied, 1), (outcomes.alike, _TURNS_WITHOUT_VARIANCE)):
                for task in tasks:
                    self._turns[task] += turns

    def draw(self, batch: int, size: int) -> list[int]:
        """Return the `size` tasks of a batch, numbered from 0.

        In plain passes one may stand twice where two passes meet; by difficulty, only in batches of more
        tasks than there are.
        """
        if not self.by_difficulty:
            places = (divmod(index, self._num_tasks) for index in range(batch * size, (batch + 1) * size))
            return [self._order_pass(number)[position] for number, position in places]
        order = sorted(
            range(self._num_tasks),
            key=lambda task: (self._turns[task], self._position(task, self._turns[task])),
        )
        return [order[index % self._num_tasks] for index in range(size)]

    def list_replacements(self, batch: int, drawn: Iterable[int]) -> list[int]:
        """Return the tasks that a batch did not draw, in the order in which they replace drawn ones."""
        others = set(range(self._num_tasks)).difference(drawn)
        order = seeded_random.shuffled(others, str, self._seed, "replacements", batch)
        return sorted(order, key=self._turns.__getitem__)

    def _order_pass(self, number: int) -> list[int]:
        if number not in self._orders:
            order = seeded_random.shuffled(range(self._num_tasks), str, self._seed, "tasks", number)
            self._orders[number] = order
        return self._orders[number]

    def _position(self, task: int, number: int) -> int:
        if number not in self._positions:
            positions = {one: position for position, one in enumerate(self._order_pass(number))}
            self._positions[number] = [positions[one] for one in range(self._num_tasks)]
        return self._positions[number][task]
