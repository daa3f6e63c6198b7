"""Episodes of the stages evaluate and evaluate_trained: test instances, and the methods that play them."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Protocol, get_args

from tqdm import tqdm

from pipeline.core.atomic import atomic_folder
from pipeline.core.errors import MemcurateError
from pipeline.core.params import AnswerParams
from pipeline.core.schema import ModelCall
from pipeline.core.storage import find_split_files, read_parts, read_rows, write_rows
from stages.shared.paths import ASSETS_DIR, DATASET_DIR
from training.evaluation.aggregate import CapacityTables, EpisodeAggregator
from training.evaluation.concatenation import concatenate_by_length
from training.evaluation.evaluator import Evaluator
from training.evaluation.report.dvc_metrics import build_metrics
from training.evaluation.report.page import write_report
from training.memory.schema import Episode, EpisodeInput
from training.policies import Policy
from training.policies.evicting import EvictingPolicy, EvictionOrder
from training.policies.scripted import ScriptedPolicy
from training.policies.scripted_appending import AppendingPolicy
from training.policies.scripted_random import RandomPolicy
from training.policies.scripted_updating import UpdatingPolicy

_logger = logging.getLogger(__name__)

# Test instances under None, and concatenated instances by the tokens that each has at least.
InstancesByLength = Mapping[int | None, Sequence[EpisodeInput]]
_SCRIPTED_POLICIES = {
    policy.name: policy for policy in (ScriptedPolicy, AppendingPolicy, RandomPolicy, UpdatingPolicy)
}


class EpisodeRunner(Protocol):
    """Runs the episodes of a method."""

    def __call__(
        self, instances: Sequence[EpisodeInput], context_length: int | None, capacity: float | None = None
    ) -> Iterator[Episode]:
        """Yield an episode of each instance; `capacity` limits the memory to a fraction of its tokens."""


def read_test_instances() -> list[EpisodeInput]:
    """Read the test split and the evaluation sets, by id. Raises MemcurateError where they are empty."""
    files = find_split_files(DATASET_DIR)
    paths = [path for split, of_split in files.items() if split != "train" for path in of_split]
    tests = sorted(read_parts(paths, EpisodeInput), key=lambda one: one.id)
    if not tests:
        raise MemcurateError(
            f"{DATASET_DIR / 'test.parquet'} holds no instance to evaluate on: run `dvc repro assemble`"
        )
    return tests


def concatenate_to_lengths(
    tests: Sequence[EpisodeInput], lengths: Sequence[int], param_key: str, num_questions: int, seed: int
) -> InstancesByLength:
    """Concatenate test instances to each of `lengths`, in tokens, padded with train instances.

    The questions of the train instances are dropped. A length that no source reaches gets no instance, and a
    warning that names `param_key`.
    """
    if not lengths:
        return {}
    train = read_rows(DATASET_DIR / "train.parquet", EpisodeInput)
    long = concatenate_by_length(tests, train, lengths, num_questions, seed)
    for length, instances in long.items():
        if not instances:
            _logger.warning("%s %s: skipped, no source reaches %s tokens", param_key, length, length)
    return dict(long)


def take_per_source(instances: Sequence[EpisodeInput], count: int | None) -> list[EpisodeInput]:
    """Return the first `count` instances of each source; None: all."""
    by_source = groupby(sorted(instances, key=lambda one: one.source), key=lambda one: one.source)
    return [instance for _, group in by_source for instance in islice(group, count)]


def baseline_runner(name: str, evaluator: Evaluator) -> EpisodeRunner:
    """Return the runner of a method without a model: a scripted policy, or a baseline by its name."""
    if name in _SCRIPTED_POLICIES:
        return policy_runner(evaluator, _SCRIPTED_POLICIES[name](ASSETS_DIR))
    return partial(evaluator.evaluate_baseline, name)


def policy_runner(evaluator: Evaluator, policy: Policy) -> EpisodeRunner:
    """Return the runner of a policy's episodes."""
    return partial(evaluator.evaluate_policy, policy)


def list_capacity_runners(
    name: str, runner: EpisodeRunner, evaluator: Evaluator
) -> list[tuple[str, EpisodeRunner]]:
    """Return the names and runners of a method under a limit; a scripted policy evicts in each order."""
    if name not in _SCRIPTED_POLICIES:
        return [(name, runner)]
    policy = _SCRIPTED_POLICIES[name](ASSETS_DIR)
    evicting = [EvictingPolicy(policy, order) for order in get_args(EvictionOrder)]
    return [(one.name, policy_runner(evaluator, one)) for one in evicting]


def evaluate_capacities(
    runners: Iterable[tuple[str, EpisodeRunner, Sequence[EpisodeInput]]],
    capacities: Sequence[float],
    num_samples: int,
    seed: int,
    reference: str,
) -> CapacityTables:
    """Return the scores of methods under each limit of the memory, smallest first; none without capacities.

    The last three arguments are those of EpisodeAggregator.
    """
    aggregators = {one: EpisodeAggregator(num_samples, seed, reference) for one in sorted(capacities)}
    if not aggregators:
        return {}
    for name, runner, instances in runners:
        for capacity, aggregator in aggregators.items():
            limited = partial(runner, capacity=capacity)
            deque(_run_method(f"{name} at {capacity:g}", limited, {None: instances}, aggregator), maxlen=0)
    return {capacity: aggregator.build_tables()[0] for capacity, aggregator in aggregators.items()}


def run_evaluation(
    target: Path,
    runners: Iterable[tuple[str, EpisodeRunner, InstancesByLength]],
    aggregator: EpisodeAggregator,
    answer: AnswerParams,
    model_calls: Sequence[ModelCall],
    run_capacities: Callable[[], CapacityTables] = dict,
) -> dict[str, Any]:
    """Run the episodes of methods and return the metrics.

    Writes index.html, tables for plots, episodes/<method>.parquet and model_calls.parquet into `target`.
    `model_calls` grows while the methods run, and is read at the end. `run_capacities` is called after them.
    """
    with atomic_folder(target) as folder:
        (folder / "episodes").mkdir()
        for name, runner, instances_by_length in runners:
            rows = _run_method(name, runner, instances_by_length, aggregator)
            write_rows(folder / "episodes" / f"{name}.parquet", Episode, rows)
        capacities = run_capacities()
        write_rows(folder / "model_calls.parquet", ModelCall, model_calls)
        tables = aggregator.build_tables()
        write_report(folder, tables, answer, capacities)
    return build_metrics(tables)


def _run_method(
    name: str, runner: EpisodeRunner, instances_by_length: InstancesByLength, aggregator: EpisodeAggregator
) -> Iterator[Episode]:
    """Yield the episodes of a method, added to the aggregator; a terminal shows the progress."""
    total = sum(map(len, instances_by_length.values()))
    with tqdm(total=total, desc=f"evaluate {name}", disable=None, leave=False) as progress:
        for length, instances in instances_by_length.items():
            for episode in runner(instances, length):
                aggregator.add(episode)
                progress.update()
                yield episode
