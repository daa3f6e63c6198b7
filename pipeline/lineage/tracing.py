"""What became of a raw record: where its segments stand, what is asked of them, what was rejected and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Annotated

from pipeline.lineage.places import Place, written
from pipeline.lineage.rooms import Room, Rooms
from pipeline.schema import Reject, Span, Split
from pipeline.storage import read_group, read_rows

_WIDTH = 110
_STAGES: Mapping[Room, str] = {"filtered": "filter", "chunks": "chunk"}


@dataclass(slots=True)
class _SegmentRead:
    id: Annotated[str, "as in PlacedSegment"]
    raw: Annotated[Span, "as in PlacedSegment"]


@dataclass(slots=True)
class _ChunkRead:
    id: Annotated[str, "as in Chunk"]
    ordinal: Annotated[int, "as in Chunk"]
    segments: Annotated[list[_SegmentRead], "as in Chunk"]


@dataclass(slots=True)
class _QuestionRead:
    id: Annotated[str, "as in Question"]
    text: Annotated[str, "as in Question"]
    evidence: Annotated[list[str], "as in Question"]
    raw: Annotated[Span | None, "as in Question"]


@dataclass(slots=True)
class _InstanceRead:
    """Where the segments of an instance were read, without any text of them."""

    id: Annotated[str, "as in Instance"]
    source: Annotated[str, "as in Instance"]
    split: Annotated[Split, "as in Instance"]
    chunks: Annotated[list[_ChunkRead], "as in Instance"]
    questions: Annotated[list[_QuestionRead], "as in Instance"]


@dataclass(slots=True)
class _AskedRead:
    """A question and the instance that it is asked of, as in AskedQuestion."""

    instance: Annotated[str, "as in AskedQuestion"]
    question: Annotated[_QuestionRead, "as in AskedQuestion"]


def trace(rooms: Rooms, place: Place, rejects: Iterable[Path]) -> Iterator[str]:
    """Give a line for every chunk, question and reject of a source that came of a place in its raw files.

    An instance is told as the last stage left it that has it; one that is not in the dataset with the reason.
    """
    rejected = [one for path in rejects for one in read_rows(path, Reject) if one.source == rooms.source]
    lost = {one.id: f"rejected by {_why(one)}" for one in rejected if one.kind == "instance"}
    told: set[str] = set()  # ids of segments
    for room, instance in _instances(rooms):
        why = lost.get(instance.id, f"no stage after `{_STAGES.get(room)}` has it")
        fate = "" if room == "dataset" else f", not in the dataset: {why}"
        yield from _chunks(instance, place, fate, told)
        kept = "kept" if room == "dataset" else "kept by filter"
        yield from _questions(instance.questions, place, kept, told)
    if not rooms.filtered.exists():
        yield from _questions(_asked(rooms), place, "asked", told)
    yield from _questions(
        (_QuestionRead(one.id, one.text, one.evidence, one.raw) for one in rooms.waiting()),
        place,
        "of the source",
        told,
    )
    for reject in rejected:
        if _touches(reject, place, told):
            told |= {segment.id for segment in reject.segments}
            yield f"{reject.kind} {reject.id}: rejected by {_why(reject)}"
    for example in rooms.pool():
        if place.holds(example.raw) and example.id not in told:
            yield f"segment {example.id}: a labelled example that no instance shows, {written(example.raw)}"


def _instances(rooms: Rooms) -> Iterator[tuple[Room, _InstanceRead]]:
    """Each instance of the source once, of the last stage that has it."""
    seen: set[str] = set()
    for room, path in rooms.files():
        for group in rooms.groups(path):
            for instance in read_group(path, _InstanceRead, group):
                if instance.source == rooms.source and instance.id not in seen:
                    seen.add(instance.id)
                    yield room, instance


def _asked(rooms: Rooms) -> Iterator[_QuestionRead]:
    path = rooms.questions / "questions.parquet"
    if path.exists():
        yield from (row.question for row in read_rows(path, _AskedRead))


def _chunks(instance: _InstanceRead, place: Place, fate: str, told: set[str]) -> Iterator[str]:
    for chunk in instance.chunks:
        own = [segment for segment in chunk.segments if place.holds(segment.raw)]
        told |= {segment.id for segment in own}
        if own:
            spans = f"{written(own[0].raw)}" + (f" and {len(own) - 1} more" if len(own) > 1 else "")
            where = f"number {chunk.ordinal} of {instance.split} instance {instance.id}{fate}"
            yield f"chunk {chunk.id}: {where}, {spans}"


def _questions(
    questions: Iterable[_QuestionRead], place: Place, stands: str, told: set[str]
) -> Iterator[str]:
    """Tell the questions that were read at the place, or whose evidence was: `told` has its ids."""
    for question in questions:
        asked = question.raw is not None and place.holds(question.raw)
        if asked or told.intersection(question.evidence):
            how = "was read there" if asked else "has its evidence there"
            yield f"question {question.id}: {stands}, {how}: {_short(question.text)}"


def _why(reject: Reject) -> str:
    detail = f" ({_short(reject.detail)})" if reject.detail else ""
    return f"{reject.stage}: {reject.reason}{detail}"


def _touches(reject: Reject, place: Place, told: set[str]) -> bool:
    spans = [reject.raw, *(segment.raw for segment in reject.segments)]
    evidence = []
    if reject.question is not None:
        spans.append(reject.question.raw)
        evidence = reject.question.evidence
    return any(span is not None and place.holds(span) for span in spans) or bool(told.intersection(evidence))


def _short(text: str) -> str:
    return shorten(text, _WIDTH, placeholder=" …")
