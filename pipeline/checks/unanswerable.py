"""Drops questions without a gold answer, such as SQuAD 2.0's unanswerable ones."""

from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.schema import Question


def check(question: Question, around: Surroundings) -> Question | Dropped:
    """Keep a question that has a gold answer."""
    return question if any(question.answers) else Dropped("unanswerable", "no gold answer")
