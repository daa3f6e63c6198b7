"""Extract the sentences of a chunk in another language than English that a question can be made of."""

import re
from collections.abc import Iterator

from pipeline.core.schema import Chunk, SegmentSpan, segment_text
from pipeline.questions.rules.sentences import Sentence, has_unusable_marks
from pipeline.text.languages.language import Language, SpacedLanguage
from pipeline.text.normalize import fold_case, words
from pipeline.text.sentences import SentenceSplitter
from pipeline.text.stop_words import stop_words

_LINE = re.compile(r"[^\n]+")
_BLANK_LINE = re.compile(r"\n\s*\n")
_QUESTION_MARKS = frozenset("？¿؟")
_STOPS = frozenset(".!…。！｡")
_CLOSING = "\"'”’»“)]）」』》"
_PAIRS = tuple(zip("(（「《«", ")）」》»", strict=True))
_UNFINISHED = re.compile(r"(?:(?<![^\W\d_])[^\W\d_]+|(?<!\d)\d+)\.$")


def extract_language_sentences(
    chunk: Chunk, splitter: SentenceSplitter, language: Language
) -> Iterator[Sentence]:
    """Iterate over the whole sentences of a chunk that have enough characters and are not questions.

    In a conversation a sentence also ends at a line end. The splitter takes some abbreviations for ends:
    in a conversation the parts are joined, in a narrative, where they are segments, both are skipped.
    """
    for segment in chunk.segments:
        text = segment_text(chunk, segment)
        for start, end in _iter_spans(chunk, segment, text, splitter, language):
            clean = " ".join(text[start:end].replace("\ufeff", "").split())
            if _is_usable(clean, language, is_spoken=bool(segment.speaker)):
                yield Sentence(segment, start, end, clean)


def _iter_spans(
    chunk: Chunk, segment: SegmentSpan, text: str, splitter: SentenceSplitter, language: Language
) -> Iterator[tuple[int, int]]:
    if segment.speaker:
        for line in _LINE.finditer(text):
            start: int | None = None
            for first, last in splitter.spans(line.group()):
                start = line.start() + first if start is None else start
                end = line.start() + last
                if not _is_unfinished(text[start:end], language):
                    yield start, end
                    start = None
            if start is not None:
                yield start, line.end()
    elif not (_BLANK_LINE.search(text) or _is_unfinished(text, language)):
        before = chunk.text[max(0, segment.start - 40) : segment.start]
        is_new_line = "\n" in before[len(before.rstrip()) :]
        if is_new_line or not _is_unfinished(before, language):
            yield 0, len(text)


def _is_unfinished(text: str, language: Language) -> bool:
    """Return whether a text ends with an abbreviation or a numeral, whose full stop ends no sentence."""
    if not isinstance(language, SpacedLanguage):
        return False
    found = _UNFINISHED.search(text.rstrip()[-40:])
    if found is None:
        return False
    word = found[0][:-1]
    if word.isdigit():
        return language.has_ordinal_stops and len(word) <= 2
    return len(word) == 1 or fold_case(word) in language.abbreviations


def _is_usable(clean: str, language: Language, is_spoken: bool) -> bool:
    """Return whether a sentence can be asked about: whole, no question, no mark-up."""
    if len(clean) not in language.allowed_chars or has_unusable_marks(clean) or clean.isupper():
        return False
    if not _QUESTION_MARKS.isdisjoint(clean) or not _is_balanced(clean):
        return False
    if not _is_in_language(clean, language):
        return False
    if is_spoken:
        return clean[-1] not in ":,，、：;；"
    first = next(filter(str.isalnum, clean), "")
    begins = first.isupper() or first.isdigit() or not isinstance(language, SpacedLanguage)
    is_bracketed = clean[0] in "(（" and clean.rstrip(".。")[-1:] not in ")）"  # the rest of another sentence
    return begins and not is_bracketed and clean.rstrip(_CLOSING)[-1:] in _STOPS


def _is_in_language(text: str, language: Language) -> bool:
    """Return whether a sentence of a source in several languages has no more words of English alone."""
    if not isinstance(language, SpacedLanguage):
        return True
    found = words(text)
    own, english = language.stop_words, stop_words("en")
    num_english = sum(word in english and word not in own for word in found)
    return num_english == 0 or num_english < sum(word in own and word not in english for word in found)


def _is_balanced(text: str) -> bool:
    """Return whether quotation marks and brackets are closed: else the sentence is a part of another."""
    if text.count('"') % 2 or any(text.count(opening) != text.count(closing) for opening, closing in _PAIRS):
        return False
    # German closes with the mark that other languages open with.
    low, high, closing = (text.count(mark) for mark in ("„", "“", "”"))
    return low == high + closing if low else high == closing
