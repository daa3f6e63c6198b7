"""A question that does not go on."""

from pipeline.schema import Instance, Question, Reject


def rejected_question(
    source: str, stage: str, question: Question, reason: str, detail: str, instance: Instance | None = None
) -> Reject:
    """The reject of a question, with the question in it."""
    return Reject(
        id=question.id,
        source=source,
        stage=stage,
        kind="question",
        reason=reason,
        detail=detail,
        split=instance.split if instance else None,
        document=instance.id if instance else None,
        raw=question.raw,
        question=question,
    )
