"""Drop questions that hold their own answer, where `checks.drop_answer_in_question` is set."""

from pipeline.checks.context import CheckContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question
from pipeline.text.normalize import comparison_key, contains_normalized


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep a question in which no gold answer stands, as whole words."""
    if not context.params.drop_answer_in_question:
        return question
    question_key = comparison_key(question.text)
    for answer in question.answers:
        if contains_normalized(question_key, comparison_key(answer)):
            return Rejection("answer in question", repr(answer))
    return question
