"""memcurate bench: the benchmarks one after the other."""

from typing import Annotated

import typer

from pipeline.core.errors import MemcurateError
from pipeline.core.params import load_params
from stages.cli.bench import scale
from stages.cli.bench.table import (
    BENCHMARKS,
    BENCHMARKS_BY_NAME,
    format_header,
    format_result,
    load_benchmark,
)

_NAMES = (*BENCHMARKS, *BENCHMARKS_BY_NAME, "scale")


def bench(
    repeat: Annotated[int, typer.Option(min=1, help="number of runs; their medians are compared")] = 3,
    only: Annotated[str | None, typer.Option(help="run one benchmark: " + ", ".join(_NAMES))] = None,
    sizes: Annotated[str, typer.Option(help="of scale: MB of raw text, such as 12,120")] = "1.2,12",
    workers: Annotated[str, typer.Option(help="of scale: numbers of processes")] = "1,2",
) -> None:
    """Measure the speed of each stage against a named baseline. Takes minutes and changes nothing.

    `--only scale` measures how time and memory of the data stages grow with the text and with the workers.
    `--only generation` measures completions by the warm-started model, in tokens per second.
    """
    if only is not None and only not in _NAMES:
        raise MemcurateError(f"unknown benchmark {only!r}: --only takes {', '.join(_NAMES)}")
    params = load_params()
    if only == "scale":
        megabytes = scale.parse_numbers(sizes, "--sizes", float)
        worker_counts = scale.parse_numbers(workers, "--workers", int)
        for line in scale.bench(params, repeat, megabytes, worker_counts):
            print(line, flush=True)
        return
    print(format_header(), flush=True)
    for name in [only] if only else BENCHMARKS:
        for result in load_benchmark(name)(params, repeat):
            print(format_result(name, result), flush=True)
