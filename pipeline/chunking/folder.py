"""The files of a chunked source, as `question` and `filter` read them."""

from pathlib import Path

from pipeline.chunking.context import Chunked
from pipeline.documents import Parsed
from pipeline.schema import AskedQuestion, Instance, Question, Reject, Segment
from pipeline.storage import write_rows


def write_chunked(folder: Path, parsed: Parsed, chunked: Chunked) -> None:
    """Write instances, rejects, pool and the source's own questions, each sorted by id.

    The questions are in questions.parquet, or in asked.parquet where they belong to a whole document.
    """
    write_rows(folder / "instances.parquet", Instance, sorted(chunked.instances, key=lambda one: one.id))
    write_rows(folder / "rejects.parquet", Reject, sorted(chunked.rejects, key=lambda one: one.id))
    write_rows(folder / "questions.parquet", Question, sorted(parsed.questions, key=lambda one: one.id))
    write_rows(folder / "pool.parquet", Segment, sorted(chunked.pool, key=lambda one: one.id))
    asked = sorted(chunked.asked, key=lambda row: (row.instance, row.question.id))
    write_rows(folder / "asked.parquet", AskedQuestion, asked)
