"""Drops questions without a gold answer, such as SQuAD 2.0's unanswerable ones."""

from pipeline.checks.dropped import Dropped
from pipeline.params import Checks
from pipeline.schema import Instance, Question
from pipeline.text.tokens import Tokenizer


def check(question: Question, instance: Instance, params: Checks, tokenizer: Tokenizer) -> Question | Dropped:
    """Keep a question that has a gold answer."""
    return question if any(question.answers) else Dropped("unanswerable", "no gold answer")
