"""Drops questions that a person judged bad."""

from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.schema import Question


def check(question: Question, around: Surroundings) -> Question | Dropped:
    """Keep a question that no reviewer judged bad."""
    why = around.judged_bad.get(question.id)
    return question if why is None else Dropped("reviewed", why)
