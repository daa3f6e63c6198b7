"""The files of the chunk stage that questions are made of."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.core.schema import Instance, InstanceQuestion, InstanceTexts, Question, Segment
from pipeline.core.storage import find_parts, read_rows, row_group_readers
from pipeline.questions.deterministic import QuestionInputs, select_summary_questions


@dataclass(frozen=True, slots=True)
class ChunkInputs:
    """A file of instances, and the files of the other tables that belong to these instances."""

    instances: Path
    questions: Path
    document_questions: Path
    labelled_examples: Path

    @property
    def inputs(self) -> list[Path]:
        """All files."""
        return [self.instances, self.questions, self.document_questions, self.labelled_examples]

    def open(self) -> QuestionInputs:
        """Open the files; a row group of instances is a shard."""
        return QuestionInputs(
            instances=row_group_readers(self.instances, Instance),
            texts=row_group_readers(self.instances, InstanceTexts),
            source_questions=read_rows(self.questions, Question),
            document_questions=list(read_rows(self.document_questions, InstanceQuestion)),
            labelled_examples=read_rows(self.labelled_examples, Segment),
        )

    def read_summary_questions(self) -> dict[str, Question]:
        """Return the questions that come with a human summary, by instance."""
        return select_summary_questions(read_rows(self.document_questions, InstanceQuestion))


def find_chunk_inputs(chunks_dir: Path) -> list[ChunkInputs]:
    """Return the files of a chunked source, by file of instances."""
    names = ("instances", "questions", "document_questions", "labelled_examples")
    tables = [find_parts(chunks_dir / f"{name}.parquet") for name in names]
    return [ChunkInputs(*files) for files in zip(*tables, strict=True)]
