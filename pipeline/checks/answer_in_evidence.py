"""Drops questions whose answer does not stand in their evidence, where containment measures an answer.

Questions of a whole document, whose benchmark does not say where the answer stands, are kept.
"""

from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.schema import Question
from pipeline.text.normal import stands_in


def check(question: Question, around: Surroundings) -> Question | Dropped:
    """Keep a question one of whose gold answers stands in a segment of its evidence, as whole words."""
    if question.metric != "contains" or not question.evidence:
        return question
    evidence = set(question.evidence)
    for ordinal in question.evidence_chunks:
        chunk = around.instance.chunks[ordinal]
        for segment in chunk.segments:
            if segment.id in evidence:
                text = chunk.text[segment.start : segment.end]
                if any(stands_in(answer, text) for answer in question.answers):
                    return question
    return Dropped("answer not in evidence", repr(question.answers[0]))
