"""scale: time and memory of the data stages on books of several sizes, with several numbers of workers.

The books are made for it (`altered_corpus.py`). The stages run on them alone, in temporary projects.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TypeVar

from tqdm import tqdm

from pipeline.core.atomic import write_json
from pipeline.core.errors import MemcurateError
from pipeline.core.params import MAX_COUNT, Params
from pipeline.core.yaml_reader import read_yaml
from stages.cli.bench.altered_corpus import write_altered_corpus
from stages.cli.bench.project import ProcessUsage, run_module, temporary_project
from stages.cli.bench.timing import run_alternating
from stages.shared.paths import ASSETS_DIR, RAW_DIR

N = TypeVar("N", int, float)

SOURCE = "gutenberg"
STAGES = ("chunk", "question", "filter", "assemble")
ROWS = (*STAGES, "all")
MAX_TIME_GROWTH = 1.1  # times the growth of the text
MAX_MEMORY_GROWTH = 1.15
MIN_SPEEDUP = 0.85  # times the growth of the workers
_WIDTHS = (10, 9, 9, 9, 14, 0)
_RATIO_WIDTHS = (10, 38, 7, 20, 16, 8, 0)


@dataclass(frozen=True)
class StageUsage:
    """A line of the table: a stage on a corpus, with a number of workers."""

    stage: str
    megabytes: float  # of raw text
    workers: int
    seconds: float  # medians of the rounds, as are processor_seconds
    processor_seconds: float  # of all processes
    peak_mb: float  # of all processes together, the highest of the rounds


def parse_numbers(text: str, option: str, number: Callable[[str], N]) -> list[N]:
    """Return the numbers of a list such as 12,120, each once, ascending.

    `number` is float, or int for whole numbers. Raises MemcurateError when one is not such a number above 0.
    """
    try:
        numbers = sorted({number(part) for part in text.split(",")})
    except ValueError:
        numbers = []
    if not numbers or not 0 < numbers[0] <= numbers[-1] < float("inf"):
        kind = "whole numbers" if number is int else "numbers"
        raise MemcurateError(f"{option} is {text!r}: give {kind} above 0 with commas between, such as 1,2")
    return numbers


def bench(
    params: Params, repeat: int, megabytes: Sequence[float], worker_counts: Sequence[int]
) -> Iterator[str]:
    """Yield the lines of two tables: each stage, size and number of workers; then their ratios.

    Raises MemcurateError when the books or assets are missing, or a stage fails.
    """
    raw_dir = RAW_DIR / SOURCE
    if not raw_dir.exists():
        raise MemcurateError(f"{raw_dir} is missing: build it with `dvc repro`")
    usages: list[StageUsage] = []
    yield _format_cells(_WIDTHS, "stage", "MB", "workers", "seconds", "MB/s per core", "peak MB")
    with ExitStack() as stack:
        for size in megabytes:
            project = stack.enter_context(temporary_project(ASSETS_DIR))
            written = write_altered_corpus(raw_dir, project / raw_dir, int(size * 1e6), params.seed)
            _write_params(project / "params.yaml")
            measured = _measure_stages(project, written / 1e6, worker_counts, repeat)
            yield from map(format_usage, measured)
            usages += measured
    yield ""
    yield _format_cells(_RATIO_WIDTHS, "stage", "compared", "time", "", "processor time", "memory", "")
    yield from compare_sizes(usages)
    yield from compare_workers(usages)


def _write_params(path: Path) -> None:
    """Restrict the params to the books, and keep all their instances."""
    values = read_yaml(path)
    values["enabled_sources"] = [SOURCE]
    values["dataset"] |= {
        "eval_only_sources": [],
        "max_train_per_source": MAX_COUNT,
        "baseline_version": None,
    }
    write_json(path, values)


def _measure_stages(
    project: Path, megabytes: float, worker_counts: Sequence[int], repeat: int
) -> list[StageUsage]:
    """Run all stages with each number of workers in `repeat` rounds; print each run's usage at its end."""

    def run_stages(workers: int) -> list[ProcessUsage]:
        return [run_stage(stage, workers) for stage in STAGES]

    def run_stage(stage: str, workers: int) -> ProcessUsage:
        arguments = [] if stage == "assemble" else [SOURCE]
        usage = run_module(project, f"stages.{stage}", *arguments, workers=workers)
        tqdm.write(
            f"{stage}, {megabytes:.0f} MB, {_format_workers(workers)}: {usage.seconds:.1f} s, "
            f"{usage.total_peak_mb:.0f} MB",
            file=sys.stderr,
        )
        return usage

    runs = [partial(run_stages, workers) for workers in worker_counts]
    by_workers = run_alternating(runs, repeat, f"{megabytes:.1f} MB")
    return [
        StageUsage(
            row,
            megabytes,
            workers,
            median(usage.seconds for usage in usages),
            median(usage.processor_seconds for usage in usages),
            max(usage.total_peak_mb for usage in usages),
        )
        for workers, rounds in zip(worker_counts, by_workers, strict=True)
        for row, usages in zip(ROWS, zip(*map(_append_total, rounds), strict=True), strict=True)
    ]


