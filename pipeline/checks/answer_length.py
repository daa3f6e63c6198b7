"""Drops long gold answers, and the question when none is left (paper: answers of 5 tokens or more)."""

from dataclasses import replace

from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.schema import Question


def check(question: Question, around: Surroundings) -> Question | Dropped:
    """Keep the gold answers of at most `max_answer_tokens` tokens."""
    limit = around.params.max_answer_tokens
    if limit is None:
        return question
    short = [answer for answer in question.answers if around.tokenizer.count(answer) <= limit]
    if not short:
        return Dropped("answer too long", f"over {limit} tokens: {question.answers[0]!r}")
    return question if len(short) == len(question.answers) else replace(question, answers=short)
