"""Cloze questions: a sentence of the instance with one fact left out, and when it was said or read.

No model is needed: the answer stands in the sentence by construction. The paper asks such sources by
questions that a model wrote; this is the road without one.
"""

from collections import Counter
from collections.abc import Iterator

from pipeline.ids import short_id
from pipeline.questions.facts import Fact, best_fact
from pipeline.questions.frames import cloze_question
from pipeline.questions.sentences import Read, Sentence
from pipeline.rendering import shown_day
from pipeline.schema import BLANK, Chunk, Instance, PlacedSegment, Question, Span
from pipeline.text.normal import folded, normalised
from pipeline.text.usage import Usage

_SAME_ANSWER = 2  # an instance asks at most so often for the same answer


def clozes(
    instance: Instance,
    looked_at: list[list[Read]],
    counts: Counter[str],
    usage: Usage,
    most: int,
) -> Iterator[Question]:
    """At most `most` questions for each chunk, from its sentences looked at, best facts first.

    `counts`: of the words of the instance, case folded.
    """
    asked: Counter[str] = Counter()
    for chunk, sentences in zip(instance.chunks, looked_at, strict=True):
        found = []
        for read in sentences:
            fact = best_fact(read, usage, counts)
            if fact is not None:
                found.append((fact, read.sentence))
        taken = 0
        for fact, sentence in sorted(found, key=lambda one: -one[0].points):
            answer = folded(fact.text)
            if taken < most and asked[answer] < _SAME_ANSWER:
                asked[answer] += 1
                taken += 1
                yield _question(instance.source, chunk, sentence, fact)


def _question(source: str, chunk: Chunk, sentence: Sentence, fact: Fact) -> Question:
    segment = sentence.segment
    blanked = sentence.text[: fact.start] + BLANK + sentence.text[fact.end :]
    text = cloze_question(_lead(chunk, sentence), blanked)
    raw = segment.raw
    return Question(
        id=short_id(source, text, fact.text, segment.id),
        text=text,
        answers=[fact.text],
        metric="contains",
        origin="cloze",
        kind=fact.kind,
        time=None,
        evidence=[segment.id],
        evidence_chunks=[chunk.ordinal],
        raw=Span(raw.file, raw.record, raw.start + sentence.start, raw.start + sentence.end),
    )


def _lead(chunk: Chunk, sentence: Sentence) -> str:
    """When and by whom it was said, or when and where it was read."""
    segment = sentence.segment
    if sentence.said:
        when = f" at {segment.time}" if segment.time else ""
        return f"What is missing in this sentence, which {segment.speaker} wrote{when}?"
    day = shown_day(chunk)
    when = f" on {day}" if day else ""
    return f"What is missing in this sentence, which the user read{when} in {_place(segment)}?"


def _place(segment: PlacedSegment) -> str:
    """Document and section; once where they have one name."""
    if not segment.section or normalised(segment.section) == normalised(segment.document):
        return segment.document
    return f"{segment.document}, {segment.section}"
