"""The tasks of batches: plain passes, and passes that tasks without variance sit out."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from training.rl.task_pool import TaskOutcomes, TaskPool


def play(pool: TaskPool, batches: range, size: int, alike: set[int]) -> list[list[int]]:
    """Draw batches, and record that the tasks `alike` have no variance."""
    drawn = []
    for batch in batches:
        tasks = pool.draw(batch, size)
        drawn.append(tasks)
        pool.add(
            TaskOutcomes(
                batch + 1,
                [task for task in tasks if task not in alike],
                [task for task in tasks if task in alike],
            )
        )
    return drawn


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 3))
def test_while_all_tasks_vary_a_pool_by_difficulty_is_uniform(size: int, batches: int, seed: int) -> None:
    """Batches divide a pass here; where two passes meet in one, plain passes may draw a task twice."""
    num_tasks = size * batches
    plain = play(TaskPool(num_tasks, seed), range(3 * batches), size, set())
    assert play(TaskPool(num_tasks, seed, by_difficulty=True), range(3 * batches), size, set()) == plain


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 3))
def test_a_pass_has_every_task_once(num_tasks: int, size: int, seed: int) -> None:
    flat = [task for batch in play(TaskPool(num_tasks, seed), range(8), size, set()) for task in batch]
    for first in range(0, len(flat) - num_tasks + 1, num_tasks):
        assert sorted(flat[first : first + num_tasks]) == list(range(num_tasks))


@given(st.integers(4, 9), st.integers(1, 4), st.sets(st.integers(0, 8)))
def test_by_difficulty_a_batch_has_no_task_twice(num_tasks: int, size: int, alike: set[int]) -> None:
    for tasks in play(TaskPool(num_tasks, 3, by_difficulty=True), range(20), size, alike):
        assert len(set(tasks)) == size


def test_tasks_without_variance_are_drawn_a_quarter_as_often() -> None:
    alike = {1, 4, 6}
    drawn = play(TaskPool(8, 3, by_difficulty=True), range(46), 2, alike)
    counts = Counter(task for batch in drawn for task in batch)
    assert {counts[task] for task in range(8) if task not in alike} <= {15, 16, 17}
    assert {counts[task] for task in alike} <= {3, 4, 5}


def test_a_task_that_varies_again_is_drawn_as_often_again() -> None:
    pool = TaskPool(4, 3, by_difficulty=True)
    play(pool, range(8), 2, {2})
    counts = Counter(task for batch in play(pool, range(8, 48), 2, set()) for task in batch)
    assert max(counts.values()) - min(counts.values()) <= 5  # what is left of the passes that it sits out


@given(st.integers(0, 11), st.sets(st.integers(0, 6)))
def test_a_pool_goes_on_from_a_record_as_it_would_have(stop: int, alike: set[int]) -> None:
    record: list[TaskOutcomes] = []

    class Recorded(TaskPool):
        def add(self, outcomes: TaskOutcomes) -> None:
            record.append(outcomes)
            super().add(outcomes)

    whole = play(Recorded(7, 3, by_difficulty=True), range(12), 3, alike)
    resumed = TaskPool(7, 3, by_difficulty=True, record=record[:stop])
    assert play(resumed, range(stop, 12), 3, alike) == whole[stop:]


def test_replacements_are_all_other_tasks_and_those_without_variance_come_last() -> None:
    uniform = TaskPool(9, 3)
    orders = [uniform.list_replacements(batch, [2, 5]) for batch in range(4)]
    assert all(sorted(order) == [0, 1, 3, 4, 6, 7, 8] for order in orders)
    assert len({tuple(order) for order in orders}) > 1
    assert orders == [TaskPool(9, 3).list_replacements(batch, [2, 5]) for batch in range(4)]
    pool = TaskPool(9, 3, by_difficulty=True)
    pool.add(TaskOutcomes(1, [0, 1], [3, 4]))
    order = pool.list_replacements(1, [2, 5])
    assert set(order[:3]) == {6, 7, 8} and set(order[3:5]) == {0, 1} and set(order[5:]) == {3, 4}
