"""memcurate bench: the benchmarks one after the other."""

from typing import Annotated

import typer

from pipeline.core.errors import MemcurateError
from pipeline.core.params import load_params
from stages.cli.bench.table import BENCHMARKS, format_header, format_result, load_benchmark


def bench(
    repeat: Annotated[int, typer.Option(min=1, help="number of runs; their medians are compared")] = 3,
    only: Annotated[str | None, typer.Option(help="run one benchmark: " + ", ".join(BENCHMARKS))] = None,
) -> None:
    """Measure the speed of each stage against a named baseline. Takes minutes and changes nothing."""
    if only is not None and only not in BENCHMARKS:
        raise MemcurateError(f"unknown benchmark {only!r}: --only takes {', '.join(BENCHMARKS)}")
    params = load_params()
    print(format_header(), flush=True)
    for name in [only] if only else BENCHMARKS:
        for result in load_benchmark(name)(params, repeat):
            print(format_result(name, result), flush=True)
