"""Rejections of questions and instances by checks, and their rows in reject files."""

from dataclasses import dataclass
from typing import Protocol

from pipeline.core.schema import Instance, Question, Reject, Split

NOT_AT_SPAN_REASON = "text not at its span"  # of a segment that a user's format made
PII_REASON = "personal data"  # of segments and questions of a source with `pii: reject`


@dataclass(frozen=True, slots=True)
class Rejection:
    """A reason that similar rejections share, and the details of this one."""

    reason: str
    detail: str


def make_question_reject(
    source: str, stage: str, question: Question, reason: str, detail: str, instance: Instance | None = None
) -> Reject:
    """Build the reject of a question, which holds the question. `instance`: the one that it belongs to."""
    return Reject(
        id=question.id,
        source=source,
        stage=stage,
        kind="question",
        reason=reason,
        detail=detail,
        split=instance.split if instance else None,
        document=instance.id if instance else None,
        source_span=question.source_span,
        question=question,
    )


class _InstanceFields(Protocol):
    """The fields of an instance, or of a sketch or projection of one, that its reject repeats."""

    @property
    def id(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def split(self) -> Split: ...
    @property
    def document(self) -> str: ...


def make_instance_reject(stage: str, instance: _InstanceFields, rejection: Rejection) -> Reject:
    """Build the reject of an instance."""
    return Reject(
        id=instance.id,
        source=instance.source,
        stage=stage,
        kind="instance",
        reason=rejection.reason,
        detail=rejection.detail,
        split=instance.split,
        document=instance.document,
    )
