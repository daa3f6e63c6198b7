"""memcurate trace: all that the stages made of a raw record."""

from collections import Counter
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from pipeline.core.errors import MemcurateError
from pipeline.core.params import load_params, require_enabled
from pipeline.core.printable import count_noun, escape_hidden
from pipeline.lineage.locations import Location, parse_location
from pipeline.lineage.record_range import describe_missing_record
from pipeline.lineage.trace import trace as trace_record
from pipeline.sources import SourceReader, make_reader
from stages.cli.lineage_files import list_reject_files, source_outputs
from stages.shared.paths import RAW_DIR

_MAX_NAMES = 5  # of files in a message


def trace(
    source: Annotated[str, typer.Argument(help="a source in `enabled_sources`")],
    record: Annotated[
        str,
        typer.Argument(
            help="a location in data/raw/SOURCE or in a file of yours: FILE, FILE#POINTER, FILE@START-END"
        ),
    ],
    limit: Annotated[int, typer.Option(min=0, help="number of lines to show; 0: all")] = 40,
) -> None:
    """Show the chunks and questions made of a raw record, and the rejects with their reasons."""
    params = load_params()
    require_enabled(params, source)
    location = parse_location(record)
    raw_dir = RAW_DIR / source
    if raw_dir.is_dir():
        location = replace(location, file=_find_raw_file(raw_dir, location.file))
    outputs = source_outputs(source)
    named = _redact_names(make_reader(source, params.sources[source]), location)
    lines = list(trace_record(outputs, named, list_reject_files(source)))
    if not lines:
        reason = describe_missing_record(raw_dir, location) or (
            f"nothing came of {record} of {source}: no chunk, no question and no reject was read there"
        )
        raise MemcurateError(reason + "".join(f"; {folder} is not here" for folder in outputs.missing_dirs()))
    shown = lines[:limit] if limit else lines
    print(escape_hidden("\n".join(shown)))
    if len(shown) < len(lines):
        kinds = Counter(line.partition(" ")[0] for line in lines)
        counts = ", ".join(count_noun(count, kind) for kind, count in kinds.items())
        print(
            f"… and {len(lines) - len(shown):,} more ({counts} in all): --limit 0 shows them, and "
            f"{location.file}#POINTER what came of one record"
        )


def _redact_names(reader: SourceReader, location: Location) -> Location:
    """Return a location in the raw files as the rows name it. Raises MemcurateError without a secret."""
    door = reader.make_pii_door()
    if door is None:
        return location
    file = door.redaction.redact_file(location.file)
    return replace(location, file=file, record=door.redaction.redact_pointer(location.record))


def _find_raw_file(raw_dir: Path, file: str) -> str:
    """Return the raw file with a name, or the only one that the path of the user's own file ends with.

    Raises MemcurateError, with the names most like it, where there is none.
    """
    known = sorted(path.relative_to(raw_dir).as_posix() for path in raw_dir.rglob("*") if path.is_file())
    if file in known:
        return file
    same = [name for name in known if file.endswith(f"/{name}")]
    if len(same) == 1:
        return same[0]
    shown = get_close_matches(file, known, n=_MAX_NAMES, cutoff=0) if len(known) > _MAX_NAMES else known
    others = len(known) - len(shown)
    more = f" and {count_noun(others, 'other')}" if others else ""
    raise MemcurateError(f"{raw_dir} has no file {file}; it has {', '.join(shown)}{more}")
