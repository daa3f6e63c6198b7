"""memcurate bench: the benchmarks one after the other."""

from typing import Annotated

import typer

from pipeline.errors import MemcurateError
from pipeline.params import load_params
from stages.bench.table import BENCHMARKS, benchmark, heading, line


def bench(
    repeat: Annotated[int, typer.Option(min=1, help="runs of each; the medians are compared")] = 3,
    only: Annotated[str | None, typer.Option(help="one benchmark: " + ", ".join(BENCHMARKS))] = None,
) -> None:
    """Measure each stage against a named baseline, in one run: minutes in all. Nothing is changed."""
    if only is not None and only not in BENCHMARKS:
        raise MemcurateError(f"there is no benchmark {only!r}; --only takes {', '.join(BENCHMARKS)}")
    params = load_params()
    print(heading(), flush=True)
    for name in [only] if only else BENCHMARKS:
        for result in benchmark(name)(params, repeat):
            print(line(name, result), flush=True)
