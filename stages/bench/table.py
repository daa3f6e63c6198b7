"""The benchmarks by name, in the order of the road, and the table of what they measured."""

from collections.abc import Callable
from importlib import import_module

from pipeline.params import Params
from stages.bench.timing import Result

Benchmark = Callable[[Params, int], list[Result]]

# The module of each, imported when it is run: what one needs is not loaded for another.
BENCHMARKS = {
    "fetching": "fetching",
    "chunking": "chunking",
    "questions": "questions",
    "near-duplicates": "near_duplicates",
    "assembling": "assembling",
    "reporting": "reporting",
    "comparing": "comparing",
    "browsing": "browsing",
}

_WIDTHS = (16, 41, 36, 20, 17, 0)


def benchmark(name: str) -> Benchmark:
    """Import a benchmark of BENCHMARKS."""
    found: Benchmark = import_module(f"stages.bench.{BENCHMARKS[name]}").bench
    return found


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
