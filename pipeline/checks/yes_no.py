"""Drops yes/no questions where the source asks for it: half of them are right by chance."""

from pipeline.checks.dropped import Dropped
from pipeline.params import Checks
from pipeline.schema import Instance, Question
from pipeline.text.normal import words
from pipeline.text.tokens import Tokenizer


def check(question: Question, instance: Instance, params: Checks, tokenizer: Tokenizer) -> Question | Dropped:
    """Keep a question that yes or no does not answer."""
    if params.drop_yes_no and any(words(answer) in (["yes"], ["no"]) for answer in question.answers):
        return Dropped("yes/no question", question.answers[0])
    return question
