"""memcurate review: a sample of a source's questions for a person to judge."""

from typing import Annotated

import typer

from pipeline.checks.human_review import append_reviews, read_reviews, sample_for_review
from pipeline.core.params import load_params, require_enabled
from pipeline.core.schema import Instance, Origin
from pipeline.core.storage import read_rows
from stages.shared.paths import FILTERED_DIR, REVIEWS_DIR


def review(
    count: Annotated[int, typer.Argument(min=1, help="number of questions to add")],
    source: Annotated[str, typer.Argument(help="a source in `enabled_sources`")],
    origin: Annotated[Origin | None, typer.Option(help="sample questions of one origin only")] = None,
) -> None:
    """Add a seeded sample of a source's kept questions to reviews/SOURCE.csv, for a person to judge."""
    params = load_params()
    require_enabled(params, source)
    path = REVIEWS_DIR / f"{source}.csv"
    reviewed = {row["id"] for row in read_reviews(path)}
    instances = read_rows(FILTERED_DIR / source / "instances.parquet", Instance)
    added = sample_for_review(instances, origin, reviewed, count, params.seed)
    append_reviews(path, added)
    print(f"{path}: {len(added)} questions added. Write good or bad under verdict, then `dvc repro`.")
