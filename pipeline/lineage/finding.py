"""What an id names in a dataset: an instance, a chunk, a question or a segment, or something rejected."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pipeline.errors import MemcurateError
from pipeline.schema import Instance, Reject
from pipeline.storage import read_row, read_rows, split_files

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


@dataclass(frozen=True, slots=True)
class Found:
    """Where an id stands."""

    kind: Kind
    instance: Instance  # that holds it, or is it
    others: list[str]  # ids of further instances that hold it


def find(dataset: Path, identity: str) -> Found | None:
    """What an id names in the dataset's files; None where it names nothing there."""
    holding: list[tuple[Kind, Path, str]] = []
    for path in split_files(dataset).values():
        for names in read_rows(path, _InstanceNames):
            kind = _kind(names, identity)
            if kind is not None:
                holding.append((kind, path, names.id))
    if not holding:
        return None
    kind, path, first = holding[0]
    instance = read_row(path, Instance, first)
    assert instance is not None
    return Found(kind, instance, [other for _, _, other in holding[1:]])


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
        f"nothing here has the id {identity!r}, neither in data/dataset nor among the rejects of its source. "
        "Ids are <source>/<16 hex digits>, of instances, chunks, questions and segments; an episode is "
        "METHOD:INSTANCE"
    )
