"""Write the files of a chunked source, which the stages `question` and `filter` read."""

from pathlib import Path

from pipeline.chunking.types import ChunkedSource
from pipeline.core.schema import Instance, InstanceQuestion, Question, Reject, Segment
from pipeline.core.storage import write_rows
from pipeline.sources.parsed import ParsedSource


def write_chunked(folder: Path, parsed: ParsedSource, chunked: ChunkedSource) -> None:
    """Write instances, rejects, labelled examples and the source's own questions, each sorted by id.

    The source's questions are in questions.parquet, except those about a whole document, which are in
    document_questions.parquet.
    """
    write_rows(folder / "instances.parquet", Instance, sorted(chunked.instances, key=lambda one: one.id))
    write_rows(folder / "rejects.parquet", Reject, sorted(chunked.rejects, key=lambda one: one.id))
    write_rows(folder / "questions.parquet", Question, sorted(parsed.questions, key=lambda one: one.id))
    write_rows(
        folder / "labelled_examples.parquet",
        Segment,
        sorted(chunked.labelled_examples, key=lambda one: one.id),
    )
    document_questions = sorted(chunked.document_questions, key=lambda row: (row.instance, row.question.id))
    write_rows(folder / "document_questions.parquet", InstanceQuestion, document_questions)
