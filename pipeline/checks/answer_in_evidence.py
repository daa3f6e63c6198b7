"""Drop questions of metric `contains` whose answer does not stand in their evidence.

In English it stands there as whole words. Other languages join words, such as articles and prepositions of
Arabic and parts of German compounds: there it may stand inside a longer word.
Questions without evidence are kept: some benchmarks ask about a whole document and do not locate the answer.
"""

from pipeline.checks.context import CheckContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question, segment_text
from pipeline.text.normalize import normalize_text, occurs_in


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep a question one of whose gold answers stands in a segment of its evidence."""
    if question.metric != "contains" or not question.evidence:
        return question
    evidence = set(question.evidence)
    for index in question.evidence_chunks:
        chunk = context.instance.chunks[index]
        for segment in chunk.segments:
            if segment.id in evidence:
                text = segment_text(chunk, segment)
                if any(_stands_in(answer, text, context.language) for answer in question.answers):
                    return question
    return Rejection("answer not in evidence", repr(question.answers[0]))


def _stands_in(answer: str, text: str, language: str) -> bool:
    if occurs_in(answer, text):
        return True
    return language != "en" and normalize_text(answer) in normalize_text(text)
