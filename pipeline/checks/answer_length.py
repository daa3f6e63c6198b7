"""Drop long gold answers, and the question when none is left (paper: answers of 5 tokens or more)."""

from dataclasses import replace

from pipeline.checks.context import CheckContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep the gold answers of at most `max_answer_tokens` tokens."""
    limit, tokenizer = context.params.max_answer_tokens, context.tokenizer
    if limit is None or question.metric == "abstain":
        return question
    assert tokenizer is not None
    short = [answer for answer in question.answers if tokenizer.count(answer) <= limit]
    if not short:
        return Rejection("answer too long", f"over {limit} tokens: {question.answers[0]!r}")
    return question if len(short) == len(question.answers) else replace(question, answers=short)
