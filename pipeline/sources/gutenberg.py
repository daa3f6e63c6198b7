"""18 books of Project Gutenberg, as NLTK distributes them: plain text, one file a book.

Chapters begin at the headings listed here, which are the books' own; a book without usable headings is
cut by length, that is at paragraphs. What stands before the first heading is a chapter of its own.
"""

import re
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path

from pipeline.documents import Book, Parsed
from pipeline.errors import MemcurateError
from pipeline.schema import Span
from pipeline.sources.reading import raw_files, read_text, rejected_record

_CHAPTER = r"^[ \t]*(?P<chapter>CHAPTER [IVXL]+\b.*)$"
_NUMBERED = r"^(?P<chapter>[IVX]+\. [A-Z].*)$"
_TITLE = r"(?P<chapter>(?=.*[A-Z]{3})[A-Z][A-Z ,.'!?;\"-]{3,})$"

# By file name. `chapter` names the chapter; `part`, where it is found, those that follow too.
HEADINGS: dict[str, str] = {
    "austen-emma": r"(?:^(?P<part>VOLUME [IVX]+)\s+)?^(?P<chapter>CHAPTER [IVXL]+)$",
    "austen-persuasion": r"^(?P<chapter>Chapter \d+)$",
    "austen-sense": r"^(?P<chapter>CHAPTER \d+)$",
    "bible-kjv": r"(?:^(?P<part>[^\d\n].*)\n\n\n)?(?<!\d)(?P<chapter>\d+):1(?!\d)",
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

_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_LINE_ENDS = ("\r\n", *"\r\v\f\x85\u2028\u2029")  # other than LF
_LICENCE = re.compile(r"End (?<![^\n\r\v\f\x85\u2028\u2029]End )of (?:the )?Project Gutenberg")
_END_OF_FILE = "\x1a"  # a control character that old tools left at the end of a file


def parse(raw: Path, source: str) -> Parsed:
    """The books, by name. A file among others that is not text is a reject.

    Raises MemcurateError when there is no file, or none is text.
    """
    parsed = Parsed()
    files = raw_files(raw, "*.txt")
    unreadable: list[MemcurateError] = []
    for path in files:
        try:
            text = read_text(path, ("utf-8", "latin-1"))
        except MemcurateError as error:
            unreadable.append(error)
            span = Span(path.name, "", 0, 0)
            parsed.rejects.append(rejected_record(source, "unreadable book", str(error), span))
            continue
        licence = _LICENCE.search(text)
        if licence:
            span = Span(path.name, "", licence.start(), len(text))
            parsed.rejects.append(
                rejected_record(source, "licence text", "what follows the book in the file", span)
            )
        end = licence.start() if licence else len(text.rstrip().rstrip(_END_OF_FILE))
        found = chapters(text, end, HEADINGS.get(path.stem))
        if found:
            parsed.books.append(Book(path.stem, path.name, text, found))
        else:
            span = Span(path.name, "", 0, len(text))
            parsed.rejects.append(rejected_record(source, "book without text", "", span))
    if len(unreadable) == len(files):
        raise unreadable[0]
    return parsed


def _with_newlines(text: str) -> tuple[str, Callable[[int], int]]:
    """(the text with every line end as LF, where in the text itself a place in that stands)."""
    shortened = [found.start() - n for n, found in enumerate(re.finditer("\r\n", text))]
    for end in _LINE_ENDS:
        text = text.replace(end, "\n")
    return text, lambda place: place + bisect_left(shortened, place)


def chapters(text: str, end: int, heading: str | None) -> list[tuple[int, int, str]]:
    """(start, end, name) of the chapters up to `end`, or of the paragraphs where there is no heading."""
    lines, places = _with_newlines(text[:end])
    if heading is None:
        starts = [0, *(places(match.end()) for match in _PARAGRAPH.finditer(lines))]
        names = [""] * len(starts)
    else:
        starts, names = [0], [""]
        part = ""
        for match in re.finditer(heading, lines, re.MULTILINE):
            found = {
                name: " ".join((value or "").strip("[]").split()) for name, value in match.groupdict().items()
            }
            part = found.get("part") or part
            starts.append(places(match.start()))
            names.append(", ".join(filter(None, (part, found["chapter"]))))
    ends = [*starts[1:], end]
    return [
        (last - len(text[first:last].lstrip()), last, name)
        for first, last, name in zip(starts, ends, names, strict=True)
        if text[first:last].strip()
    ]
