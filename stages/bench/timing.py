"""Runs that alternate, and the ratio of a step's seconds to those of its baseline."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Literal, TypeVar

from tqdm import tqdm

T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """A line of the table: how a step compares with its baseline."""

    name: str
    baseline: str
    unit: Literal["times as fast", "times as long"]
    ratio: float  # of the medians
    lowest: float  # of the rounds, a run of each
    highest: float
    megabytes: float | None = None  # peak memory of the step, where it is measured


def faster(name: str, baseline: str, seconds: Sequence[float], others: Sequence[float]) -> Result:
    """How many times as fast as the baseline, which took `others`; a number per round in each."""
    return Result(name, baseline, "times as fast", *_ratios(others, seconds))


def longer(
    name: str,
    baseline: str,
    seconds: Sequence[float],
    others: Sequence[float],
    megabytes: float | None = None,
) -> Result:
    """How many times as long as the baseline, which took `others`; a number per round in each."""
    return Result(name, baseline, "times as long", *_ratios(seconds, others), megabytes)


def _ratios(over: Sequence[float], under: Sequence[float]) -> tuple[float, float, float]:
    """(ratio of the medians, lowest and highest ratio of a round): the first lies between the others."""
    rounds = [one / other for one, other in zip(over, under, strict=True)]
    return median(over) / median(under), min(rounds), max(rounds)


def alternate(functions: Sequence[Callable[[], T]], repeat: int, what: str) -> list[list[T]]:
    """For each function what it gave in `repeat` rounds; a round runs each once, in order.

    `what` names them where progress is shown, on a terminal.
    """
    given: list[list[T]] = [[] for _ in functions]
    with tqdm(total=repeat * len(functions), desc=what, disable=None, leave=False) as progress:
        for _ in range(repeat):
            for results, function in zip(given, functions, strict=True):
                results.append(function())
                progress.update()
    return given


def timed(function: Callable[[], object]) -> Callable[[], float]:
    """The function as one that gives the seconds that it takes."""

    def seconds() -> float:
        gc.collect()  # what the run before left behind
        start = perf_counter()
        function()
        return perf_counter() - start

    return seconds
