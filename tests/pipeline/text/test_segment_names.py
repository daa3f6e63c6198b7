"""Names of documents and sections, as a person would write them."""

import pytest

from pipeline.core.schema import Segment, Span
from pipeline.text.segment_names import document_and_section, make_title


@pytest.mark.parametrize(
    ("document", "section", "name"),
    [
        ("Normans", None, "Normans"),
        ("Normans", "normans", "Normans"),
        ("Emma", "Chapter 3", "Emma, Chapter 3"),
        ("trip.md", "Trip to Lyon", "Trip to Lyon"),
        ("notes/2024/my_trip.md", None, "my trip"),
        ("trip.md", "Trip", "Trip"),
        ("notes.jsonl/3", "Trip to Lyon", "Trip to Lyon"),
        ("notes.jsonl/3", None, "notes 3"),
        ("Version 1.2", "Chapter 3", "Version 1.2, Chapter 3"),
    ],
)
def test_the_name_of_a_segment(document: str, section: str | None, name: str) -> None:
    """A file is no title where the section has one."""
    segment = Segment("made/a", Span("f", "", 0, 1), document, section, None, None, None, "a")
    assert document_and_section(segment) == name


@pytest.mark.parametrize(
    ("file", "title"),
    [
        ("a.txt", "a"),
        ("long-walk_home.MD", "long walk home"),
        ("2024-05-06.md", "2024-05-06"),
        ("a/b.c.html", "b.c"),
        ("x/notes.csv/12", "notes 12"),
        ("x/notes.json/data/12", "notes data 12"),
        (".md", ".md"),
    ],
)
def test_the_title_of_a_file(file: str, title: str) -> None:
    assert make_title(file) == title
