"""Rows kept as columns are the rows, and are written as they are."""

from dataclasses import fields
from typing import Any

import pytest

from pipeline.core.columns import ColumnRows, column, to_record_batch
from pipeline.core.schema import Chunk, SegmentSpan, Span, arrow_schema


def make_segments(count: int, first: int = 0) -> list[SegmentSpan]:
    return [
        SegmentSpan(
            f"s{n}", Span("f", "", n, n + 5), "d", None, None, None, "label" if n % 2 else None, n, n + 5
        )
        for n in range(first, first + count)
    ]


def to_columns(rows: list[Any], row_type: type) -> ColumnRows[Any]:
    return ColumnRows(row_type, {field.name: column(rows, field.name) for field in fields(row_type)})


def as_columns(segments: list[SegmentSpan]) -> ColumnRows[SegmentSpan]:
    rows = to_columns(segments, SegmentSpan)
    spans = to_columns([segment.source_span for segment in segments], Span)
    return ColumnRows(SegmentSpan, {**rows.columns, "source_span": spans})


def test_rows_kept_as_columns_are_a_sequence_of_the_rows() -> None:
    segments = make_segments(4)
    rows = as_columns(segments)
    assert rows == segments and list(rows) == segments and len(rows) == 4
    assert rows[1] == rows[-3] == segments[1] and rows[1:3] == segments[1:3]
    assert rows != segments[1:] and rows.index(segments[2]) == 2
    assert column(rows, "id") == column(segments, "id") == ["s0", "s1", "s2", "s3"]
    with pytest.raises(IndexError):
        rows[4]


@pytest.mark.parametrize("kept_as_columns", [{0, 1, 2}, {1}, set()])
def test_they_are_written_as_the_rows_are(kept_as_columns: set[int]) -> None:
    parts = [make_segments(3), [], make_segments(2, first=7)]
    schema = arrow_schema(Chunk)

    def write(columns: set[int]) -> Any:
        chunks = [
            Chunk(f"c{n}", n, "text", 1, "2024", as_columns(segments) if n in columns else segments)
            for n, segments in enumerate(parts)
        ]
        return to_record_batch(chunks, Chunk, schema)

    assert write(kept_as_columns).equals(write(set()))
