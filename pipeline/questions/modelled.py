"""What models add to the questions of a source, step by step, each with its switch in params."""

from collections.abc import Iterable, Sequence

from pipeline.endpoint.asking import Asker
from pipeline.params import Questions
from pipeline.questions.shortened import shorten
from pipeline.questions.told import keyword_questions, summaries
from pipeline.questions.written import write_questions
from pipeline.schema import Asked, AskedQuestion, Instance, Reject


def ask_models(
    asked: Sequence[AskedQuestion], instances: Iterable[Instance], wanted: Questions, source: str
) -> tuple[list[AskedQuestion], list[Reject], list[Asked]]:
    """(the questions then, the rejects, what was asked of models)."""
    asker = Asker()
    read = list(instances)
    kept, rejects = list(asked), list[Reject]()
    if wanted.shorten:
        kept, rejects = shorten(kept, wanted.shorten, asker, source)
    if wanted.keywords:
        of_summary = [row for row in kept if _is_summary(row)]
        made = {row.instance: row.question for row in of_summary if not row.question.summary}
        told = {row.instance: row.question.summary for row in of_summary if row.question.summary}
        kept = [row for row in kept if not _is_summary(row)]
        ready = read
        if wanted.told:
            missing = [instance for instance in read if instance.id not in told]
            written, more = summaries(missing, made, wanted.told, asker)
            rejects += more
            told |= written
            ready = [instance for instance in read if instance.id in told]
        named, more = keyword_questions(ready, told, wanted.keywords, asker)
        kept += named
        rejects += more
    if wanted.written:
        written_ones, more = write_questions(read, wanted.written, asker)
        kept += written_ones
        rejects += more
    return kept, rejects, asker.asked


def _is_summary(row: AskedQuestion) -> bool:
    """Whether it asks what was read: a model's keywords go into its place."""
    return row.question.metric == "keywords" and (
        row.question.origin == "summary" or row.question.summary is not None
    )
