"""Places in raw files as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import MemcurateError
from pipeline.lineage.places import Place, place, written
from pipeline.schema import Span


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dev.json", Place("dev.json", "")),
        ("a/b c.txt@12-30", Place("a/b c.txt", "", 12, 30)),
        ("a.txt@12", Place("a.txt", "", 12, 13)),
        ("dev.json#/data/0", Place("dev.json", "/data/0")),
        ("dev.json#/data/0/context@0-5", Place("dev.json", "/data/0/context", 0, 5)),
    ],
)
def test_what_is_written(text: str, expected: Place) -> None:
    assert place(text) == expected


@pytest.mark.parametrize("text", ["", "#/data", "a.txt@", "a.txt@5-", "a.txt@x", "a.txt#data/0"])
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(MemcurateError, match="is no place in a raw file: write FILE"):
        place(text)


NAMES = st.text(st.characters(exclude_characters="#@", exclude_categories=["Cs", "Cc"]), min_size=1)
RECORDS = st.just("") | st.builds("/{}".format, st.text(st.characters(exclude_characters="@", codec="ascii")))


@given(NAMES, RECORDS, st.integers(0, 99), st.integers(1, 99))
def test_a_span_is_read_as_it_is_written(file: str, record: str, start: int, length: int) -> None:
    span = Span(file, record, start, start + length)
    if "\n" not in record:
        assert place(written(span)) == Place(file, record, start, start + length)
        assert place(written(span)).holds(span)


@pytest.mark.parametrize(
    ("text", "span", "holds"),
    [
        ("a.json", Span("a.json", "/x/1", 3, 9), True),
        ("b.json", Span("a.json", "/x/1", 3, 9), False),
        ("a.json#/x", Span("a.json", "/x/1", 3, 9), True),
        ("a.json#/x/1", Span("a.json", "/x/10", 3, 9), False),
        ("a.json#/x/1@8-20", Span("a.json", "/x/1", 3, 9), True),
        ("a.json#/x/1@9-20", Span("a.json", "/x/1", 3, 9), False),
        ("a.txt@0-4", Span("a.txt", "", 3, 9), True),
        ("a.txt@0-3", Span("a.txt", "", 3, 9), False),
        ("a.json#/x", Span("a.json", "/x", 0, 0), True),
    ],
)
def test_what_stands_there(text: str, span: Span, holds: bool) -> None:
    assert place(text).holds(span) == holds


@pytest.mark.parametrize("text", ["a.txt@" + "9" * 20_000, "a.txt@0-" + "9" * 20_000])
def test_numbers_that_no_file_reaches(text: str) -> None:
    with pytest.raises(MemcurateError, match="is no place in a raw file"):
        place(text)
