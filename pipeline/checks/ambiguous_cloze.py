"""Drop cloze questions that another sentence of the instance answers as well."""

from pipeline.checks.context import CheckContext
from pipeline.core.question_templates import extract_cloze_messages, extract_cloze_sentence
from pipeline.core.rejection import Rejection
from pipeline.core.schema import BLANK, Question
from pipeline.text.content_words import content_words
from pipeline.text.normalize import occurs_in

_MIN_CONTENT_WORDS = 3  # around the blank; pairs of letters where a language has no spaces
_MIN_OVERLAP_PERCENT = 75  # of these content words; a segment that holds them answers the cloze too


def check(question: Question, context: CheckContext) -> Question | Rejection:
    """Keep a cloze with enough content words, most of which stand in no other segment.

    A segment that has the same words and the same answer does no harm. Where a cloze shows messages before
    its sentence, their words count too, and another segment is compared with what stands before it.
    """
    if question.origin != "cloze":
        return question
    own = content_words(extract_cloze_sentence(question.text).replace(BLANK, " "), context.language)
    messages = [message.partition(": ")[2] for message in extract_cloze_messages(question.text)]
    words = own.union(*(content_words(message, context.language) for message in messages))
    if len(words) < _MIN_CONTENT_WORDS:
        return Rejection("cloze says too little", f"{len(words)} words around the blank")
    for identity in context.segments_sharing(own, _count_shared(own)) if own else ():
        text = context.segment_texts[identity]
        if identity in question.evidence or any(occurs_in(answer, text) for answer in question.answers):
            continue
        if messages and not _is_said_after(identity, len(messages), words, context):
            continue
        return Rejection("ambiguous cloze", f"as well in {identity}: {text[:200]!r}")
    return question


def _count_shared(words: set[str]) -> int:
    return -(-_MIN_OVERLAP_PERCENT * len(words) // 100)


def _is_said_after(identity: str, number: int, words: set[str], context: CheckContext) -> bool:
    """Return whether a segment and the `number` segments before it hold most of some words."""
    text = "\n".join(context.texts_up_to(identity, number + 1))
    return len(words & content_words(text, context.language)) >= _count_shared(words)
