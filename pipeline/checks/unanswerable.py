"""Drop questions without a gold answer, such as SQuAD 2.0's unanswerable ones, or have them ask to abstain.

Where `checks.unanswerable` is `keep`, such a question gets the metric `abstain`: right is a reply that says
that the answer is not known. Its evidence is then the text that it is about, and that does not hold an
answer.
"""

from dataclasses import replace

from pipeline.checks.context import CheckContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep a question that has a gold answer, or that asks to abstain."""
    if any(question.answers):
        return question
    if context.params.unanswerable == "drop":
        return Rejection("unanswerable", "no gold answer")
    return replace(question, answers=[], metric="abstain")
