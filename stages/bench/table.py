"""The benchmarks by name, in the order of the road, and the table of what they measured."""

from collections.abc import Callable

from pipeline.params import Params
from stages.bench import (
    assembling,
    browsing,
    chunking,
    comparing,
    fetching,
    near_duplicates,
    questions,
    reporting,
)
from stages.bench.timing import Result

BENCHMARKS: dict[str, Callable[[Params, int], list[Result]]] = {
    "fetching": fetching.bench,
    "chunking": chunking.bench,
    "questions": questions.bench,
    "near-duplicates": near_duplicates.bench,
    "assembling": assembling.bench,
    "reporting": reporting.bench,
    "comparing": comparing.bench,
    "browsing": browsing.bench,
}

_WIDTHS = (16, 41, 36, 20, 17, 0)


def heading() -> str:
    """The first line of the table."""
    return _line("benchmark", "what", "against", "ratio of medians", "lowest–highest", "peak MB")


def line(benchmark: str, result: Result) -> str:
    """The line of a result."""
    return _line(
        benchmark,
        result.name,
        result.baseline,
        f"{result.ratio:.2f} {result.unit}",
        f"{result.lowest:.2f}–{result.highest:.2f}",
        "" if result.megabytes is None else f"{result.megabytes:.0f}",
    )


def _line(*cells: str) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()
