"""Drop questions that a person judged bad."""

from pipeline.checks.context import CheckContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep a question that no reviewer judged bad."""
    reason = context.bad_verdicts.get(question.id)
    return question if reason is None else Rejection("reviewed", reason)
