"""Drop questions of metric `contains` whose answer does not stand in their evidence.

Questions without evidence are kept: some benchmarks ask about a whole document and do not locate the answer.
"""

from pipeline.checks.context import CheckContext
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Question, segment_text
from pipeline.text.normalize import occurs_in


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep a question one of whose gold answers stands in a segment of its evidence, as whole words."""
    if question.metric != "contains" or not question.evidence:
        return question
    evidence = set(question.evidence)
    for index in question.evidence_chunks:
        chunk = context.instance.chunks[index]
        for segment in chunk.segments:
            if segment.id in evidence:
                text = segment_text(chunk, segment)
                if any(occurs_in(answer, text) for answer in question.answers):
                    return question
    return Rejection("answer not in evidence", repr(question.answers[0]))
