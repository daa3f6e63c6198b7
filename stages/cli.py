"""memcurate: the commands beside the pipeline. The pipeline itself is run by `dvc repro`."""

import sys
from typing import Annotated

import typer

from pipeline.errors import MemcurateError
from pipeline.params import load_params
from pipeline.reviews import add_reviews, read_reviews
from pipeline.reviews import sample as draw_sample
from pipeline.schema import Instance, Origin
from pipeline.storage import read_rows
from stages.answers import answers
from stages.bench.table import BENCHMARKS, heading, line
from stages.browsing import browse
from stages.comparing import diff
from stages.interchange import export, import_files, push
from stages.looking import show, trace
from stages.parity import parity
from stages.pinning import pin
from stages.running import FILTERED, REVIEWS

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
app.add_typer(answers, name="answers")
app.command()(show)
app.command()(trace)
app.command()(diff)
app.command()(browse)
app.command()(pin)
app.command()(parity)
app.command()(export)
app.command("import")(import_files)
app.command()(push)


@app.callback()
def main() -> None:
    """Memory-training data: see the README for `dvc repro`; these commands look at what it built."""


@app.command()
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
        for result in BENCHMARKS[name](params, repeat):
            print(line(name, result), flush=True)


@app.command()
def sample(
    count: Annotated[int, typer.Argument(min=1, help="questions to add")],
    source: Annotated[str, typer.Argument(help="a source in `use`")],
    origin: Annotated[Origin | None, typer.Option(help="of one origin only")] = None,
) -> None:
    """Add a seeded sample of a source's kept questions to reviews/SOURCE.csv, for a person to judge."""
    params = load_params()
    if source not in params.use:
        raise MemcurateError(f"source {source!r} is not in `use` of params.yaml ({', '.join(params.use)})")
    path = REVIEWS / f"{source}.csv"
    known = {row["id"] for row in read_reviews(path)}
    instances = read_rows(FILTERED / source / "instances.parquet", Instance)
    added = draw_sample(instances, origin, known, count, params.seed)
    add_reviews(path, added)
    print(f"{path}: {len(added)} questions added. Write good or bad under verdict, then `dvc repro`.")


def run() -> None:
    """The console script: errors for people are printed without a traceback."""
    try:
        app()
    except MemcurateError as error:
        print(f"memcurate: {error}", file=sys.stderr)
        sys.exit(1)
