"""Drops questions whose answer does not stand in their evidence, where containment measures an answer."""

from pipeline.checks.dropped import Dropped
from pipeline.params import Checks
from pipeline.schema import Instance, Question
from pipeline.text.normal import stands_in
from pipeline.text.tokens import Tokenizer


def check(question: Question, instance: Instance, params: Checks, tokenizer: Tokenizer) -> Question | Dropped:
    """Keep a question one of whose gold answers stands in a segment of its evidence, as whole words."""
    if question.metric != "contains":
        return question
    evidence = set(question.evidence)
    for ordinal in question.evidence_chunks:
        chunk = instance.chunks[ordinal]
        for segment in chunk.segments:
            if segment.id in evidence:
                text = chunk.text[segment.start : segment.end]
                if any(stands_in(answer, text) for answer in question.answers):
                    return question
    return Dropped("answer not in evidence", repr(question.answers[0]))
