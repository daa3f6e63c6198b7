"""All questions of a chunked source that need no model: carried over, held out, made by rules."""

from pathlib import Path

from pipeline.params import Questions
from pipeline.questions.carried import carry_over
from pipeline.questions.held_out import ask_labels
from pipeline.schema import AskedQuestion, Instance, Question, Reject, Segment
from pipeline.storage import read_rows


def ask_without_models(
    chunks: Path, wanted: Questions, seed: int, source: str, assets: Path
) -> tuple[list[AskedQuestion], list[Reject]]:
    """(the questions of the source whose files are in `chunks`; those that no instance can be asked)."""
    asked: list[AskedQuestion] = []
    rejects: list[Reject] = []
    of_documents = list(read_rows(chunks / "asked.parquet", AskedQuestion))
    if wanted.carried:
        carried = read_rows(chunks / "questions.parquet", Question)
        instances = read_rows(chunks / "instances.parquet", Instance)
        asked, rejects = carry_over(carried, instances, source)
        asked += (row for row in of_documents if row.question.summary is None)
    if wanted.held_out:
        pool = read_rows(chunks / "pool.parquet", Segment)
        instances = read_rows(chunks / "instances.parquet", Instance)
        asked += ask_labels(pool, instances, wanted.held_out, seed, source)
    if wanted.summary or wanted.cloze or wanted.told:
        from pipeline.questions.made import make_questions  # loads spaCy: seconds that most sources save

        told = {row.instance: row.question for row in of_documents if row.question.summary is not None}
        asked += make_questions(chunks / "instances.parquet", wanted, assets, told)
    return asked, rejects
