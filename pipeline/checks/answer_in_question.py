"""Drops questions that hold their own answer, where the source asks for it."""

from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.schema import Question
from pipeline.text.normal import holds, same_words


def check(question: Question, around: Surroundings) -> Question | Dropped:
    """Keep a question in which no gold answer stands, as whole words."""
    if not around.params.drop_answer_in_question:
        return question
    asked = same_words(question.text)
    for answer in question.answers:
        if holds(asked, same_words(answer)):
            return Dropped("answer in question", repr(answer))
    return question
