"""A question that does not go on."""

from pipeline.schema import Question, Reject


def rejected_question(
    source: str, stage: str, question: Question, reason: str, detail: str, instance: str | None = None
) -> Reject:
    """The reject of a question, with the question in it."""
    return Reject(
        id=question.id,
        source=source,
        stage=stage,
        kind="question",
        reason=reason,
        detail=detail,
        document=instance,
        raw=question.raw,
        segments=[],
        question=question,
    )
