"""memcurate migrate: a dataset of an older schema version in the current one."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.core.errors import MemcurateError
from pipeline.core.storage import find_split_files
from pipeline.publish.migration import migrate_file
from stages.cli.export import make_output_dir


def migrate(
    old: Annotated[Path, typer.Argument(help="folder of the dataset, with train.parquet and the like")],
    new: Annotated[Path, typer.Argument(help="folder to write")],
) -> None:
    """Write a dataset of an older schema version in the current one. Ids stay; the card is not written."""
    paths = [path for parts in find_split_files(old).values() for path in parts if path.exists()]
    if not paths:
        raise MemcurateError(f"{old} has no train.parquet, test.parquet or evaluation.parquet: name another")
    if old.resolve() == new.resolve():
        raise MemcurateError(f"{new} is the folder that is read: name another to write")
    make_output_dir(new)
    for path in paths:
        count = migrate_file(path, new / path.name)
        print(f"{new / path.name}: {count} instances")