def _append_total(usages: list[ProcessUsage]) -> list[ProcessUsage]:
    """Append the usage of all stages, one after the other."""
    return [
        *usages,
        ProcessUsage(
            sum(usage.seconds for usage in usages),
            sum(usage.processor_seconds for usage in usages),
            max(usage.peak_mb for usage in usages),
            max(usage.total_peak_mb for usage in usages),
        ),
    ]


def format_usage(usage: StageUsage) -> str:
    """Return the line of a stage's usage."""
    return _format_cells(
        _WIDTHS,
        usage.stage,
        f"{usage.megabytes:.1f}",
        f"{usage.workers}",
        f"{usage.seconds:.1f}",
        f"{usage.megabytes / usage.processor_seconds:.2f}",
        f"{usage.peak_mb:.0f}",
    )


def compare_sizes(usages: Sequence[StageUsage]) -> Iterator[str]:
    """Yield a line for each stage, number of workers and step from one size to the next."""
    for small, large in _pair_usages(usages, lambda usage: (usage.stage, usage.workers)):
        factor = large.megabytes / small.megabytes
        yield _format_cells(
            _RATIO_WIDTHS,
            small.stage,
            f"{large.megabytes:.1f} MB / {small.megabytes:.1f} MB, {_format_workers(small.workers)}",
            f"{large.seconds / small.seconds:.2f}",
            f"(at most {MAX_TIME_GROWTH * factor:.1f})",
            f"{large.processor_seconds / small.processor_seconds:.2f}",
            f"{large.peak_mb / small.peak_mb:.2f}",
            f"(at most {MAX_MEMORY_GROWTH})",
        )


def compare_workers(usages: Sequence[StageUsage]) -> Iterator[str]:
    """Yield a line for each stage, size and step from one number of workers to the next."""
    for few, many in _pair_usages(usages, lambda usage: (usage.stage, usage.megabytes)):
        yield _format_cells(
            _RATIO_WIDTHS,
            few.stage,
            f"{_format_workers(few.workers)} / {_format_workers(many.workers)}, {few.megabytes:.1f} MB",
            f"{few.seconds / many.seconds:.2f}",
            f"(at least {MIN_SPEEDUP * many.workers / few.workers:.2g})",
            f"{many.processor_seconds / few.processor_seconds:.2f}",
            f"{many.peak_mb / few.peak_mb:.2f}",
            "",
        )


def _pair_usages(
    usages: Sequence[StageUsage], key: Callable[[StageUsage], tuple[str, float]]
) -> Iterator[tuple[StageUsage, StageUsage]]:
    """Yield each two neighbors among the usages of equal key, in the order of the stages."""
    groups: dict[tuple[str, float], list[StageUsage]] = {}
    for usage in usages:
        groups.setdefault(key(usage), []).append(usage)
    for group in sorted(groups.values(), key=lambda group: ROWS.index(group[0].stage)):
        yield from pairwise(group)


def _format_workers(count: int) -> str:
    return f"{count} worker{'' if count == 1 else 's'}"


def _format_cells(widths: Sequence[int], *cells: str) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
