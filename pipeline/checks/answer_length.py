"""Drops long gold answers, and the question when none is left (paper: answers of 5 tokens or more)."""

from dataclasses import replace

from pipeline.checks.dropped import Dropped
from pipeline.params import Checks
from pipeline.schema import Instance, Question
from pipeline.text.tokens import Tokenizer


def check(question: Question, instance: Instance, params: Checks, tokenizer: Tokenizer) -> Question | Dropped:
    """Keep the gold answers of at most `max_answer_tokens` tokens."""
    if params.max_answer_tokens is None:
        return question
    short = [answer for answer in question.answers if tokenizer.count(answer) <= params.max_answer_tokens]
    if not short:
        return Dropped("answer too long", f"over {params.max_answer_tokens} tokens: {question.answers[0]!r}")
    return question if len(short) == len(question.answers) else replace(question, answers=short)
