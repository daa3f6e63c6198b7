"""What evaluate and evaluate_trained share: instances to play, and methods that play them."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from pipeline.errors import MemcurateError
from pipeline.folders import whole_folder
from pipeline.schema import Asked
from pipeline.storage import read_rows, split_files, write_rows
from stages.running import ASSETS, DATASET
from training.evaluation import Evaluator
from training.params import AnswerParams
from training.policies import Policy
from training.policies.scripted import ScriptedWriter
from training.report.metrics import metrics
from training.report.page import write_report
from training.schema import Episode, InstanceToPlay
from training.stretching import by_length
from training.summary import Summary

Lengths = Mapping[int | None, Sequence[InstanceToPlay]]  # test instances, and stretched ones by their tokens
Play = Callable[[Sequence[InstanceToPlay], int | None], Iterator[Episode]]


def read_tests() -> list[InstanceToPlay]:
    """The test split, and the evaluation sets. Raises MemcurateError where there is nothing."""
    paths = [path for split, path in split_files(DATASET).items() if split != "train"]
    tests = sorted((one for path in paths for one in read_rows(path, InstanceToPlay)), key=lambda one: one.id)
    if not tests:
        raise MemcurateError(
            f"{DATASET / 'test.parquet'} holds no instance to evaluate on: run `dvc repro assemble`"
        )
    return tests


def stretched(
    tests: Sequence[InstanceToPlay], lengths: Sequence[int], key: str, questions: int, seed: int
) -> Lengths:
    """Test instances joined to each length of a params key; a length that no source has is told."""
    if not lengths:
        return {}
    train = read_rows(DATASET / "train.parquet", InstanceToPlay)
    long = by_length(tests, train, lengths, questions, seed)
    for length, instances in long.items():
        if not instances:
            print(f"{key} {length} is left out: no source has so many tokens", file=sys.stderr)
    return dict(long)


def first_of_each_source(instances: Sequence[InstanceToPlay], count: int | None) -> list[InstanceToPlay]:
    """At most `count` instances of each source; None: all."""
    by_source = groupby(sorted(instances, key=lambda one: one.source), key=lambda one: one.source)
    return [instance for _, of in by_source for instance in islice(of, count)]


def method(name: str, evaluator: Evaluator) -> Play:
    """How a method without a model plays."""
    if name == "scripted":
        return with_policy(evaluator, ScriptedWriter(ASSETS))
    return lambda instances, stretch: evaluator.baseline(name, instances, stretch)


def with_policy(evaluator: Evaluator, policy: Policy) -> Play:
    """How a policy plays."""
    return lambda instances, stretch: evaluator.policy(policy, instances, stretch)


def evaluate(
    target: Path,
    plays: Iterable[tuple[str, Play, Lengths]],
    summary: Summary,
    answer: AnswerParams,
    asked: Sequence[Asked],
) -> dict[str, Any]:
    """Have methods play; write index.html, tables for plots, episodes/<method>.parquet; give the metrics.

    `asked` is what models behind the endpoint were asked until then: asked.parquet.
    """
    with whole_folder(target) as folder:
        (folder / "episodes").mkdir()
        for name, play, played in plays:
            rows = _episodes(name, play, played, summary)
            write_rows(folder / "episodes" / f"{name}.parquet", Episode, rows)
        write_rows(folder / "asked.parquet", Asked, asked)
        tables = summary.tables()
        write_report(folder, tables, answer)
    return metrics(tables)


def _episodes(name: str, play: Play, played: Lengths, summary: Summary) -> Iterator[Episode]:
    """The episodes of a method, counted, with progress shown on a terminal."""
    total = sum(map(len, played.values()))
    with tqdm(total=total, desc=f"evaluate {name}", disable=None, leave=False) as progress:
        for stretch, instances in played.items():
            for episode in play(instances, stretch):
                summary.add(episode)
                progress.update()
                yield episode
