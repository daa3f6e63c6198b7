"""What an id names: an instance, a chunk, a question or a segment, or something rejected."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

from pipeline.errors import MemcurateError
from pipeline.lineage.rooms import Room, Rooms
from pipeline.schema import Instance, Question, Reject, Segment
from pipeline.storage import read_group, read_rows

Kind = Literal["instance", "chunk", "question", "segment"]


@dataclass(slots=True)
class _Named:
    id: Annotated[str, "as in the dataset"]


@dataclass(slots=True)
class _ChunkNames:
    id: Annotated[str, "as in Chunk"]
    segments: Annotated[list[_Named], "as in Chunk"]


@dataclass(slots=True)
class _InstanceNames:
    """The ids in an instance: quicker to read than the whole."""

    id: Annotated[str, "as in Instance"]
    chunks: Annotated[list[_ChunkNames], "as in Instance"]
    questions: Annotated[list[_Named], "as in Instance"]


@dataclass(slots=True)
class _AskedNames:
    """The id of a question, and of the instance that it is asked of."""

    instance: Annotated[str, "as in AskedQuestion"]
    question: Annotated[_Named, "as in AskedQuestion"]


@dataclass(frozen=True, slots=True)
class Found:
    """Where an id stands."""

    kind: Kind
    instance: Instance  # that holds it, or is it
    others: list[str]  # ids of further instances that hold it
    room: Room = "dataset"  # the last stage that has it


def find(rooms: Rooms, identity: str) -> Found | None:
    """Find what an id names in the files of the last stage that has it; None where it names nothing."""
    files = rooms.files()
    for room in dict.fromkeys(room for room, _ in files):
        asked = _instances_asked(rooms, identity) if room == "chunks" else set()
        holding: list[tuple[Kind, Path, int, str]] = []
        for path in (path for of, path in files if of == room):
            for group in rooms.groups(path):
                for names in read_group(path, _InstanceNames, group):
                    kind = "question" if names.id in asked else _kind(names, identity)
                    if kind is not None:
                        holding.append((kind, path, group, names.id))
        if holding:
            kind, path, group, first = holding[0]
            return Found(kind, rooms.instance(path, group, first), [one for *_, one in holding[1:]], room)
    return None


def find_loose(rooms: Rooms, identity: str) -> Segment | Question | None:
    """Find what is in no instance: a labelled example, or a question of the source that nobody asks yet."""
    loose: Iterator[Segment | Question] = chain(rooms.pool(), rooms.waiting())
    return next((one for one in loose if one.id == identity), None)


def _instances_asked(rooms: Rooms, identity: str) -> set[str]:
    """The instances of which the stage `question` asks the question of this id."""
    path = rooms.questions / "questions.parquet"
    if not path.exists():
        return set()
    return {row.instance for row in read_rows(path, _AskedNames) if row.question.id == identity}


def _kind(names: _InstanceNames, identity: str) -> Kind | None:
    if names.id == identity:
        return "instance"
    if any(question.id == identity for question in names.questions):
        return "question"
    for chunk in names.chunks:
        if chunk.id == identity:
            return "chunk"
        if any(segment.id == identity for segment in chunk.segments):
            return "segment"
    return None


def rejected(files: Iterable[Path], identity: str) -> Iterator[Reject]:
    """The rejects with this id, or of a question, instance or segment with it."""
    for path in files:
        for reject in read_rows(path, Reject):
            names = {reject.id, *(segment.id for segment in reject.segments)}
            if identity in names:
                yield reject


def not_found(identity: str) -> MemcurateError:
    """The error for an id that nothing has."""
    return MemcurateError(
        f"nothing here has the id {identity!r}, neither in data/dataset nor in what the stages of its source "
        "made and rejected. Ids are <source>/<16 hex digits>, of instances, chunks, questions and segments; "
        "an episode is METHOD:INSTANCE"
    )
