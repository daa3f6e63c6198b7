"""Checks: functions from a question to the question, kept, or a reason to drop it.

A check may return the question with fewer gold answers. `run_checks` applies them in the order of
`CHECKS`; a question stops at the first that drops it.
"""

from collections.abc import Callable

from pipeline.checks import (
    answer_in_evidence,
    answer_in_question,
    answer_length,
    unanswerable,
    yes_no,
)
from pipeline.checks.dropped import Dropped
from pipeline.params import Checks
from pipeline.schema import Instance, Question
from pipeline.text.tokens import Tokenizer

Check = Callable[[Question, Instance, Checks, Tokenizer], Question | Dropped]

CHECKS: tuple[Check, ...] = (
    unanswerable.check,
    yes_no.check,
    answer_length.check,
    answer_in_question.check,
    answer_in_evidence.check,
)


def run_checks(
    question: Question, instance: Instance, params: Checks, tokenizer: Tokenizer
) -> Question | Dropped:
    """The question as the checks leave it, or why it is dropped."""
    for check in CHECKS:
        result = check(question, instance, params, tokenizer)
        if isinstance(result, Dropped):
            return result
        question = result
    return question
