"""Checks: functions from a question to the question, kept, or a reason to drop it.

A check may return the question with fewer gold answers. `run_checks` applies them in the order of
`CHECKS`; a question stops at the first that drops it. The other modules of this room look at more than a
question: at all of an instance's (`repeated_question`), at all instances (`near_duplicate`,
`contamination`), or drop nothing and report (`personal_data`).
"""

from collections.abc import Callable

from pipeline.checks import (
    ambiguous_cloze,
    answer_in_evidence,
    answer_in_question,
    answer_length,
    keywords_grounded,
    language,
    reviewed,
    summary_agrees,
    unanswerable,
    yes_no,
)
from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.schema import Question

Check = Callable[[Question, Surroundings], Question | Dropped]

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
    reviewed.check,
)


def run_checks(question: Question, around: Surroundings) -> Question | Dropped:
    """The question as the checks leave it, or why it is dropped."""
    for check in CHECKS:
        result = check(question, around)
        if isinstance(result, Dropped):
            return result
        question = result
    return question
