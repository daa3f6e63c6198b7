"""BookSum: chapters of public-domain books with human summaries, as the hub's cleaned set has them (JSONL).

A chapter is a book of its own here, so that it makes an instance (paper); those of one title stand on one
side. The first summary is taken (paper); chapters without one, or without text, are rejects. Deviation: the
paper lets chapters of one book stand on both sides.
"""

from pathlib import Path

from pipeline.documents import Book, Parsed
from pipeline.ids import short_id
from pipeline.schema import Question, Span
from pipeline.sources.reading import (
    RawRecord,
    pointer,
    raw_file,
    read_value,
    records,
    rejected_record,
    stripped,
)


class Summary(RawRecord):
    """A summary; what else it has is not used."""

    text: str | None = None


class Chapter(RawRecord):
    """A line of the file."""

    book_title: str
    chapter_id: str
    text: str | None = None
    summary: list[Summary] | None = None


def parse(raw: Path, source: str) -> Parsed:
    """One book a chapter. Raises MemcurateError when the file is missing or empty."""
    path = raw_file(raw, "train.jsonl")
    parsed = Parsed()
    seen: set[str] = set()
    for key, chapter in records(Chapter, read_value(path), path.name, source, parsed.rejects):
        name = f"{chapter.book_title}/{chapter.chapter_id}"
        place = next((n for n, one in enumerate(chapter.summary or []) if (one.text or "").strip()), None)
        text = chapter.text or ""
        reason = None
        if not text.strip():
            reason = "chapter without text"
        elif place is None:
            reason = "chapter without summary"
        elif name in seen:
            reason = "repeated chapter"
        if reason is not None or place is None:
            span = Span(path.name, pointer(key), 0, 0)
            parsed.rejects.append(rejected_record(source, reason or "", name, span))
            continue
        seen.add(name)
        told, span = stripped(
            (chapter.summary or [])[place].text or "", path.name, pointer(key, "summary", place, "text")
        )
        question = Question(
            id=short_id(source, name, told),
            text="",
            answers=[],
            metric="keywords",
            origin="summary",
            kind=None,
            time=None,
            evidence=[],
            evidence_chunks=[],
            raw=span,
            summary=told,
        )
        start, end = len(text) - len(text.lstrip()), len(text.rstrip())
        chapters = [(start, end, chapter.chapter_id)]
        record = pointer(key, "text")
        parsed.books.append(Book(name, path.name, text, chapters, record, chapter.book_title, [question]))
    return parsed
