"""Choose the metric of a source's own gold answer: string comparison where it can decide, else a judge."""

from collections.abc import Iterable

from pipeline.core.schema import Metric, Segment
from pipeline.text.normalize import occurs_in, words

_MAX_WORDS = 8  # of an answer that a right reply repeats word for word


def choose_metric(answer: str, evidence: Iterable[Segment]) -> tuple[Metric, str]:
    """Return (metric, gold answer): `contains` where a right reply holds the answer word for word.

    Such an answer has at most 8 words and stands in a segment of the evidence. A number also stands in
    segments that do not answer the question, and so do yes and no: these are for a judge. A final full stop
    is not a part of a literal answer.
    """
    bare = answer.strip().removesuffix(".").rstrip()
    found = words(bare)
    if not found or len(found) > _MAX_WORDS or found in (["yes"], ["no"]) or bare.isdigit():
        return "judge", answer.strip()
    if any(occurs_in(bare, segment.text) for segment in evidence):
        return "contains", bare
    return "judge", answer.strip()
