"""The benchmarks by name, in the order of the pipeline, and the table of their results."""

from collections.abc import Callable
from importlib import import_module

from pipeline.core.params import Params
from stages.cli.bench.timing import BenchmarkResult

Benchmark = Callable[[Params, int], list[BenchmarkResult]]

# Modules of this package, each imported when it is run: one does not load the imports of another.
BENCHMARKS = ("fetch", "chunk", "question", "near_duplicates", "assemble", "report", "diff", "view")
# These take a built model and many minutes: `bench` runs them only by their names.
BENCHMARKS_BY_NAME = ("generation",)

_WIDTHS = (16, 41, 36, 20, 17, 0)


def load_benchmark(name: str) -> Benchmark:
    """Import a benchmark of BENCHMARKS or BENCHMARKS_BY_NAME."""
    benchmark: Benchmark = import_module(f"stages.cli.bench.{name}").bench
    return benchmark


def format_header() -> str:
    """Return the first line of the table."""
    return _format_cells("benchmark", "measured", "baseline", "ratio of medians", "lowest–highest", "peak MB")


def format_result(benchmark: str, result: BenchmarkResult) -> str:
    """Return the line of a result."""
    return _format_cells(
        benchmark,
        result.name,
        result.baseline,
        f"{result.ratio:.2f} {result.unit}",
        f"{result.min_ratio:.2f}–{result.max_ratio:.2f}",
        "" if result.peak_mb is None else f"{result.peak_mb:.0f}",
    )


def _format_cells(*cells: str) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()
