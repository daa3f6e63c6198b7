"""Chapters of books with human summaries, one per record, as in BookSum's cleaned set on the hub.

A chapter is a book of its own here, so that it makes an instance (paper); chapters of one title are in the
same split. The first summary is taken (paper); chapters without a summary or text are rejects. Deviation: in
the paper, chapters of one book may be in both splits.
"""

from pathlib import Path

from pipeline.core.ids import short_id
from pipeline.core.params.formats import ChaptersFormat
from pipeline.core.schema import Question, Span
from pipeline.sources.io import (
    RawRecord,
    json_pointer,
    make_record_reject,
    read_data_file,
    rename_keys,
    strip_with_span,
    validate_records,
)
from pipeline.sources.parsed import Book, ParsedSource, make_source_question
from pipeline.sources.shards import RawShard, iter_files


class Summary(RawRecord):
    """A summary; its other keys are not used."""

    text: str | None = None


class Chapter(RawRecord):
    """A record of a file, by the fields' own names."""

    title: str
    chapter: str
    text: str | None = None
    summary: list[Summary] | None = None


class Chapters:
    """Reader of chapters."""

    def __init__(self, columns: ChaptersFormat) -> None:
        """`columns`: the names of the columns."""
        self._columns = columns
        self._model = rename_keys(Chapter, columns.model_dump(exclude={"name"}))

    def parse(self, shards: list[RawShard], source: str) -> ParsedSource:
        """Parse each chapter as a book. Raises MemcurateError when a file is empty, or not of its suffix."""
        parsed = ParsedSource()
        seen: set[str] = set()
        for path, file in iter_files(shards):
            self._parse_file(path, file, source, parsed, seen)
        return parsed

    def _parse_file(self, path: Path, file: str, source: str, parsed: ParsedSource, seen: set[str]) -> None:
        """Parse a file. `seen`: the names of the chapters of all files."""
        columns = self._columns
        records = validate_records(self._model, read_data_file(path), file, source, parsed.rejects)
        for key, chapter in records:
            name = f"{chapter.title}/{chapter.chapter}"
            summaries = [summary.text or "" for summary in chapter.summary or []]
            index = next((index for index, summary in enumerate(summaries) if summary.strip()), None)
            text = chapter.text or ""
            reason = None
            if not text.strip():
                reason = "chapter without text"
            elif index is None:
                reason = "chapter without summary"
            elif name in seen:
                reason = "repeated chapter"
            if reason is not None or index is None:
                span = Span(file, json_pointer(key), 0, 0)
                parsed.rejects.append(make_record_reject(source, reason or "", name, span))
                continue
            seen.add(name)
            pointer = json_pointer(key, columns.summary, index, "text")
            question = _make_question(source, name, summaries[index], file, pointer)
            chapters = [(len(text) - len(text.lstrip()), len(text.rstrip()), chapter.chapter)]
            record = json_pointer(key, columns.text)
            parsed.books.append(Book(name, file, text, chapters, record, chapter.title, [question]))


def _make_question(source: str, name: str, summary: str, file: str, pointer: str) -> Question:
    """Make the summary question of a chapter."""
    inner, span = strip_with_span(summary, file, pointer)
    return make_source_question(
        short_id(source, name, inner), "", [], span, metric="keywords", origin="summary", summary=inner
    )
