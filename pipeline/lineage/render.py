"""Render a row of the dataset for the terminal: its text, its instance, and its lineage to the raw files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from textwrap import indent, shorten

from pipeline.core.params import CheckParams
from pipeline.core.printable import escape_hidden
from pipeline.core.schema import (
    Chunk,
    Fact,
    Instance,
    Label,
    Question,
    Reject,
    Segment,
    SegmentSpan,
    Span,
    segment_text,
)
from pipeline.lineage.active_checks import iter_active_checks
from pipeline.lineage.highlight import find_spans, highlight_spans
from pipeline.lineage.locations import format_span
from pipeline.lineage.lookup import LookupResult

_WIDTH = 110

RawReader = Callable[[Span], str]  # reads the characters of a span, or returns a note that they are missing


class TerminalRenderer:
    """A writer of entities and rejects as text."""

    def __init__(
        self,
        read_raw: RawReader,
        checks: CheckParams,
        mark: tuple[str, str],
        decoder: str = "",
        max_segments: int = 0,
    ) -> None:
        """Render for a source with these checks.

        Args:
            read_raw: Reads raw characters.
            checks: The checks of the source.
            mark: The marks before and after an answer in evidence.
            decoder: The format whose own code decodes the raw files; empty: memcurate does.
            max_segments: The maximum of segments that are listed below a chunk; 0: all.
        """
        self._read_raw = read_raw
        self._checks = checks
        self._mark = mark
        self._max_segments = max_segments
        self._decoder = f", decoded by {decoder}" if decoder else ""

    def render_entity(self, result: LookupResult, entity_id: str) -> str:
        """Render the entity with this id."""
        return _join_lines(self._entity_lines(result, entity_id))

    def _entity_lines(self, result: LookupResult, entity_id: str) -> Iterator[str]:
        instance = result.instance
        match result.kind:
            case "instance":
                yield from _instance_lines(instance)
                return
            case "question":
                question = next(one for one in instance.questions if one.id == entity_id)
                yield from self._question_lines(question, instance, result.output != "chunks")
            case "chunk":
                chunk = next(one for one in instance.chunks if one.id == entity_id)
                yield from self._chunk_lines(chunk, instance)
            case "segment":
                for chunk in instance.chunks:
                    for segment in chunk.segments:
                        if segment.id == entity_id:
                            yield f"segment {entity_id}, in chunk {chunk.id}"
                            yield from self._segment_lines(segment, chunk, [])
        yield ""
        yield f"in instance {_describe_instance(instance)}"
        if result.other_instance_ids:
            yield f"and in {len(result.other_instance_ids)} more: {', '.join(result.other_instance_ids)}"

    def _question_lines(self, question: Question, instance: Instance, is_checked: bool) -> Iterator[str]:
        kind = f", {question.kind}" if question.kind else ""
        yield f"question {question.id}: {question.origin}{kind}, measured by {question.metric}"
        yield indent(escape_hidden(question.text), "  ")
        yield f"answers   {_format_answers(question, instance.labels)}"
        if question.wrong_answers:
            yield f"wrong     {'; '.join(question.wrong_answers)}"
        if question.time:
            yield f"asked at  {question.time}"
        if question.after_chunk is not None:
            yield f"asked     after chunk {question.after_chunk}"
        if is_checked:
            yield f"passed    {', '.join(iter_active_checks(self._checks))}"
        if question.source_span is not None:
            yield from self._raw_span_lines("read", question.source_span)
        highlighted = [
            *question.answers,
            *(label.name for label in instance.labels if str(label.number) in question.answers),
        ]
        for chunk in instance.chunks:
            for segment in chunk.segments:
                if segment.id in question.evidence:
                    yield ""
                    yield f"evidence  chunk {chunk.index} {chunk.id}, segment {segment.id}"
                    yield from self._segment_lines(segment, chunk, highlighted)

    def _chunk_lines(self, chunk: Chunk, instance: Instance) -> Iterator[str]:
        yield f"chunk {chunk.id}: number {chunk.index}, {chunk.time}, {chunk.tokens:,} tokens"
        yield indent(escape_hidden(chunk.text), "  ")
        yield ""
        segments = list(chunk.segments)
        listed = segments[: self._max_segments] if self._max_segments else segments
        for segment in listed:
            yield f"segment {segment.id}  {format_span(segment.source_span)}"
        if len(listed) < len(segments):
            yield f"… and {len(segments) - len(listed):,} more segments: --limit 0 shows them"
        for fact in instance.facts:
            if chunk.index in (fact.chunk, fact.end_chunk):
                yield _describe_fact(fact, chunk.index)
        for question in instance.questions:
            if chunk.index in question.evidence_chunks:
                yield f"question {question.id}  {_shorten_line(question.text)}"

    def _segment_lines(self, segment: SegmentSpan, chunk: Chunk, answers: list[str]) -> Iterator[str]:
        text = segment_text(chunk, segment)
        yield _EscapedLine(
            indent(highlight_spans(text, find_spans(text, answers), *self._mark, escape_hidden), "  ")
        )
        metadata = (segment.document, segment.section, segment.speaker, segment.time, segment.label)
        yield f"of        {' · '.join(value for value in metadata if value)}"
        yield from self._raw_span_lines("raw", segment.source_span)

    def _raw_span_lines(self, name: str, span: Span) -> Iterator[str]:
        yield f"{name:<10}{format_span(span)}{self._decoder}"
        if span.end > span.start:
            yield from (f"  | {line}" for line in escape_hidden(self._read_raw(span)).split("\n"))

    def render_unassigned(self, unassigned: Segment | Question) -> str:
        """Render a labelled example that no instance shows, or a source question without an instance yet."""
        return _join_lines(
            self._example_lines(unassigned)
            if isinstance(unassigned, Segment)
            else self._pending_question_lines(unassigned)
        )

    def _example_lines(self, example: Segment) -> Iterator[str]:
        yield f"segment {example.id}: a labelled example that no instance shows"
        yield indent(escape_hidden(example.text), "  ")
        yield f"of        {' · '.join(value for value in (example.document, example.label) if value)}"
        yield from self._raw_span_lines("raw", example.source_span)

    def _pending_question_lines(self, question: Question) -> Iterator[str]:
        yield f"question {question.id}: of the source; the stage `question` did not run yet"
        yield indent(escape_hidden(question.text), "  ")
        yield f"answers   {_format_answers(question, ())}"
        if question.source_span is not None:
            yield from self._raw_span_lines("read", question.source_span)

    def render_reject(self, reject: Reject, result: LookupResult | None = None) -> str:
        """Render a reject and its reason; `result`: the entity at an earlier stage, to show its text."""
        lines = [*self._reject_lines(reject, result is None)]
        if result is not None:
            lines += ["", *self._entity_lines(result, reject.id)]
        return _join_lines(lines)

    def _reject_lines(self, reject: Reject, whole: bool) -> Iterator[str]:
        yield f"{reject.kind} {reject.id}: rejected by {reject.stage}: {reject.reason}"
        if reject.detail:
            yield f"  {reject.detail}"
        if reject.document:
            yield f"of        {reject.document}"
        if whole and reject.question is not None:
            yield indent(escape_hidden(reject.question.text), "  ")
            yield f"answers   {_format_answers(reject.question, ())}"
        if whole and reject.source_span is not None:
            yield from self._raw_span_lines("raw", reject.source_span)
        for segment in reject.segments:
            yield from self._raw_span_lines("segment", segment.source_span)


class _EscapedLine(str):
    """A line that is escaped already; the marks in it must stay as they are."""


def _join_lines(lines: Iterable[str]) -> str:
    return "\n".join(line if isinstance(line, _EscapedLine) else escape_hidden(line) for line in lines)


def _instance_lines(instance: Instance) -> Iterator[str]:
    yield f"instance {_describe_instance(instance)}: {instance.tokens:,} tokens"
    for label in instance.labels:
        yield f"label {label.number} = {label.name}"
    for chunk in instance.chunks:
        text = _shorten_line(chunk.text)
        yield f"chunk {chunk.index} {chunk.id}  {chunk.time}, {chunk.tokens:,} tokens: {text}"
    for question in instance.questions:
        answers = _shorten_line(_format_answers(question, instance.labels))
        yield f"question {question.id}  {_shorten_line(question.text)} → {answers}"


def _describe_fact(fact: Fact, chunk_index: int) -> str:
    """Return a fact that a chunk tells, or after which it holds no longer."""
    end = f" ({fact.end})" if fact.end_chunk == chunk_index else ""
    return f"fact {fact.segment}  {fact.subject}, {fact.attribute}: {fact.value}{end}"


def _format_answers(question: Question, labels: Sequence[Label]) -> str:
    """Join the gold answers; the number of a label is followed by its name."""
    names = {str(label.number): label.name for label in labels} if question.origin == "label" else {}
    named = (f"{answer} ({names[answer]})" if answer in names else answer for answer in question.answers)
    return "; ".join(named) or "(not known)"


def _describe_instance(instance: Instance) -> str:
    return f"{instance.id} ({instance.split}; number {instance.index} of {instance.document})"


def _shorten_line(text: str) -> str:
    return shorten(text, _WIDTH, placeholder=" …")
