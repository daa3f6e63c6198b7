"""Trace a raw record: the chunks that hold it, the questions about it, its rejects and their reasons."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Annotated

from pipeline.core.schema import Reject, Span, Split
from pipeline.core.storage import has_table, read_row_group, read_rows
from pipeline.lineage.locations import Location, format_span
from pipeline.lineage.stage_files import OutputName, StageOutputs

_WIDTH = 110
_STAGE_BY_OUTPUT: Mapping[OutputName, str] = {"filtered": "filter", "chunks": "chunk"}


@dataclass(slots=True)
class _SegmentProjection:
    id: Annotated[str, "as in SegmentSpan"]
    source_span: Annotated[Span, "as in SegmentSpan"]


@dataclass(slots=True)
class _ChunkProjection:
    id: Annotated[str, "as in Chunk"]
    index: Annotated[int, "as in Chunk"]
    segments: Annotated[list[_SegmentProjection], "as in Chunk"]


@dataclass(slots=True)
class _QuestionProjection:
    id: Annotated[str, "as in Question"]
    text: Annotated[str, "as in Question"]
    evidence: Annotated[list[str], "as in Question"]
    source_span: Annotated[Span | None, "as in Question"]


@dataclass(slots=True)
class _InstanceProjection:
    """The source spans of an instance's segments, without their text."""

    id: Annotated[str, "as in Instance"]
    source: Annotated[str, "as in Instance"]
    split: Annotated[Split, "as in Instance"]
    chunks: Annotated[list[_ChunkProjection], "as in Instance"]
    questions: Annotated[list[_QuestionProjection], "as in Instance"]


@dataclass(slots=True)
class _InstanceQuestionProjection:
    """A question and the instance that it is asked of, as in InstanceQuestion."""

    instance: Annotated[str, "as in InstanceQuestion"]
    question: Annotated[_QuestionProjection, "as in InstanceQuestion"]


def trace(outputs: StageOutputs, location: Location, rejects: Iterable[Path]) -> Iterator[str]:
    """Yield a line for each chunk, question and reject that stems from a location in the raw files.

    Each instance is described as the last stage that has it left it; if it is not in the dataset, the line
    says why. `rejects`: the files of rejects.
    """
    source_rejects = [
        reject for path in rejects for reject in read_rows(path, Reject) if reject.source == outputs.source
    ]
    rejections_by_instance = {
        reject.id: f"rejected by {_describe_rejection(reject)}"
        for reject in source_rejects
        if reject.kind == "instance"
    }
    segment_ids: set[str] = set()  # of the segments at the location that a line was yielded for
    for output, instance in _iter_instances(outputs):
        reason = rejections_by_instance.get(
            instance.id, f"no stage after `{_STAGE_BY_OUTPUT.get(output)}` has it"
        )
        suffix = "" if output == "dataset" else f", not in the dataset: {reason}"
        yield from _chunk_lines(instance, location, suffix, segment_ids)
        status = "kept" if output == "dataset" else "kept by filter"
        yield from _question_lines(instance.questions, location, status, segment_ids)
    if not outputs.filtered.exists():
        yield from _question_lines(_iter_questions(outputs), location, "asked", segment_ids)
    yield from _question_lines(
        (
            _QuestionProjection(question.id, question.text, question.evidence, question.source_span)
            for question in outputs.read_pending_questions()
        ),
        location,
        "of the source",
        segment_ids,
    )
    for reject in source_rejects:
        if _concerns_location(reject, location, segment_ids):
            segment_ids |= {segment.id for segment in reject.segments}
            yield f"{reject.kind} {reject.id}: rejected by {_describe_rejection(reject)}"
    for example in outputs.read_labelled_examples():
        if location.contains(example.source_span) and example.id not in segment_ids:
            span = format_span(example.source_span)
            yield f"segment {example.id}: a labelled example that no instance shows, {span}"


def _iter_instances(outputs: StageOutputs) -> Iterator[tuple[OutputName, _InstanceProjection]]:
    """Iterate over the instances of the source, each once, as the last stage that has it left it."""
    seen: set[str] = set()
    for output, path in outputs.instance_files():
        for group in outputs.row_groups(path):
            for instance in read_row_group(path, _InstanceProjection, group):
                if instance.source == outputs.source and instance.id not in seen:
                    seen.add(instance.id)
                    yield output, instance


def _iter_questions(outputs: StageOutputs) -> Iterator[_QuestionProjection]:
    path = outputs.questions / "questions.parquet"
    if has_table(path):
        yield from (row.question for row in read_rows(path, _InstanceQuestionProjection))


def _chunk_lines(
    instance: _InstanceProjection, location: Location, suffix: str, segment_ids: set[str]
) -> Iterator[str]:
    for chunk in instance.chunks:
        segments = [segment for segment in chunk.segments if location.contains(segment.source_span)]
        segment_ids |= {segment.id for segment in segments}
        if segments:
            spans = format_span(segments[0].source_span)
            if len(segments) > 1:
                spans += f" and {len(segments) - 1} more"
            position = f"number {chunk.index} of {instance.split} instance {instance.id}{suffix}"
            yield f"chunk {chunk.id}: {position}, {spans}"


def _question_lines(
    questions: Iterable[_QuestionProjection], location: Location, status: str, segment_ids: set[str]
) -> Iterator[str]:
    """Yield a line for each question that was read at the location, or whose evidence is in `segment_ids`."""
    for question in questions:
        was_read_here = question.source_span is not None and location.contains(question.source_span)
        if was_read_here or segment_ids.intersection(question.evidence):
            relation = "was read there" if was_read_here else "has its evidence there"
            yield f"question {question.id}: {status}, {relation}: {_shorten_line(question.text)}"


def _describe_rejection(reject: Reject) -> str:
    detail = f" ({_shorten_line(reject.detail)})" if reject.detail else ""
    return f"{reject.stage}: {reject.reason}{detail}"


def _concerns_location(reject: Reject, location: Location, segment_ids: set[str]) -> bool:
    spans = [reject.source_span, *(segment.source_span for segment in reject.segments)]
    evidence = []
    if reject.question is not None:
        spans.append(reject.question.source_span)
        evidence = reject.question.evidence
    return any(span is not None and location.contains(span) for span in spans) or bool(
        segment_ids.intersection(evidence)
    )


def _shorten_line(text: str) -> str:
    return shorten(text, _WIDTH, placeholder=" …")
