"""The report's inputs: the folders that the stages wrote, and projections of their rows."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.core.schema import ChunkProjection, Question, Split


@dataclass(frozen=True, slots=True)
class ReportInputDirs:
    """The folders that the stages before the report wrote."""

    chunks: Path
    questions: Path
    filtered: Path
    dataset: Path

    def reject_files(self, source: str) -> dict[str, Path]:
        """Return the file of rejects of each stage, in the order of the stages.

        The file of assemble holds the rejects of all sources.
        """
        folders = {
            "chunk": self.chunks / source,
            "question": self.questions / source,
            "filter": self.filtered / source,
            "assemble": self.dataset,
        }
        return {stage: folder / "rejects.parquet" for stage, folder in folders.items()}


@dataclass(slots=True)
class ChunkTextProjection(ChunkProjection):
    """A chunk with its text, index and time, without the metadata of its segments."""

    index: int
    time: str


@dataclass(slots=True)
class InstanceTextProjection:
    """An instance with its texts and questions, for distributions and examples."""

    id: str
    source: str
    split: Split
    chunks: list[ChunkTextProjection]
    questions: list[Question]


@dataclass(slots=True)
class IdProjection:
    """The id of a row or of a part of one, where only their number is needed."""

    id: str


@dataclass(slots=True)
class ChunkSizeProjection:
    """A chunk whose segments are counted."""

    segments: list[IdProjection]


@dataclass(slots=True)
class InstanceSizeProjection:
    """An instance whose segments and questions are counted."""

    id: str
    source: str
    chunks: list[ChunkSizeProjection]
    questions: list[IdProjection]


@dataclass(slots=True)
class InstanceQuestionProjection:
    """A row of a source's questions before the checks, to be counted."""

    instance: str


@dataclass(slots=True)
class RejectProjection:
    """A reject, to be counted by its kind and reason."""

    id: str
    source: str
    kind: str
    reason: str
    segments: list[IdProjection]


@dataclass(slots=True)
class PiiFindingProjection:
    """A finding of personal data, to be counted by its kind."""

    kind: str
