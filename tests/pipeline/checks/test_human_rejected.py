"""Questions that a person judged bad are dropped."""

from dataclasses import replace

from pipeline.checks import human_rejected
from pipeline.chunking import ChunkingContext
from pipeline.core.rejection import Rejection
from tests.pipeline.checks.factories import make_check_context
from tests.pipeline.questions.factories import make_question

FARM = {"made/s": "The owl lives in a barn."}


def test_a_question_that_a_person_judged_bad_is_dropped(context: ChunkingContext) -> None:
    """Only its id counts: another question with the same words is kept."""
    check_context = replace(make_check_context(context, FARM), bad_verdicts={"made/q": "two right answers"})
    assert human_rejected.check(make_question("made/q"), check_context) == Rejection(
        "reviewed", "two right answers"
    )
    for other in ("made/q2", "made/Q", "q"):
        assert human_rejected.check(make_question(other), check_context) == make_question(other)
