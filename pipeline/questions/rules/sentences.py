"""Extract the sentences of a chunk that a question can be made of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.core.schema import Chunk, SegmentSpan, segment_text
from pipeline.text.keywords import Keyword, TaggedSentence
from pipeline.text.segment_names import is_markdown_file
from pipeline.text.sentences import SentenceSplitter

_MIN_CHARS = 30  # of a usable sentence
_MAX_CHARS = 280
_VERSE_NUMBER = re.compile(r"(?<!\d)\d++:\d++\s+")  # the number of a Bible verse
_LINE = re.compile(r"[^\n]+")
_MARKDOWN_HEADING = re.compile(r"\A#{1,6}[ \t][^\n]*(?:\n\s*|\Z)")
_BLANK_LINE = re.compile(r"\n\s*\n")
# Questions, mark-up, addresses, verses run together. To search for one character, and look around from there,
# is quicker than to search for several strings.
_UNUSABLE = re.compile(r"[?{}\[\]|_:](?:(?<![_:])|(?<=__)|(?<=http:)|(?<=https:)|(?<=\d:)(?=\d\d\d? [A-Z]))")


_FIRST_MARKS = frozenset("-*+>")
_ITEM = re.compile(r"(?:[-*+>]\s+)+")  # of a list, or a quotation, in Markdown
# Before a number they do not end a sentence; punkt knows them as words. Not `no` and `art`, which are words.
_BEFORE_NUMBER = re.compile(
    r"\b(?:cap|approx|ca|circa|est|max|min|temp|tel|ext|qty|incl|avg|nr|pp|vol|fig|dept|diam|dia|ht|wt)\.\Z",
    re.IGNORECASE,
)
_MAX_ABBREVIATION = 8  # characters, with its full stop and one before
_ITEM_NUMBER = re.compile(r"\d{1,3}[.)]\s+")


Register = Literal["narrative", "conversation", "user", "assistant"]
_REGISTERS: dict[str, Register] = {"User": "user", "Assistant": "assistant"}  # by the first word of a speaker


def find_register(segment: SegmentSpan) -> Register:
    """Return who speaks in a segment, as in `Sentence.register`."""
    if not segment.speaker:
        return "narrative"
    return _REGISTERS.get(segment.speaker.partition(" ")[0], "conversation")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a segment: its text with single spaces, and its span in the segment."""

    segment: SegmentSpan
    start: int
    end: int
    text: str

    @property
    def is_spoken(self) -> bool:
        """Whether a speaker said it in a conversation; else it is of a narrative, such as a book."""
        return bool(self.segment.speaker)

    @property
    def register(self) -> Register:
        """Who speaks: a narrator, a person among others, or the user or assistant of an assistant's chat."""
        return find_register(self.segment)


@dataclass(frozen=True, slots=True)
class AnalyzedSentence:
    """A sentence with its tagged words and keywords."""

    sentence: Sentence
    words: TaggedSentence
    keywords: list[Keyword]


def _strip_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of a sentence without the mark of a list's item, and without halves of emphasis."""
    if text[start] in _FIRST_MARKS:
        item = _ITEM.match(text, start, end)
        start = item.end() if item else start
    if text[start : start + 1] != "*" and text[end - 1] != "*":
        return start, end
    if text.count("**", start, end) % 2:
        if text.startswith("**", start, end):
            start += 2
        elif text.endswith("**", start, end):
            end -= 2
        while start < end and text[start].isspace():
            start += 1
    return start, end


def has_unusable_marks(sentence: str) -> bool:
    """Return whether a sentence has marks of a question, of mark-up or of an address."""
    return _UNUSABLE.search(sentence) is not None


def _join_at_abbreviations(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans of sentences, as one where a number follows an abbreviation such as `cap. 90`."""
    joined = spans[:1]
    for start, end in spans[1:]:
        last_start, last_end = joined[-1]
        is_number = text[start].isdecimal() and text[last_end - 1] == "."
        if is_number and _BEFORE_NUMBER.search(text, max(last_start, last_end - _MAX_ABBREVIATION), last_end):
            joined[-1] = (last_start, end)
        else:
            joined.append((start, end))
    return joined


def find_sentences(
    chunk: Chunk, splitter: SentenceSplitter, min_chars: int = _MIN_CHARS
) -> Iterator[tuple[tuple[SegmentSpan, int, int, str], list[str]]]:
    """Iterate over the whole sentences of a chunk of `min_chars` to 280 characters that are not questions.

    In a conversation a sentence also ends at a line end. In a book line ends mean nothing, but a segment with
    an empty line in it begins with a heading, and is skipped; but for headings of Markdown, which are known.

    Yields (the fields of a `Sentence`, its words): most sentences are not chosen, and need no object.
    """
    for segment in chunk.segments:
        if segment.end - segment.start < min_chars:
            continue
        text = segment_text(chunk, segment)
        if not segment.speaker:
            heading = _MARKDOWN_HEADING.match(text)
            begin = heading.end() if heading else 0
            if "?" in text or _BLANK_LINE.search(text, begin):
                continue
            spans = [(begin, len(text))]
        else:
            spans = [
                (line.start() + start, line.start() + end)
                for line in _LINE.finditer(text)
                if line.end() - line.start() >= min_chars
                for start, end in _join_at_abbreviations(line.group(), splitter.spans(line.group()))
            ]
        may_be_markdown = bool(segment.speaker) or is_markdown_file(segment.document)
        for start, end in spans:
            if end - start < min_chars:
                continue
            verse = text[start].isdecimal() and _VERSE_NUMBER.match(text, start, end)
            begin = verse.end() if verse else start
            if may_be_markdown and not segment.speaker and (number := _ITEM_NUMBER.match(text, begin, end)):
                begin = number.end()
            if may_be_markdown:
                begin, end = _strip_marks(text, begin, end)
            words = text[begin:end].split()
            clean = " ".join(words)
            if (
                min_chars <= len(clean) <= _MAX_CHARS
                and not has_unusable_marks(clean)
                and not clean.isupper()
            ):
                yield (segment, begin, end, clean), words
