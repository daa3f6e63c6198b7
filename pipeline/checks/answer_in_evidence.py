"""Drops questions whose answer does not stand in their evidence, where containment measures an answer."""

from pipeline.checks.dropped import Dropped
from pipeline.params import Checks
from pipeline.schema import Instance, Question
from pipeline.text.normal import normalised
from pipeline.text.tokens import Tokenizer


def check(question: Question, instance: Instance, params: Checks, tokenizer: Tokenizer) -> Question | Dropped:
    """Keep a question one of whose gold answers stands in a segment of its evidence."""
    if question.metric != "contains":
        return question
    evidence = set(question.evidence)
    for ordinal in question.evidence_chunks:
        chunk = instance.chunks[ordinal]
        for segment in chunk.segments:
            if segment.id in evidence:
                text = normalised(chunk.text[segment.start : segment.end])
                if any(normalised(answer) in text for answer in question.answers):
                    return question
    return Dropped("answer not in evidence", repr(question.answers[0]))
