"""memcurate sample: questions of a source for a person to judge."""

from typing import Annotated

import typer

from pipeline.errors import MemcurateError
from pipeline.params import load_params
from pipeline.reviews import add_reviews, read_reviews
from pipeline.reviews import sample as draw_sample
from pipeline.schema import Instance, Origin
from pipeline.storage import read_rows
from stages.running import FILTERED, REVIEWS


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
