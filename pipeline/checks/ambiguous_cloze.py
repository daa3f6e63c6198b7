"""Drop cloze questions that another sentence of the instance answers as well."""

from pipeline.checks.context import CheckContext
from pipeline.core.question_templates import extract_cloze_sentence
from pipeline.core.rejection import Rejection
from pipeline.core.schema import BLANK, Question
from pipeline.text.content_words import content_words
from pipeline.text.normalize import occurs_in

_MIN_CONTENT_WORDS = 3  # around the blank; pairs of letters where a language has no spaces
_MIN_OVERLAP_PERCENT = 75  # of these content words; a segment that holds them answers the cloze too


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep a cloze with enough content words, most of which stand in no other segment.

    A segment that has the same words and the same answer does no harm.
    """
    if question.origin != "cloze":
        return question
    words = content_words(extract_cloze_sentence(question.text).replace(BLANK, " "), context.language)
    if len(words) < _MIN_CONTENT_WORDS:
        return Rejection("cloze says too little", f"{len(words)} words around the blank")
    min_shared = -(-_MIN_OVERLAP_PERCENT * len(words) // 100)
    for identity in context.segments_sharing(words, min_shared):
        text = context.segment_texts[identity]
        if identity not in question.evidence and not any(
            occurs_in(answer, text) for answer in question.answers
        ):
            return Rejection("ambiguous cloze", f"as well in {identity}: {text[:200]!r}")
    return question
