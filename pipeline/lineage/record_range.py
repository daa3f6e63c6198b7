"""Say which records a data file has, where a location names one that it has not."""

import sys
from pathlib import Path

from pipeline.core.errors import MemcurateError
from pipeline.core.printable import count_noun
from pipeline.lineage.locations import Location
from pipeline.sources.records import DATA_SUFFIXES, iter_record_pointers
from pipeline.sources.shards import plan_shards


def describe_missing_record(raw_dir: Path, location: Location) -> str:
    """Return which records the file of a location has; empty where the one that is named is among them.

    Empty too where the file is not a data file, or cannot be read. `raw_dir`: the source's raw folder.
    """
    path = raw_dir / location.file
    if not location.record or path.suffix.lower() not in DATA_SUFFIXES:
        return ""
    count, first, last = 0, "", ""
    try:
        for shard in plan_shards([path], raw_dir, sys.maxsize):
            for pointer in iter_record_pointers(shard):
                if f"{location.record}/".startswith(f"{pointer}/") or f"{pointer}/".startswith(
                    f"{location.record}/"
                ):
                    return ""
                count, first, last = count + 1, first or pointer, pointer
    except MemcurateError:
        return ""
    span = f", #{first}" + (f" to #{last}" if count > 1 else "") if count else ""
    return (
        f"{location.file} has only {count_noun(count, 'record')}{span}: #{location.record} is not one of them"
    )
