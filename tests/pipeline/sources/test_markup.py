"""HTML pages and EPUB books are read as Markdown, the same at every reading."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.schema import Reject, Span
from pipeline.sources import SourceReader
from pipeline.sources.io import read_span, read_text
from pipeline.sources.parsed import Book
from tests.pipeline.sources.reading import make_format

PAGE = """<!DOCTYPE html><html><head><title>The page</title><style>p {color: red}</style></head>
<body><nav><a href="/">Home</a></nav><main><h2>Owls &amp; wrens</h2>
<p>The owl <b>sleeps</b> in a <a href="x.html">barn</a>; it weighs 2 * 300 g.</p>
<ul><li>one_mouse</li><li>two mice</li></ul><img src="owl.png" alt="an owl"></main>
<script>alert("x")</script><footer>All rights reserved</footer></body></html>"""
MARKDOWN = """# The page

## Owls & wrens

The owl **sleeps** in a barn; it weighs 2 * 300 g.

- one_mouse
- two mice
"""
CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/content.opf"/></rootfiles></container>"""
PIECES = [*PAGE.split("\n"), "<p>", "<table><tr><td>", "</ul>", "<!--", "&#0;", "\0"]
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf"><manifest>
<item id="b" href="text/two%20b.xhtml"/><item id="toc" href="nav.xhtml" properties="nav"/>
<item id="a" href="one.xhtml"/></manifest>
<spine><itemref idref="toc"/><itemref idref="a"/><itemref idref="b"/></spine></package>"""


def write_epub(path: Path, **others: str) -> Path:
    members = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/content.opf": PACKAGE,
        "OEBPS/nav.xhtml": "<html><body>Contents</body></html>",
        "OEBPS/one.xhtml": "<html><body><h1>First</h1><p>The owl sleeps.</p></body></html>",
        "OEBPS/text/two b.xhtml": "<html><body><h1>Second</h1><p>The wren sings.</p></body></html>",
        **others,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def read_texts(folder: Path) -> tuple[list[Book], list[Reject]]:
    reader = SourceReader("made", make_format("text"))
    parsed = reader.parse(folder)
    return parsed.books, parsed.rejects


def test_a_page_is_its_main_part_in_markdown(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    assert read_text(tmp_path / "page.html") == MARKDOWN
    (book,), rejects = read_texts(tmp_path)
    assert not rejects
    assert [title for _, _, title in book.chapters] == ["The page", "The page, Owls & wrens"]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (b"<p>Plain.", "Plain.\n"),
        ("\ufeff<p>Größe".encode(), "Größe\n"),
        ('<meta charset="windows-1252"><p>“Größe”'.encode("cp1252"), "“Größe”\n"),
        ("<p>Größe".encode("latin-1"), "Größe\n"),
        ('<meta charset="no-such"><p>Größe'.encode("latin-1"), "Größe\n"),
        (b"<article><p>One</p></article><article><p>Two</p></article>", "One\n\nTwo\n"),
        (b"<body><main>A</main><main>B</main></body>", "AB\n"),
    ],
)
def test_pages_of_all_encodings_and_parts(page: bytes, text: str, tmp_path: Path) -> None:
    (tmp_path / "page.htm").write_bytes(page)
    assert read_text(tmp_path / "page.htm") == text


def test_a_book_is_its_pages_in_reading_order(tmp_path: Path) -> None:
    write_epub(tmp_path / "book.epub")
    (book,), rejects = read_texts(tmp_path)
    assert not rejects and [title for _, _, title in book.chapters] == ["book, First", "book, Second"]
    assert book.text == "# First\n\nThe owl sleeps.\n\n\n# Second\n\nThe wren sings.\n"
    assert "Contents" not in book.text


@pytest.mark.parametrize(
    "others",
    [
        {"META-INF/container.xml": "<container/>"},
        {"META-INF/container.xml": "not XML"},
        {"OEBPS/content.opf": PACKAGE.replace('href="one.xhtml"', 'href="missing.xhtml"')},
        {"OEBPS/content.opf": PACKAGE.replace('id="a"', 'id="other"')},
    ],
)
def test_a_damaged_book_is_a_reject_and_the_others_are_read(others: dict[str, str], tmp_path: Path) -> None:
    write_epub(tmp_path / "damaged.epub", **others)
    (tmp_path / "cut.epub").write_bytes(write_epub(tmp_path / "whole.epub").read_bytes()[:400])
    books, rejects = read_texts(tmp_path)
    assert [book.name for book in books] == ["whole.epub"]
    assert {reject.reason for reject in rejects} == {"unreadable file"} and len(rejects) == 2
    assert all("cannot be read as an EPUB book" in reject.detail for reject in rejects)


def test_a_book_that_unpacks_to_too_much_is_a_reject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sources.markup._MAX_BYTES", 1000)
    write_epub(tmp_path / "bomb.epub", **{"OEBPS/one.xhtml": "<p>" + 1_000_000 * "a"})
    books, (reject,) = read_texts(tmp_path)
    assert not books and "more than texts do" in reject.detail


@pytest.mark.parametrize("name", ["META-INF/container.xml", "OEBPS/content.opf"])
def test_a_book_whose_list_of_pages_is_too_large_is_a_reject(tmp_path: Path, name: str) -> None:
    write_epub(tmp_path / "bomb.epub", **{name: PACKAGE + " " * (1 << 24)})
    books, (reject,) = read_texts(tmp_path)
    assert not books and f"{name} unpacks to 16,777,494 bytes" in reject.detail


def test_entities_that_multiply_are_a_reject(tmp_path: Path) -> None:
    more = "".join(f"<!ENTITY a{number} '{f'&a{number - 1};' * 10}'>" for number in range(1, 9))
    package = f"<!DOCTYPE p [<!ENTITY a0 '{'x' * 100}'>{more}]><p>&a8;</p>"
    write_epub(tmp_path / "bomb.epub", **{"OEBPS/content.opf": package})
    books, (reject,) = read_texts(tmp_path)
    assert not books and "amplification" in reject.detail


def test_a_page_nested_too_deeply_is_a_reject(tmp_path: Path) -> None:
    (tmp_path / "deep.html").write_text(100_000 * "<div>" + "text")
    books, (reject,) = read_texts(tmp_path)
    assert not books and "nested too deeply" in reject.detail


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(st.sampled_from(PIECES)))
def test_every_part_of_a_page_can_be_read_again(
    lines: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "page.xhtml").write_text("\n".join(lines))
    books, _ = read_texts(folder)
    for book in books:
        for start, end, _ in book.chapters:
            assert read_span(folder, Span(book.file, book.record, start, end)) == book.text[start:end]
