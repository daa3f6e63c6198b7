"""Dated entries, such as a log or a diary: records with a time, a text, and maybe who said it.

A document is a day of a timeline; a timeline is that of one user where a column names users. The entries of a
day are in the order of their times.
"""

from collections import defaultdict
from collections.abc import Iterator

from pipeline.core.params.formats import TimelineFormat
from pipeline.core.schema import Reject
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.io import make_record_reject
from pipeline.sources.parsed import Document
from pipeline.sources.records import RawRecord, describe_columns, iter_records, read_string
from pipeline.sources.shards import RawShard
from pipeline.sources.times import explain_ambiguous, find_day_first, is_ambiguous, parse_time


class Timeline:
    """Reader of dated entries."""

    def __init__(self, columns: TimelineFormat) -> None:
        """`columns`: the names of the columns."""
        self._columns = columns

    def iter_documents(self, shard: RawShard, source: str, rejects: list[Reject]) -> Iterator[Document]:
        """Yield the days of a shard, each with its entries; an entry without time or text is a reject."""
        days: dict[tuple[str, str, str], list[tuple[str, int, RawRecord]]] = defaultdict(list)
        records = list(iter_records(shard, source, rejects))
        day_first = self._columns.day_first
        if day_first is None:
            day_first = find_day_first(
                one.value.get(self._columns.time) for one in records if isinstance(one.value, dict)
            )
        for number, record in enumerate(records):
            time, problem = self._check(record, day_first)
            if time is None:
                rejects.append(make_record_reject(source, "malformed record", problem, record.span()))
                continue
            user = (read_string(record, self._columns.user) if self._columns.user else None) or ""
            days[record.file, user, time[:10]].append((time, number, record))
        for (file, user, day), entries in days.items():
            first = min(record.path for _, _, record in entries)
            name = "/".join(map(str, (file, *first, *filter(None, [user]), day)))
            # A shard may end within a day: a group is in one split.
            builder = DocumentBuilder(source, file, name, f"user {user}" if user else f"day {day}")
            for time, _, record in sorted(entries, key=lambda entry: entry[:2]):
                speaker = read_string(record, self._columns.speaker) if self._columns.speaker else None
                builder.add(
                    read_string(record, self._columns.text) or "",
                    record=record.span(self._columns.text).record,
                    section=name,
                    speaker=" ".join(speaker.split())[:80] if speaker else None,
                    time=time,
                )
            yield builder.build()

    def _check(self, record: RawRecord, day_first: bool | None) -> tuple[str | None, str]:
        """Return (the time of an entry, or None where it has no time or text; what is wrong)."""
        value = record.value
        if not isinstance(value, dict) or {self._columns.time, self._columns.text} - value.keys():
            wanted = f"{self._columns.time} and {self._columns.text}"
            return None, f"columns {wanted} are expected; {describe_columns(value)}"
        if read_string(record, self._columns.text) is None:
            return None, f"{self._columns.text} is blank"
        given = value[self._columns.time]
        if day_first is None and is_ambiguous(given):
            return None, explain_ambiguous(given)
        return parse_time(given, day_first), f"{self._columns.time} is no time: {given!r:.80}"
