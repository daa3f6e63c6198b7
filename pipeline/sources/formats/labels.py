"""Labelled examples: records with a text and a label."""

from collections.abc import Iterator

from pipeline.core.params.formats import LabelsFormat
from pipeline.core.schema import Reject
from pipeline.sources.formats.labelled_examples import Example, deduplicate_examples
from pipeline.sources.io import make_record_reject, strip_with_span
from pipeline.sources.parsed import ParsedSource
from pipeline.sources.records import describe_columns, iter_records, read_label, read_string
from pipeline.sources.shards import RawShard


class Labels:
    """Reader of labelled examples."""

    def __init__(self, columns: LabelsFormat) -> None:
        """`columns`: the names of the columns."""
        self._columns = columns

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse all examples. A record without text or label is a reject, and so is a repeated text."""
        rejects: list[Reject] = []
        examples = [one for shard in shards for one in self._iter_examples(shard, source, rejects)]
        return deduplicate_examples(source, examples, source, rejects)

    def _iter_examples(self, shard: RawShard, source: str, rejects: list[Reject]) -> Iterator[Example]:
        columns = self._columns
        for record in iter_records(shard, source, rejects):
            text, label = read_string(record, columns.text), read_label(record, columns.label)
            if text is None or label is None:
                missing = (
                    f"text in column {columns.text}" if text is None else f"label in column {columns.label}"
                )
                detail = f"no {missing}; {describe_columns(record.value)}"
                rejects.append(make_record_reject(source, "malformed record", detail, record.span()))
                continue
            inner, span = strip_with_span(text, record.file, record.span(columns.text).record)
            label = " ".join(label.split())
            yield inner, label, label, span
