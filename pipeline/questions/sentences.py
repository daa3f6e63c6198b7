"""The sentences of a chunk that can be asked about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.schema import Chunk, PlacedSegment
from pipeline.text.keywords import Keyword, Words
from pipeline.text.sentences import SentenceSplitter

_LENGTH = range(30, 281)  # characters of a sentence that says enough and not too much
_VERSE = re.compile(r"(?<!\d)\d++:\d++\s+")  # the number of a Bible verse
_PIECE = re.compile(r"[^\n]+")
_PARAGRAPH = re.compile(r"\n\s*\n")
_UNFIT = re.compile(r"[?{}\[\]|]|__|https?:|\d:\d\d\d? [A-Z]")  # questions, mark-up, verses run together


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a segment: its text with single spaces, and where it stands in the segment."""

    segment: PlacedSegment
    start: int
    end: int
    text: str

    @property
    def said(self) -> bool:
        """Said by somebody in a conversation, who speaks of himself; else read in a book."""
        return bool(self.segment.speaker)


@dataclass(frozen=True, slots=True)
class Read:
    """A sentence that was looked at word by word."""

    sentence: Sentence
    words: Words
    keywords: list[Keyword]


def sentences(chunk: Chunk, splitter: SentenceSplitter) -> Iterator[Sentence]:
    """The sentences of a chunk's segments that are whole, of a fit length, and no questions.

    What a person says breaks at line ends too; in a book a line end means nothing, but a segment with an
    empty line in it begins with a heading.
    """
    for segment in chunk.segments:
        text = chunk.text[segment.start : segment.end]
        if not segment.speaker:
            spans = [] if _PARAGRAPH.search(text) else [(0, len(text))]
        else:
            spans = [
                (piece.start() + start, piece.start() + end)
                for piece in _PIECE.finditer(text)
                for start, end in splitter.spans(piece.group())
            ]
        for start, end in spans:
            verse = _VERSE.match(text, start, end)
            begin = verse.end() if verse else start
            clean = " ".join(text[begin:end].split())
            if len(clean) in _LENGTH and not _UNFIT.search(clean) and not clean.isupper():
                yield Sentence(segment, begin, end, clean)
