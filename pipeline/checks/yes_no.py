"""Drop yes/no questions, where `checks.drop_yes_no` is set: a guess is right half of the time."""

from pipeline.checks.context import CheckContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question
from pipeline.text.normalize import words


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep a question whose gold answers are neither yes nor no."""
    if context.params.drop_yes_no and any(words(answer) in (["yes"], ["no"]) for answer in question.answers):
        return Rejection("yes/no question", question.answers[0])
    return question
