"""The files that hold a source's instances and questions, as far as its stages ran: the last stage first.

An instance is in `data/chunks`, then with its questions in `data/filtered`, then in the dataset. A search in
the reverse order finds every instance of the source, also those that a stage rejected.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal, TypeVar

from pipeline.core.schema import Instance, InstanceQuestion, Question, Segment
from pipeline.core.storage import (
    count_row_groups,
    find_parts,
    find_split_files,
    has_table,
    read_row_group,
    read_rows,
)

T = TypeVar("T")
OutputName = Literal["dataset", "filtered", "chunks"]


@dataclass(slots=True)
class _SourceProjection:
    """The source of a row."""

    source: str


@dataclass(frozen=True, slots=True)
class StageOutputs:
    """The folders that a source's stages write: `dataset` holds all sources, the others this one."""

    source: str
    dataset: Path
    filtered: Path
    questions: Path
    chunks: Path

    def instance_files(self) -> list[tuple[OutputName, Path]]:
        """List the files of instances that exist, those of the last stage first."""
        files: list[tuple[OutputName, Path]] = [
            ("dataset", path) for path in chain.from_iterable(find_split_files(self.dataset).values())
        ]
        files += [("filtered", path) for path in find_parts(self.filtered / "instances.parquet")]
        files += [("chunks", path) for path in find_parts(self.chunks / "instances.parquet")]
        return [(output, path) for output, path in files if path.exists()]

    def missing_dirs(self) -> list[Path]:
        """List the folders that are missing: their stages did not run, or they were not pulled."""
        existing = {path.parent for _, path in self.instance_files()} | {self.questions}
        folders = (self.chunks, self.questions, self.filtered, self.dataset)
        return [folder for folder in folders if folder not in existing or not folder.exists()]

    def row_groups(self, path: Path) -> Iterator[int]:
        """Iterate over the indices of a file's row groups that hold rows of this source."""
        for index in range(count_row_groups(path)):
            if any(row.source == self.source for row in read_row_group(path, _SourceProjection, index)):
                yield index

    def read_instance(self, path: Path, group: int, instance_id: str) -> Instance:
        """Read an instance of a row group, with its questions.

        In `data/chunks` an instance has no questions yet: those of the stage `question` are added.
        """
        instance = next(row for row in read_row_group(path, Instance, group) if row.id == instance_id)
        if path.parent == self.chunks:
            instance.questions = self.read_questions(lambda row: row.instance == instance_id)
        return instance

    def read_questions(self, predicate: Callable[[InstanceQuestion], bool]) -> list[Question]:
        """Read the questions of the stage `question` that a predicate accepts; none where it did not run."""
        path = self.questions / "questions.parquet"
        return [row.question for row in _read_if_present(path, InstanceQuestion) if predicate(row)]

    def read_pending_questions(self) -> Iterator[Question]:
        """Read the source's own questions, if the stage `question` did not run yet."""
        if not has_table(self.questions / "questions.parquet"):
            yield from _read_if_present(self.chunks / "questions.parquet", Question)
            yield from (
                row.question
                for row in _read_if_present(self.chunks / "document_questions.parquet", InstanceQuestion)
            )

    def read_labelled_examples(self) -> Iterator[Segment]:
        """Read the labelled examples: an instance shows some of them, and is asked about others."""
        return _read_if_present(self.chunks / "labelled_examples.parquet", Segment)


def _read_if_present(path: Path, row_type: type[T]) -> Iterator[T]:
    return read_rows(path, row_type) if has_table(path) else iter(())
