"""Drop questions without a gold answer, such as SQuAD 2.0's unanswerable ones."""

from pipeline.checks.context import CheckContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep a question that has a gold answer."""
    return question if any(question.answers) else Rejection("unanswerable", "no gold answer")
