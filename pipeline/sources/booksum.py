"""BookSum: chapters of public-domain books with human summaries, from the hub's cleaned set (JSONL).

A chapter is a book of its own here, so that it makes an instance (paper); chapters of one title are in the
same split. The first summary is taken (paper); chapters without a summary or text are rejects. Deviation: in
the paper, chapters of one book may be in both splits.
"""

from pathlib import Path

from pipeline.core.ids import short_id
from pipeline.core.schema import Span
from pipeline.sources.io import (
    RawRecord,
    find_raw_file,
    json_pointer,
    make_record_reject,
    read_data_file,
    strip_with_span,
    validate_records,
)
from pipeline.sources.parsed import Book, ParsedSource, make_source_question


class Summary(RawRecord):
    """A summary; its other keys are not used."""

    text: str | None = None


class Chapter(RawRecord):
    """A line of the file."""

    book_title: str
    chapter_id: str
    text: str | None = None
    summary: list[Summary] | None = None


def parse(raw_dir: Path, source: str) -> ParsedSource:
    """Parse each chapter as a book. Raises MemcurateError when the file is missing or empty."""
    path = find_raw_file(raw_dir, "train.jsonl")
    parsed = ParsedSource()
    seen: set[str] = set()
    for key, chapter in validate_records(Chapter, read_data_file(path), path.name, source, parsed.rejects):
        name = f"{chapter.book_title}/{chapter.chapter_id}"
        summaries = [summary.text or "" for summary in chapter.summary or []]
        summary_index = next((index for index, summary in enumerate(summaries) if summary.strip()), None)
        text = chapter.text or ""
        reason = None
        if not text.strip():
            reason = "chapter without text"
        elif summary_index is None:
            reason = "chapter without summary"
        elif name in seen:
            reason = "repeated chapter"
        if reason is not None or summary_index is None:
            span = Span(path.name, json_pointer(key), 0, 0)
            parsed.rejects.append(make_record_reject(source, reason or "", name, span))
            continue
        seen.add(name)
        summary, span = strip_with_span(
            summaries[summary_index], path.name, json_pointer(key, "summary", summary_index, "text")
        )
        question = make_source_question(
            short_id(source, name, summary),
            "",
            [],
            span,
            metric="keywords",
            origin="summary",
            summary=summary,
        )
        start, end = len(text) - len(text.lstrip()), len(text.rstrip())
        chapters = [(start, end, chapter.chapter_id)]
        record = json_pointer(key, "text")
        parsed.books.append(Book(name, path.name, text, chapters, record, chapter.book_title, [question]))
    return parsed
