"""Build instances of packed chunks, and rejects of the segments that make no instance."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

from pipeline.chunking.packing import PackedChunk
from pipeline.core.columns import column
from pipeline.core.dates import synthetic_time
from pipeline.core.ids import short_id
from pipeline.core.schema import Chunk, Instance, Label, Reject, Segment, SegmentSpan, Split

T = TypeVar("T")

NO_ROOM_REASON = "no room in a chunk"


def to_segment_span(segment: Segment, start: int) -> SegmentSpan:
    """Return the span of a segment that begins at `start` in a chunk's text."""
    return SegmentSpan(
        id=segment.id,
        source_span=segment.source_span,
        document=segment.document,
        section=segment.section,
        speaker=segment.speaker,
        time=segment.time,
        label=segment.label,
        start=start,
        end=start + len(segment.text),
    )


def segment_spans(packed_chunk: PackedChunk[list[Segment]]) -> list[SegmentSpan]:
    """Return the spans of a packed chunk's segments."""
    return [
        to_segment_span(segment, start)
        for unit, starts in packed_chunk.units
        for segment, start in zip(unit, starts, strict=True)
    ]


def make_chunk(
    source: str, index: int, text: str, tokens: int, time: str | None, segments: Sequence[SegmentSpan]
) -> Chunk:
    """Build a chunk with its id; without `time` it has its segments' first time, or a synthetic day."""
    known_time = time or next((segment.time for segment in segments if segment.time), None)
    return Chunk(
        id=short_id(source, text, *column(segments, "id")),
        index=index,
        text=text,
        tokens=tokens,
        time=known_time or synthetic_time(index),
        segments=segments,
    )


def make_instance(
    source: str, split: Split, document: str, index: int, chunks: list[Chunk], labels: Iterable[Label] = ()
) -> Instance:
    """Build an instance with its id, without questions."""
    return Instance(
        id=short_id(source, document, *(chunk.id for chunk in chunks)),
        source=source,
        split=split,
        document=document,
        index=index,
        tokens=sum(chunk.tokens for chunk in chunks),
        chunks=chunks,
        questions=[],
        labels=list(labels),
    )


def make_instance_from_packed(
    source: str,
    split: Split,
    document: str,
    index: int,
    packed_chunks: Iterable[PackedChunk[list[Segment]]],
    labels: Iterable[Label] = (),
) -> Instance:
    """Build an instance of packed chunks, without questions."""
    chunks = [
        make_chunk(
            source,
            number,
            packed_chunk.text,
            packed_chunk.tokens,
            packed_chunk.time,
            segment_spans(packed_chunk),
        )
        for number, packed_chunk in enumerate(packed_chunks)
    ]
    return make_instance(source, split, document, index, chunks, labels)


def reject_segments(
    source: str, reason: str, detail: str, document: str, segments: list[Segment], split: Split | None = None
) -> Reject:
    """Build the reject of segments that make no instance."""
    return Reject(
        id=short_id(source, reason, document, *(segment.id for segment in segments)),
        source=source,
        stage="chunk",
        kind="segment",
        reason=reason,
        detail=detail,
        split=split,
        document=document,
        segments=segments,
    )


def reject_oversized(
    source: str, max_tokens: int, document: str, segments: list[Segment], split: Split | None = None
) -> list[Reject]:
    """Return a reject of the segments that `pack_segments` left out; no reject where it left out none."""
    if not segments:
        return []
    detail = f"chunking.max_tokens = {max_tokens} has no room for it and the lines above it"
    return [reject_segments(source, NO_ROOM_REASON, detail, document, segments, split)]


def packed_segments(packed_chunks: Iterable[PackedChunk[list[Segment]]]) -> list[Segment]:
    """Return the segments of packed chunks, in order."""
    return [segment for packed_chunk in packed_chunks for unit, _ in packed_chunk.units for segment in unit]


def split_evenly(items: Sequence[T], max_length: int) -> list[Sequence[T]]:
    """Split a sequence into the fewest runs of at most `max_length`, whose lengths differ by at most one."""
    run_count = -(-len(items) // max_length)
    edges = [len(items) * number // run_count for number in range(run_count + 1)] if run_count else [0]
    return [items[start:end] for start, end in pairwise(edges)]


def split_into_instances(
    source: str,
    document: str,
    packed_chunks: Sequence[PackedChunk[list[Segment]]],
    min_chunks: int,
    max_chunks: int,
    rejects: list[Reject],
) -> tuple[list[Instance], list[Reject]]:
    """Split a document's chunks evenly into instances of at most `max_chunks` chunks.

    `rejects` are those of the document's oversized segments. Returns (the instances, their split not yet
    drawn; `rejects` and a reject of a document with fewer than `min_chunks` chunks).
    """
    if rejects and not packed_chunks:
        return [], rejects
    if len(packed_chunks) < min_chunks:
        detail = f"{len(packed_chunks)} chunks, min_chunks is {min_chunks}"
        segments = packed_segments(packed_chunks)
        return [], [*rejects, reject_segments(source, "document too short", detail, document, segments)]
    runs = enumerate(split_evenly(packed_chunks, max_chunks))
    instances = [make_instance_from_packed(source, "train", document, index, run) for index, run in runs]
    return instances, rejects
