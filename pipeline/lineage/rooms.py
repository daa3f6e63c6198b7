"""The files that hold a source's instances and questions, as far as its stages ran: the last stage first.

An instance stands in `data/chunks`, then with its questions in `data/filtered`, then in the dataset. Looked
for in this order backwards, all of a source is found, also what was rejected on the way.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pipeline.schema import AskedQuestion, Instance, Question, Segment
from pipeline.storage import count_groups, read_group, read_rows, split_files

T = TypeVar("T")
Room = Literal["dataset", "filtered", "chunks"]


@dataclass(slots=True)
class _Sourced:
    """A row by its source alone."""

    source: str


@dataclass(frozen=True, slots=True)
class Rooms:
    """Where a source's stages write: `dataset` is of all sources, the others of this one."""

    source: str
    dataset: Path
    filtered: Path
    questions: Path
    chunks: Path

    def files(self) -> list[tuple[Room, Path]]:
        """List the files of instances that are here, the last stage's first."""
        named: list[tuple[Room, Path]] = [("dataset", path) for path in split_files(self.dataset).values()]
        named += [
            ("filtered", self.filtered / "instances.parquet"),
            ("chunks", self.chunks / "instances.parquet"),
        ]
        return [(room, path) for room, path in named if path.exists()]

    def missing(self) -> list[Path]:
        """List the folders whose files are not here: the stages did not run, or they were not pulled."""
        here = {path.parent for _, path in self.files()} | {self.questions}
        folders = (self.chunks, self.questions, self.filtered, self.dataset)
        return [one for one in folders if one not in here or not one.exists()]

    def groups(self, path: Path) -> Iterator[int]:
        """Number the row groups of a file that hold rows of this source."""
        for number in range(count_groups(path)):
            if any(row.source == self.source for row in read_group(path, _Sourced, number)):
                yield number

    def instance(self, path: Path, group: int, identity: str) -> Instance:
        """Read an instance of a row group, with what was asked of it by then.

        Before `filter` ran an instance has no questions of its own: those of the stage `question` are given.
        """
        found = next(row for row in read_group(path, Instance, group) if row.id == identity)
        if path.parent == self.chunks:
            found.questions = self.asked(lambda row: row.instance == identity)
        return found

    def asked(self, wanted: Callable[[AskedQuestion], bool]) -> list[Question]:
        """Read the questions of the stage `question` that a condition takes; none where it did not run."""
        path = self.questions / "questions.parquet"
        return [row.question for row in _rows(path, AskedQuestion) if wanted(row)]

    def waiting(self) -> Iterator[Question]:
        """Read the source's own questions where the stage `question` did not take them yet."""
        if not (self.questions / "questions.parquet").exists():
            yield from _rows(self.chunks / "questions.parquet", Question)
            yield from (row.question for row in _rows(self.chunks / "asked.parquet", AskedQuestion))

    def pool(self) -> Iterator[Segment]:
        """Read the labelled examples of which instances show some and are asked about others."""
        return _rows(self.chunks / "pool.parquet", Segment)


def _rows(path: Path, shape: type[T]) -> Iterator[T]:
    return read_rows(path, shape) if path.exists() else iter(())
