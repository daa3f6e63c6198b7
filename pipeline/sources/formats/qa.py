"""Questions with a context and answers, one per record: flat triples, as in SQuAD's columns.

A document is a context, or the contexts of one title. The context is the evidence of its questions.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.core.ids import short_id
from pipeline.core.params.formats import QaFormat
from pipeline.core.schema import Segment
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.io import make_record_reject, parse_serialized, strip_with_span
from pipeline.sources.parsed import ParsedSource, make_source_question
from pipeline.sources.records import RawRecord, describe_columns, iter_records, read_string
from pipeline.sources.shards import RawShard
from pipeline.text.normalize import occurs_in


class Qa:
    """Reader of questions with contexts."""

    def __init__(self, columns: QaFormat) -> None:
        """`columns`: the names of the columns."""
        self._columns = columns

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse all contexts and questions. A record without context, question or answer is a reject."""
        columns = self._columns
        parsed = ParsedSource()
        builders: dict[tuple[str, str], DocumentBuilder] = {}
        names: set[str] = set()
        contexts: dict[tuple[str, str], Segment] = {}
        for shard in shards:
            for record in iter_records(shard, source, parsed.rejects):
                problem = self._find_problem(record)
                if problem:
                    reject = make_record_reject(source, "malformed record", problem, record.span())
                    parsed.rejects.append(reject)
                    continue
                context = read_string(record, columns.context) or ""
                title = (read_string(record, columns.title) if columns.title else None) or ""
                name = title.strip() or record.name
                segment = contexts.get((title, context))
                if segment is None:
                    builder = builders.get((record.file, name))
                    if builder is None:
                        unique = f"{name} in {record.file}" if name in names else name
                        names.add(unique)
                        builder = DocumentBuilder(source, record.file, unique)
                        builders[record.file, name] = builder
                    where = record.span(columns.context).record
                    segment = builder.add(context, record=where, section=title.strip() or None)
                    assert segment is not None
                    contexts[title, context] = segment
                self._add_question(record, segment, parsed, source)
        parsed.documents = [builder.build() for builder in builders.values()]
        return parsed

    def _find_problem(self, record: RawRecord) -> str | None:
        columns = self._columns
        wanted = (columns.context, columns.question, columns.answers)
        missing = [name for name in wanted if not isinstance(record.value, dict) or name not in record.value]
        if missing:
            return f"no column {missing[0]}; {describe_columns(record.value)}"
        blank = [name for name in wanted[:2] if read_string(record, name) is None]
        return f"{blank[0]} is blank" if blank else None

    def _add_question(self, record: RawRecord, segment: Segment, parsed: ParsedSource, source: str) -> None:
        column = self._columns.question
        text, span = strip_with_span(
            read_string(record, column) or "", record.file, record.span(column).record
        )
        answers = list(dict.fromkeys(_iter_answers(record.value[self._columns.answers])))
        is_verbatim = not answers or any(occurs_in(answer, segment.text) for answer in answers)
        parsed.questions.append(
            make_source_question(
                short_id(source, text, *answers, segment.id),
                text,
                answers,
                span,
                metric="contains" if is_verbatim else "judge",
                evidence=[segment.id],
            )
        )


def _iter_answers(value: Any) -> Iterator[str]:
    """Yield the answers in a cell: a string, a list, SQuAD's columns, or one of these as a string."""
    if isinstance(value, dict):
        value = value.get("text", [])
    if isinstance(value, str) and value.strip()[:1] in ("[", "{"):
        try:
            yield from _iter_answers(parse_serialized(value))
            return
        except ValueError:
            pass
    for answer in value if isinstance(value, list) else [value]:
        if isinstance(answer, dict):
            yield from _iter_answers(answer)
        elif isinstance(answer, str | int | float) and not isinstance(answer, bool) and str(answer).strip():
            yield str(answer).strip()
