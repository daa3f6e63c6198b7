"""memcurate trace: all that the stages made of a raw record."""

from typing import Annotated

import typer

from pipeline.core.errors import MemcurateError
from pipeline.core.params import load_params, require_enabled
from pipeline.core.printable import escape_hidden
from pipeline.lineage.locations import parse_location
from pipeline.lineage.trace import trace as trace_record
from stages.cli.lineage_files import list_reject_files, source_outputs
from stages.shared.paths import RAW_DIR


def trace(
    source: Annotated[str, typer.Argument(help="a source in `enabled_sources`")],
    record: Annotated[
        str, typer.Argument(help="a location in data/raw/SOURCE: FILE, FILE#POINTER, FILE@START-END")
    ],
) -> None:
    """Show the chunks and questions made of a raw record, and the rejects with their reasons."""
    require_enabled(load_params(), source)
    location = parse_location(record)
    raw_dir = RAW_DIR / source
    if raw_dir.is_dir() and not (raw_dir / location.file).is_file():
        known = sorted(str(path.relative_to(raw_dir)) for path in raw_dir.rglob("*") if path.is_file())
        raise MemcurateError(f"{raw_dir} has no file {location.file}; it has {', '.join(known)}")
    outputs = source_outputs(source)
    lines = list(trace_record(outputs, location, list_reject_files(source)))
    if not lines:
        raise MemcurateError(
            f"nothing came of {record} of {source}: no chunk, no question and no reject was read there"
            + "".join(f"; {folder} is not here" for folder in outputs.missing_dirs())
        )
    print(escape_hidden("\n".join(lines)))
