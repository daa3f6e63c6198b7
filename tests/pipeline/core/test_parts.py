"""Parts: rows come back as they were written, and files are sorted and grouped like those of `write_rows`."""

from pathlib import Path

import pytest

from pipeline.core.parts import iter_groups, read_part_rows, read_part_table, write_part, write_sorted
from pipeline.core.schema import InstanceQuestion, Question, Segment, Span
from pipeline.core.storage import ROWS_PER_GROUP, write_rows


def make_segment(number: int) -> Segment:
    text = f"text {number}"
    return Segment(f"s/{number * 7919 % 1000:03}", Span("f", "", 0, 1), "d", None, None, None, None, text)


def test_a_sorted_file_of_parts_has_the_bytes_of_the_sorted_rows(tmp_path: Path) -> None:
    rows = [make_segment(number) for number in range(3 * ROWS_PER_GROUP + 5)]
    for name, part in (("one", rows[:100]), ("two", rows[100:])):
        (tmp_path / name).mkdir()
        assert write_part(tmp_path / name / "segments.arrow", Segment, part) == len(part)
    parts = [tmp_path / name / "segments.arrow" for name in ("one", "two")]
    write_sorted(tmp_path / "sorted.parquet", read_part_table(parts, Segment), ("id",), {"key": "value"})
    ordered = sorted(rows, key=lambda row: row.id)
    write_rows(tmp_path / "expected.parquet", Segment, ordered, {"key": "value"})
    assert (tmp_path / "sorted.parquet").read_bytes() == (tmp_path / "expected.parquet").read_bytes()
    assert read_part_rows([tmp_path / "one", tmp_path / "two"], "segments", Segment) == rows


def test_rows_are_sorted_by_a_nested_column_and_equal_ones_stay(tmp_path: Path) -> None:
    def make_row(instance: str, question: str, text: str) -> InstanceQuestion:
        empty = Question(question, text, [], "contains", "source", None, None, [], [], None)
        return InstanceQuestion(instance, empty)

    rows = [
        make_row("b", "1", "x"),
        make_row("a", "2", "x"),
        make_row("a", "1", "y"),
        make_row("a", "1", "x"),
    ]
    write_part(tmp_path / "part", InstanceQuestion, rows)
    write_sorted(
        tmp_path / "sorted",
        read_part_table([tmp_path / "part"], InstanceQuestion),
        ("instance", "question.id"),
        {},
    )
    write_rows(tmp_path / "expected", InstanceQuestion, [rows[2], rows[3], rows[1], rows[0]])
    assert (tmp_path / "sorted").read_bytes() == (tmp_path / "expected").read_bytes()


def test_no_part_and_an_empty_part_make_an_empty_file(tmp_path: Path) -> None:
    write_part(tmp_path / "part", Segment, [])
    write_rows(tmp_path / "expected", Segment, [])
    for parts in ([], [tmp_path / "part"]):
        assert write_sorted(tmp_path / "sorted", read_part_table(parts, Segment), ("id",), {}) == 0
        assert (tmp_path / "sorted").read_bytes() == (tmp_path / "expected").read_bytes()


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ([], []),
        ([1], [range(1)]),
        ([3, 3, 3], [range(2), range(2, 3)]),
        ([9, 1, 1, 9, 1], [range(1), range(1, 4), range(4, 5)]),
    ],
)
def test_groups_reach_the_limit(sizes: list[int], groups: list[range]) -> None:
    assert list(iter_groups(sizes, 5)) == groups
