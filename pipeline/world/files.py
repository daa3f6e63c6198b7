"""Write the file of a source's simulated worlds, and that of the corrections of its passages."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.core.errors import MemcurateError
from pipeline.core.params import Corrections, Simulation
from pipeline.core.params.corrections import CORRECTIONS_FILE
from pipeline.core.params.world import WORLDS_FILE
from pipeline.world import corrections, telling
from pipeline.world.squad_articles import read_articles


def write_worlds(params: Simulation, folder: Path) -> int:
    """Write `worlds.jsonl` into an existing folder, a world per line; return the number of bytes.

    Raises MemcurateError where the params ask for more than a world can have.
    """
    try:
        return _write_lines(folder / WORLDS_FILE, telling.iter_records(params))
    except ValueError as error:
        raise MemcurateError(f"simulate: {error}. Lower the key, or raise `people` or `days`") from error


def write_corrections(params: Corrections, folder: Path) -> int:
    """Write `corrections.jsonl` into the folder of some SQuAD files, an article per line; return its bytes.

    Raises MemcurateError where a file is not a SQuAD file, where no answer can be replaced, or where
    `percent` rounds to none of them.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CORRECTIONS_FILE)
    files = {str(path.relative_to(folder)): read_articles(path) for path in paths}
    records = list(corrections.iter_records(params, files))
    if params.percent and not _has_corrections(records):
        every = params.model_copy(update={"percent": 100})
        if _has_corrections(corrections.iter_records(every, files)):
            raise MemcurateError(
                f"corrections: `percent` is {params.percent}, which is less than half a passage in each of "
                f"{len(records)} articles: raise it, or write 0"
            )
        raise MemcurateError(
            f"corrections: none of the {len(records)} articles has an answer that can be replaced by another "
            "of its kind: add files, or lower `min_distance`"
        )
    return _write_lines(folder / CORRECTIONS_FILE, records)


def _has_corrections(records: Iterable[dict[str, Any]]) -> bool:
    return any(record["corrections"] for record in records)


def _write_lines(path: Path, records: Iterable[dict[str, Any]]) -> int:
    """Write a JSON value per line; return the number of bytes."""
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(f"{json.dumps(record, ensure_ascii=False)}\n")
    return path.stat().st_size
