"""Drops cloze questions that another sentence of the instance answers as well."""

from pipeline.checks.dropped import Dropped
from pipeline.checks.surroundings import Surroundings
from pipeline.questions.frames import sentence_of
from pipeline.schema import BLANK, Question
from pipeline.text.content import content_words
from pipeline.text.normal import stands_in

_LEAST_WORDS = 3  # content words around the blank
_SAME = 75  # percent of them that make another segment an answer as well


def check(question: Question, around: Surroundings) -> Question | Dropped:
    """Keep a cloze whose sentence says enough, and whose words no other segment says with another answer.

    A segment that says the same with the same answer does no harm.
    """
    if question.origin != "cloze":
        return question
    frame = content_words(sentence_of(question.text).replace(BLANK, " "))
    if len(frame) < _LEAST_WORDS:
        return Dropped("cloze says too little", f"{len(frame)} words around the blank")
    least = -(-_SAME * len(frame) // 100)
    for identity in around.sharing(frame, least):
        text = around.segments[identity]
        if identity not in question.evidence and not any(
            stands_in(answer, text) for answer in question.answers
        ):
            return Dropped("ambiguous cloze", f"as well in {identity}: {text[:200]!r}")
    return question
