"""The files of a chunked source, which the stages `question` and `filter` read."""

from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

from pipeline.chunking.types import ChunkedSource
from pipeline.core.output_files import Table
from pipeline.core.schema import Instance, InstanceQuestion, Question, Reject, Segment
from pipeline.core.storage import write_rows
from pipeline.sources.parsed import ParsedSource

# The source's questions are in `questions`, except those about a whole document.
CHUNK_TABLES = {
    "instances": Table(Instance, ("id",)),
    "rejects": Table(Reject, ("id",)),
    "questions": Table(Question, ("id",)),
    "labelled_examples": Table(Segment, ("id",)),
    "document_questions": Table(InstanceQuestion, ("instance", "question.id")),
}


def write_chunked(folder: Path, parsed: ParsedSource, chunked: ChunkedSource) -> None:
    """Write a source that was chunked in memory: a file for each table."""
    rows: dict[str, Sequence[Any]] = {
        "instances": chunked.instances,
        "rejects": chunked.rejects,
        "questions": parsed.questions,
        "labelled_examples": chunked.labelled_examples,
        "document_questions": chunked.document_questions,
    }
    for name, table in CHUNK_TABLES.items():
        ordered = sorted(rows[name], key=attrgetter(*table.sort_by))
        write_rows(folder / f"{name}.parquet", table.row_type, ordered)
