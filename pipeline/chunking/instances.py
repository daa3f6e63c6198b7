"""Packed chunks into instances, and what makes no instance into rejects; the cutting both share."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

from pipeline.chunking.packing import Draft
from pipeline.ids import short_id
from pipeline.rendering import day
from pipeline.schema import Chunk, Instance, Label, PlacedSegment, Reject, Segment, Split

T = TypeVar("T")

NO_ROOM = "no room in a chunk"


def placed(segment: Segment, start: int) -> PlacedSegment:
    """The segment at its place in a chunk's text."""
    return PlacedSegment(
        id=segment.id,
        raw=segment.raw,
        document=segment.document,
        section=segment.section,
        speaker=segment.speaker,
        time=segment.time,
        label=segment.label,
        start=start,
        end=start + len(segment.text),
    )


def placed_units(draft: Draft[list[Segment]]) -> list[PlacedSegment]:
    """The segments of a packed chunk at their places."""
    return [
        placed(segment, start)
        for unit, starts in draft.units
        for segment, start in zip(unit, starts, strict=True)
    ]


def make_chunk(
    source: str, ordinal: int, text: str, tokens: int, time: str | None, segments: list[PlacedSegment]
) -> Chunk:
    """A chunk with its id; without a time of its own it has the first of its segments', or a made-up day."""
    known = time or next((segment.time for segment in segments if segment.time), None)
    return Chunk(
        id=short_id(source, text, *(segment.id for segment in segments)),
        ordinal=ordinal,
        text=text,
        tokens=tokens,
        time=known or day(ordinal),
        segments=segments,
    )


def make_instance(
    source: str, split: Split, document: str, ordinal: int, chunks: list[Chunk], labels: Iterable[Label] = ()
) -> Instance:
    """An instance with its id, without questions."""
    return Instance(
        id=short_id(source, document, *(chunk.id for chunk in chunks)),
        source=source,
        split=split,
        document=document,
        ordinal=ordinal,
        tokens=sum(chunk.tokens for chunk in chunks),
        chunks=chunks,
        questions=[],
        labels=list(labels),
    )


def instance_of(
    source: str,
    split: Split,
    document: str,
    ordinal: int,
    drafts: Iterable[Draft[list[Segment]]],
    labels: Iterable[Label] = (),
) -> Instance:
    """An instance of packed chunks."""
    chunks = [
        make_chunk(source, number, draft.text, draft.tokens, draft.time, placed_units(draft))
        for number, draft in enumerate(drafts)
    ]
    return make_instance(source, split, document, ordinal, chunks, labels)


def rejected_segments(
    source: str, reason: str, detail: str, document: str, segments: list[Segment], split: Split | None = None
) -> Reject:
    """Segments that make no instance."""
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


def without_room(
    source: str, max_tokens: int, document: str, segments: list[Segment], split: Split | None = None
) -> list[Reject]:
    """A reject of the segments that `packing.pack` left out; none where there are none."""
    if not segments:
        return []
    detail = f"chunking.max_tokens = {max_tokens} has no room for it and the lines above it"
    return [rejected_segments(source, NO_ROOM, detail, document, segments, split)]


def segments_of(drafts: Iterable[Draft[list[Segment]]]) -> list[Segment]:
    """The segments of packed chunks, in order."""
    return [segment for draft in drafts for unit, _ in draft.units for segment in unit]


def evenly(items: Sequence[T], most: int) -> list[Sequence[T]]:
    """Cut a sequence into as few runs of at most `most` as do, their lengths differing by one at most."""
    runs = -(-len(items) // most)
    edges = [len(items) * number // runs for number in range(runs + 1)] if runs else [0]
    return [items[start:end] for start, end in pairwise(edges)]


def runs_of(
    document: str, drafts: Sequence[Draft[list[Segment]]], least: int, most: int, source: str
) -> tuple[list[Instance], list[Reject]]:
    """(a document's chunks as instances of `most` chunks at most, their split not yet drawn; a reject of
    fewer than `least`).
    """
    if len(drafts) < least:
        detail = f"{len(drafts)} chunks, min_chunks is {least}"
        return [], [rejected_segments(source, "document too short", detail, document, segments_of(drafts))]
    runs = enumerate(evenly(drafts, most))
    return [instance_of(source, "train", document, ordinal, run) for ordinal, run in runs], []
