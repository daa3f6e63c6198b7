"""Write the file of a source's simulated worlds."""

import json
from pathlib import Path

from pipeline.core.errors import MemcurateError
from pipeline.core.params import Simulation
from pipeline.core.params.world import WORLDS_FILE
from pipeline.world.telling import iter_records


def write_worlds(params: Simulation, folder: Path) -> int:
    """Write `worlds.jsonl` into an existing folder, a world per line; return the number of bytes.

    Raises MemcurateError where the params ask for more than a world can have.
    """
    path = folder / WORLDS_FILE
    try:
        with path.open("w", encoding="utf-8") as file:
            for record in iter_records(params):
                file.write(f"{json.dumps(record, ensure_ascii=False)}\n")
    except ValueError as error:
        raise MemcurateError(f"simulate: {error}. Lower the key, or raise `people` or `days`") from error
    return path.stat().st_size
