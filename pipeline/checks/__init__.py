"""Checks: functions from a question to the question, kept, or a reason to drop it.

A check may return the question with fewer gold answers. `run_checks` applies them in the order of
`CHECKS`; a question stops at the first that drops it. Some modules of this folder differ: they compare all
questions of an instance (`repeated_question`), call a model (`model_checks`), or drop nothing and report
(`pii`). `filtering` applies all checks to a source, `human_review` reads and writes the verdicts of people.
"""

from collections.abc import Callable

from pipeline.checks import (
    ambiguous_cloze,
    answer_in_evidence,
    answer_in_question,
    answer_length,
    human_rejected,
    keywords_grounded,
    language,
    summary_agrees,
    unanswerable,
    yes_no,
)
from pipeline.checks.context import CheckContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question

Check = Callable[[Question, CheckContext], Question | Rejection]

CHECKS: tuple[Check, ...] = (
    unanswerable.check,
    yes_no.check,
    answer_length.check,
    answer_in_question.check,
    answer_in_evidence.check,
    summary_agrees.check,
    keywords_grounded.check,
    language.check,
    ambiguous_cloze.check,
    human_rejected.check,
)


def run_checks(question: Question, context: CheckContext) -> Question | Rejection:
    """Return the question as the checks leave it, or the rejection of the first that drops it."""
    for check in CHECKS:
        result = check(question, context)
        if isinstance(result, Rejection):
            return result
        question = result
    return question
