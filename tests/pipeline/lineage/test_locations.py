"""Locations in raw files as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Span
from pipeline.lineage.locations import Location, format_span, parse_location


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dev.json", Location("dev.json", "")),
        ("a/b c.txt@12-30", Location("a/b c.txt", "", 12, 30)),
        ("a.txt@12", Location("a.txt", "", 12, 13)),
        ("dev.json#/data/0", Location("dev.json", "/data/0")),
        ("dev.json#/data/0/context@0-5", Location("dev.json", "/data/0/context", 0, 5)),
    ],
)
def test_a_location_is_parsed(text: str, expected: Location) -> None:
    assert parse_location(text) == expected


@pytest.mark.parametrize("text", ["", "#/data", "a.txt@", "a.txt@5-", "a.txt@x", "a.txt#data/0"])
def test_a_text_that_is_not_a_location_is_an_error(text: str) -> None:
    with pytest.raises(MemcurateError, match="is not a location in a raw file: write FILE"):
        parse_location(text)


NAMES = st.text(st.characters(exclude_characters="#@", exclude_categories=["Cs", "Cc"]), min_size=1)
RECORDS = st.just("") | st.builds("/{}".format, st.text(st.characters(exclude_characters="@", codec="ascii")))


@given(NAMES, RECORDS, st.integers(0, 99), st.integers(1, 99))
def test_a_formatted_span_is_parsed_back(file: str, record: str, start: int, length: int) -> None:
    span = Span(file, record, start, start + length)
    if "\n" not in record:
        assert parse_location(format_span(span)) == Location(file, record, start, start + length)
        assert parse_location(format_span(span)).contains(span)


@pytest.mark.parametrize(
    ("text", "span", "expected"),
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
def test_a_location_contains_its_spans(text: str, span: Span, expected: bool) -> None:
    assert parse_location(text).contains(span) == expected


@pytest.mark.parametrize("text", ["a.txt@" + "9" * 20_000, "a.txt@0-" + "9" * 20_000])
def test_numbers_of_more_than_15_digits_are_an_error(text: str) -> None:
    with pytest.raises(MemcurateError, match="is not a location in a raw file"):
        parse_location(text)
