"""Real books with line ends of other systems: the same chapters, at the same characters."""

from functools import cache
from pathlib import Path

import pytest

from pipeline.core.schema import Span
from pipeline.sources.io import read_text
from pipeline.sources.parsed import Book
from tests.pipeline.sources.factories import read_required_span
from tests.pipeline.sources.reading import parse

ENDS = {"CRLF": "\r\n", "CR": "\r", "NEL": "\x85", "line separator": "\u2028", "form feed": "\f"}


@cache
def parse_books(folder: Path) -> dict[str, Book]:
    return {book.name: book for book in parse("gutenberg", folder).books}


@pytest.mark.parametrize("name", ENDS)
def test_chapters_are_found_with_any_line_end(name: str, raw: Path, tmp_path: Path) -> None:
    end = ENDS[name]
    plain = parse_books(raw / "gutenberg")
    for path in (raw / "gutenberg").glob("*.txt"):
        text = read_text(path, ("utf-8", "latin-1"))
        (tmp_path / path.name).write_bytes(text.replace("\n", end).encode())
    books = parse_books(tmp_path)
    assert books.keys() == plain.keys() and len(books) == 18
    for book, expected in ((books[title], plain[title]) for title in plain):
        assert [heading for _, _, heading in book.chapters] == [
            heading for _, _, heading in expected.chapters
        ]
        for (start, stop, _), (first, last, _) in zip(book.chapters, expected.chapters, strict=True):
            assert book.text[start:stop].replace(end, "\n") == expected.text[first:last]
    start, stop, heading = books["austen-emma"].chapters[-1]
    chapter = read_required_span(tmp_path, Span("austen-emma.txt", "", start, stop))
    assert heading == "VOLUME III, CHAPTER XIX" and chapter == books["austen-emma"].text[start:stop]
    assert len(books["austen-emma"].chapters) == 56


def test_an_unreadable_book_is_a_reject_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"")
    (tmp_path / "b.txt").write_text("One tree fell. Two birds flew.")
    (tmp_path / "c.txt").write_bytes("One tree fell.".encode("utf-16"))
    parsed = parse("gutenberg", tmp_path)
    assert [book.name for book in parsed.books] == ["b"]
    assert [(reject.reason, reject.source_span and reject.source_span.file) for reject in parsed.rejects] == [
        ("unreadable book", "a.txt"),
        ("unreadable book", "c.txt"),
    ]
