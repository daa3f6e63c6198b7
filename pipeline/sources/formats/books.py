"""Books of Project Gutenberg, in one plain-text file per book.

Chapters begin at the headings listed here, which are the books' own, of the 18 that NLTK distributes; a book
without usable headings is split at paragraphs. The text before the first heading is a chapter of its own.
"""

import re
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Reject, Span
from pipeline.sources.io import make_record_reject, read_text
from pipeline.sources.parsed import Book

_CHAPTER = r"^[ \t]*(?P<chapter>CHAPTER [IVXL]+\b.*)$"
_NUMBERED = r"^(?P<chapter>[IVX]+\. [A-Z].*)$"
_TITLE = r"(?P<chapter>(?=.*[A-Z]{3})[A-Z][A-Z ,.'!?;\"-]{3,})$"

# By file name. Group `chapter` names a chapter; group `part` names a part of the book, for all its chapters.
# All begin with the start of a line or a digit: with an optional group, the search takes five times as long.
HEADINGS: dict[str, str] = {
    "austen-emma": r"^(?P<chapter>CHAPTER [IVXL]+)$",
    "austen-persuasion": r"^(?P<chapter>Chapter \d+)$",
    "austen-sense": r"^(?P<chapter>CHAPTER \d+)$",
    "bible-kjv": r"(?P<chapter>\d(?<!\d\d)\d*):1(?!\d)",
    "blake-poems": r"^[ \t]*+" + _TITLE,
    "bryant-stories": "^" + _TITLE,
    "burgess-busterbrown": r"^(?P<chapter>[IVXL]+)$",
    "carroll-alice": _CHAPTER,
    "chesterton-ball": _NUMBERED,
    "chesterton-brown": _NUMBERED,
    "chesterton-thursday": _CHAPTER,
    "edgeworth-parents": (
        r"^(?:(?P<chapter>CHAPTER [IVXL]+\.?|SCENE [IVXL]+\.?)|(?!WOMEN)(?P<part>[A-Z][A-Z ,.'-]{4,}))$"
    ),
    "melville-moby_dick": r"^(?P<chapter>CHAPTER \d+.*|Epilogue|ETYMOLOGY\.|EXTRACTS\..*)$",
    "milton-paradise": r"^(?P<chapter>Book [IVXL]+)[ \t]*$",
    "shakespeare-caesar": r"^(?P<chapter>Actus .*)$",
    "shakespeare-macbeth": r"^(?P<chapter>(?:Actus|Scena|Scoena) .*)$",
    "whitman-leaves": r"^(?:\[(?P<part>BOOK.*)|\}(?:\[[IVX]+\])?[ \t]+(?P<chapter>.*))$",
}

# A part's heading, where it stands right above that of its first chapter.
PART_ABOVE = {
    "austen-emma": re.compile(r"^(?P<part>VOLUME [IVX]+)\s+\Z", re.MULTILINE),
    "bible-kjv": re.compile(r"^(?P<part>[^\d\n].*)\n\n\n\Z", re.MULTILINE),
}
_MAX_PART_CHARS = 200  # of such a heading with the empty lines below it

_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_LINE_ENDS = ("\r\n", *"\r\v\f\x85\u2028\u2029")  # other than LF
_LICENSE = re.compile(r"End (?<![^\n\r\v\f\x85\u2028\u2029]End )of (?:the )?Project Gutenberg")
_END_OF_FILE = "\x1a"  # a control character that old tools left at the end of a file


def read_book(path: Path, file: str, source: str, rejects: list[Reject]) -> Book | None:
    """Read the book of a text file; None where it holds none, which is a reject, as is Gutenberg's license.

    `file`: its path below the raw folder, which names the book.
    """
    try:
        text = read_text(path, ("utf-8", "latin-1"))
    except MemcurateError as error:
        rejects.append(make_record_reject(source, "unreadable book", str(error), Span(file, "", 0, 0)))
        return None
    license_match = _LICENSE.search(text)
    if license_match:
        span = Span(file, "", license_match.start(), len(text))
        rejects.append(make_record_reject(source, "licence text", "what follows the book in the file", span))
    end = license_match.start() if license_match else len(text.rstrip().rstrip(_END_OF_FILE))
    chapters = find_chapters(text, end, HEADINGS.get(path.stem), PART_ABOVE.get(path.stem))
    if not chapters:
        rejects.append(make_record_reject(source, "book without text", "", Span(file, "", 0, len(text))))
        return None
    return Book(file.removesuffix(".txt"), file, text, chapters)


def _normalize_newlines(text: str) -> tuple[str, Callable[[int], int]]:
    """Return (the text with LF line ends, a function that maps an index of it to one of `text`)."""
    shortened = [match.start() - n for n, match in enumerate(re.finditer("\r\n", text))]
    for end in _LINE_ENDS:
        text = text.replace(end, "\n")
    return text, lambda index: index + bisect_left(shortened, index)


def find_chapters(
    text: str, end: int, heading: str | None, part_above: re.Pattern[str] | None = None
) -> list[tuple[int, int, str]]:
    """Return (start, end, name) of the chapters up to `end`.

    `heading` is a pattern of HEADINGS; None: paragraphs are the chapters, without names. `part_above` finds a
    part's heading that ends where a chapter's begins.
    """
    lines, to_original = _normalize_newlines(text[:end])
    if heading is None:
        starts = [0, *(to_original(match.end()) for match in _PARAGRAPH.finditer(lines))]
        names = [""] * len(starts)
    else:
        starts, names = [0], [""]
        part = ""
        for match in re.finditer(heading, lines, re.MULTILINE):
            groups = {
                name: " ".join((value or "").strip("[]").split()) for name, value in match.groupdict().items()
            }
            start = match.start()
            above = part_above.search(lines, max(0, start - _MAX_PART_CHARS), start) if part_above else None
            if above:
                groups["part"], start = " ".join(above["part"].split()), above.start()
            part = groups.get("part") or part
            starts.append(to_original(start))
            names.append(", ".join(filter(None, (part, groups["chapter"]))))
    ends = [*starts[1:], end]
    return [
        (last - len(text[first:last].lstrip()), last, name)
        for first, last, name in zip(starts, ends, names, strict=True)
        if text[first:last].strip()
    ]
