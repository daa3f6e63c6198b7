"""The tables of the question stage, and their parts."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.core.output_files import Table
from pipeline.core.parts import PART_SUFFIX, write_part
from pipeline.core.schema import InstanceQuestion, Reject

QUESTION_TABLES = {
    "questions": Table(InstanceQuestion, ("instance", "question.id")),
    "rejects": Table(Reject, ("id",)),
}


def write_question_parts(
    folder: Path, questions: Sequence[InstanceQuestion], rejects: Sequence[Reject]
) -> None:
    """Write the parts of QUESTION_TABLES."""
    write_part(folder / f"questions{PART_SUFFIX}", InstanceQuestion, questions)
    write_part(folder / f"rejects{PART_SUFFIX}", Reject, rejects)
