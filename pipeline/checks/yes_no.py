"""Drops yes/no questions where the source asks for it: half of them are right by chance."""

from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.schema import Question
from pipeline.text.normal import words


def check(question: Question, around: Surroundings) -> Question | Dropped:
    """Keep a question that yes or no does not answer."""
    if around.params.drop_yes_no and any(words(answer) in (["yes"], ["no"]) for answer in question.answers):
        return Dropped("yes/no question", question.answers[0])
    return question
