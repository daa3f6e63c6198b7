"""Alternating runs, and the ratio of a step's seconds to those of its baseline."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Literal, TypeVar

from tqdm import tqdm

T = TypeVar("T")


@dataclass(frozen=True)
class BenchmarkResult:
    """A line of the table: a step compared with its baseline."""

    name: str
    baseline: str
    unit: Literal["times as fast", "times as long"]
    ratio: float  # of the medians
    min_ratio: float  # lowest of the rounds; a round runs step and baseline once
    max_ratio: float
    peak_mb: float | None = None  # peak memory of the step; None: not measured


def measure_speedup(
    name: str, baseline: str, seconds: Sequence[float], baseline_seconds: Sequence[float]
) -> BenchmarkResult:
    """Return how many times as fast as the baseline a step is, from the seconds of each round."""
    return BenchmarkResult(name, baseline, "times as fast", *_ratios(baseline_seconds, seconds))


def measure_slowdown(
    name: str,
    baseline: str,
    seconds: Sequence[float],
    baseline_seconds: Sequence[float],
    peak_mb: float | None = None,
) -> BenchmarkResult:
    """Return how many times as long as the baseline a step takes, from the seconds of each round."""
    return BenchmarkResult(name, baseline, "times as long", *_ratios(seconds, baseline_seconds), peak_mb)


def _ratios(numerators: Sequence[float], denominators: Sequence[float]) -> tuple[float, float, float]:
    """Return (ratio of the medians, lowest ratio of a round, highest); the first lies between the others."""
    rounds = [one / other for one, other in zip(numerators, denominators, strict=True)]
    return median(numerators) / median(denominators), min(rounds), max(rounds)


def run_alternating(functions: Sequence[Callable[[], T]], repeat: int, label: str) -> list[list[T]]:
    """Return the results of each function in `repeat` rounds; a round runs each once, in order.

    `label` names them in the progress bar, which a terminal shows.
    """
    results: list[list[T]] = [[] for _ in functions]
    with tqdm(total=repeat * len(functions), desc=label, disable=None, leave=False) as progress:
        for _ in range(repeat):
            for function_results, function in zip(results, functions, strict=True):
                function_results.append(function())
                progress.update()
    return results


def make_timer(function: Callable[[], object]) -> Callable[[], float]:
    """Return a function that runs `function` and returns its seconds."""

    def run() -> float:
        gc.collect()  # garbage of the run before
        start = perf_counter()
        function()
        return perf_counter() - start

    return run
