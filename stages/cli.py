"""memcurate: the commands beside the pipeline. The pipeline itself is run by `dvc repro`."""

import sys
from typing import Annotated

import typer

from pipeline.errors import MemcurateError
from pipeline.params import load_params
from stages.bench import bench_chunking

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.callback()
def main() -> None:
    """Memory-training data: see the README for `dvc repro`; these commands look at what it built."""


@app.command()
def bench(
    repeat: Annotated[int, typer.Option(min=1, help="runs of each; the medians are compared")] = 5,
) -> None:
    """Compare the speed of chunking with a plain chunker's, on the books, in one run."""
    comparisons = bench_chunking(load_params(), repeat)
    baseline = comparisons[0]
    speed = baseline.megabytes / baseline.baseline_seconds
    print(f"baseline, {baseline.baseline}: {speed:.2f} MB/s, one thread, median of {repeat}")
    for result in comparisons:
        speed = result.megabytes / result.seconds
        print(f"{result.name}: {speed:.2f} MB/s, {result.ratio:.2f} times as fast")


def run() -> None:
    """The console script: errors for people are printed without a traceback."""
    try:
        app()
    except MemcurateError as error:
        print(f"memcurate: {error}", file=sys.stderr)
        sys.exit(1)
