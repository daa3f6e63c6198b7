"""Keeps the keywords of a summary that its instance holds, and drops the question when too few are left."""

from dataclasses import replace

from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.schema import Question
from pipeline.text.normal import holds

_MOST_WORDS = 3  # paper: keywords of at most three words


def check(question: Question, around: Surroundings) -> Question | Dropped:
    """Keep the keywords of at most three words that stand in a segment, if enough are left."""
    if question.metric != "keywords":
        return question
    grounded = [
        keyword
        for keyword in question.answers
        if len(keyword.split()) <= _MOST_WORDS and holds(around.whole, keyword)
    ]
    if len(grounded) < around.least_keywords(question):
        detail = f"{len(grounded)} of {len(question.answers)} stand in the instance"
        return Dropped("too few keywords", detail)
    return question if len(grounded) == len(question.answers) else replace(question, answers=grounded)
