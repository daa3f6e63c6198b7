"""Records of a sample: how many were read, which columns they have, and why the first were rejected."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.core.printable import escape_hidden
from pipeline.core.schema import Reject, Span
from pipeline.core.unicode import to_well_formed
from pipeline.sources.records import DATA_SUFFIXES, iter_records
from pipeline.sources.shards import plan_shards

_MAX_DETAIL_CHARS = 200
_MAX_NAMED = 5  # further files


@dataclass(slots=True)
class SampleRecords:
    """The records of the data files of a sample; texts that are files of their own do not count."""

    total: int = 0
    rejected: int = 0  # as a whole
    columns: dict[str, None] = field(default_factory=dict)  # of the records that are objects, in order

    @property
    def read(self) -> int:
        """The number of records that gave something."""
        return self.total - self.rejected

    def find_missing(self, columns: dict[str, str]) -> Iterator[tuple[str, str]]:
        """Yield those (key, column) whose column no record has; none where no record has columns."""
        if self.columns:
            yield from ((key, name) for key, name in columns.items() if name not in self.columns)


def count_records(
    folder: Path, source: str, rejects: Iterable[Reject], redact: Callable[[Span], Span] | None = None
) -> SampleRecords:
    """Count the records of the data files in a folder, and those that are among the rejects of its source.

    `redact`: redacts names of files and records as in the rejects.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in DATA_SUFFIXES)
    counts = SampleRecords()
    unreadable: list[Reject] = []
    places = set()
    for shard in plan_shards(paths, folder, sys.maxsize):
        for record in iter_records(shard, source, unreadable):
            span = redact(record.span()) if redact else record.span()
            places.add((span.file, to_well_formed(span.record)))
            if isinstance(record.value, dict):
                counts.columns.update(dict.fromkeys(map(str, record.value)))
    places |= {place for place in map(_get_place, unreadable) if place[1]}
    rejected = {_get_place(reject) for reject in rejects if reject.kind == "record"}
    counts.total, counts.rejected = len(places), len(places & rejected)
    return counts


def _get_place(reject: Reject) -> tuple[str, str]:
    """Return (file, JSON pointer) of a rejected record."""
    span = reject.source_span
    return (span.file, span.record) if span else ("", "")


def describe_first(rejects: Sequence[Reject], reason: str, folder: Path) -> str:
    """Describe in one line the first rejected record or segment with a reason, by its place and detail.

    The place is written as `memcurate trace` takes it, and paths are given below `folder`. Where it is a
    whole file, further such files are named, unless the reason says all.
    """
    with_reason = [one for one in rejects if one.kind in ("record", "segment") and one.reason == reason]
    first = with_reason[0]
    file, record = _get_place(first)
    place = f"{file}#{record}" if record else file
    if first.kind == "segment" and first.source_span:
        place += f"@{first.source_span.start}-{first.source_span.end}"
    detail = " ".join(escape_hidden(first.detail.replace(f"{folder}/", "")).split())
    short = detail if len(detail) <= _MAX_DETAIL_CHARS else f"{detail[:_MAX_DETAIL_CHARS]}…"
    others = dict.fromkeys(name for name, inner in map(_get_place, with_reason) if not inner and name != file)
    named = ", ".join(escape_hidden(name) for name in list(others)[:_MAX_NAMED])
    more = f" and {len(others) - _MAX_NAMED} more" if len(others) > _MAX_NAMED else ""
    return (
        f"the first {reason}, {escape_hidden(place)}"
        + (f": {short}" if short else "")
        + (f"; also {named}{more}" if others and short and not record else "")
    )
