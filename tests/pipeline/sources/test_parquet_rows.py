"""Parquet columns of every type, and damaged files: rows, rejects, or one error."""

import datetime
import decimal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Reject, Span
from pipeline.sources.io import RawRecord, read_span, validate_records
from pipeline.sources.parquet_rows import ParquetRows, UnreadableCell
from tests.pipeline.sources.factories import GOLDEN, make_benchmark_row, read_golden_rows
from tests.pipeline.sources.reading import parse

HOTPOTQA = GOLDEN / "hotpotqa" / "raw" / "train-00000-of-00002.parquet"


class Text(RawRecord):
    """A record with one required column."""

    text: str


def make_invalid_strings(*values: bytes) -> pa.Array:
    """Build a string column of bytes that are not UTF-8."""
    whole = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(values), whole.buffers())


COLUMNS: dict[str, Callable[[int], pa.Array]] = {
    "timestamp": lambda n: pa.array([datetime.datetime(2024, 1, 1)] * n),
    "timestamp beyond the year 9999": lambda n: pa.array([2**62] * n, pa.timestamp("us")),
    "nanoseconds": lambda n: pa.array([1] * n, pa.timestamp("ns")),
    "a zone that is not there": lambda n: pa.array([1] * n, pa.timestamp("us", tz="Nowhere/City")),
    "date": lambda n: pa.array([datetime.date(2024, 1, 1)] * n),
    "date beyond the year 9999": lambda n: pa.array([2**30] * n, pa.date32()),
    "duration": lambda n: pa.array([2**62] * n, pa.duration("ms")),
    "time": lambda n: pa.array([1] * n, pa.time64("ns")),
    "decimal": lambda n: pa.array([decimal.Decimal("1.50")] * n),
    "bytes": lambda n: pa.array([b"\xff\xd8"] * n),
    "image": lambda n: pa.array([{"bytes": b"\xff\xd8", "path": None}] * n),
    "map": lambda n: pa.array([[("k", 1)]] * n, pa.map_(pa.string(), pa.int32())),
    "nested lists": lambda n: pa.array([[[[1.5]]]] * n),
    "half floats": lambda n: pa.array([1.0] * n, pa.float16()),
    "dictionary": lambda n: pa.array(["u"] * n).dictionary_encode(),
    "null": lambda n: pa.nulls(n),
    "not UTF-8": lambda n: make_invalid_strings(*[b"\xff"] * n),
    "not UTF-8 in a list": lambda n: pa.ListArray.from_arrays(
        list(range(n + 1)), make_invalid_strings(*[b"\xff"] * n)
    ),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_that_no_model_reads_is_ignored(kind: str, tmp_path: Path) -> None:
    raw = tmp_path / "hotpotqa"
    raw.mkdir()
    table = pq.read_table(HOTPOTQA)
    pq.write_table(table, raw / "train.parquet")
    plain = parse("hotpotqa", raw)
    pq.write_table(table.append_column("other", COLUMNS[kind](table.num_rows)), raw / "train.parquet")
    assert parse("hotpotqa", raw) == plain
    assert read_span(raw, plain.questions[0].source_span or Span("", "", 0, 0)) == plain.questions[0].text


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_of_another_type_gives_rejects(kind: str, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": COLUMNS[kind](2)}), tmp_path / "x.parquet")
    rejects: list[Reject] = []
    rows = list(validate_records(Text, ParquetRows(tmp_path / "x.parquet"), "x.parquet", "made", rejects))
    if kind == "dictionary":  # encoded strings
        assert [row.text for _, row in rows] == ["u", "u"]
        return
    assert rows == []
    assert [(one.reason, one.source_span and one.source_span.record) for one in rejects] == [
        ("malformed record", "/0"),
        ("malformed record", "/1"),
    ]
    assert all(one.detail.startswith("/text: ") for one in rejects)


def test_a_row_that_is_not_utf_8_is_a_reject_and_the_others_go_on(tmp_path: Path) -> None:
    texts = make_invalid_strings(b"one", b"t\xffo", "drei ü".encode())
    pq.write_table(pa.table({"text": texts}), tmp_path / "x.parquet")
    rejects: list[Reject] = []
    records = list(validate_records(Text, ParquetRows(tmp_path / "x.parquet"), "x.parquet", "made", rejects))
    assert [(key, record.text) for key, record in records] == [(0, "one"), (2, "drei ü")]
    assert [one.detail for one in rejects] == ["/text: its bytes are not UTF-8"]
    assert read_span(tmp_path, Span("x.parquet", "/2/text", 5, 6)) == "ü"


def test_a_cell_without_a_value_leaves_the_rest_of_its_row(tmp_path: Path) -> None:
    inner = pa.StructArray.from_arrays([make_invalid_strings(b"\xff"), pa.array([7])], ["name", "count"])
    table = pa.table({"text": ["a"], "when": pa.array([2**62], pa.timestamp("us")), "inner": inner})
    pq.write_table(table, tmp_path / "x.parquet")
    (row,) = ParquetRows(tmp_path / "x.parquet")
    assert row["text"] == "a" and row["inner"] == {"name": b"\xff", "count": 7}
    assert isinstance(row["when"], UnreadableCell)
    assert ParquetRows(tmp_path / "x.parquet")[0] == row


def test_only_the_columns_that_a_model_names_are_read(tmp_path: Path) -> None:
    class Inner(RawRecord):
        name: str

    class Outer(RawRecord):
        inner: Inner | None = None
        text: str

    rows = [{"text": "a", "inner": {"name": "n", "other": 1}, "image": b"x"}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet")
    assert list(ParquetRows(tmp_path / "x.parquet").select_columns(Outer)) == [
        {"text": "a", "inner": {"name": "n"}}
    ]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"other": ["a"]}), tmp_path / "x.parquet")
    with pytest.raises(MemcurateError, match=r"x\.parquet has no column 'text', only other"):
        list(validate_records(Text, ParquetRows(tmp_path / "x.parquet"), "x.parquet", "made", []))


def test_a_file_with_many_rows_is_read_in_batches(tmp_path: Path) -> None:
    """The file has a single row group; rows are read in order and by index."""
    pq.write_table(pa.table({"text": [str(n) for n in range(5000)]}), tmp_path / "x.parquet")
    rows = ParquetRows(tmp_path / "x.parquet")
    assert [row["text"] for row in rows] == [str(n) for n in range(5000)]
    assert rows[4321] == {"text": "4321"}


@pytest.mark.parametrize("source", ["hotpotqa", "mab_longmemeval"])
def test_a_damaged_file_is_an_error_that_names_it(source: str, tmp_path: Path) -> None:
    """This holds even for damage in a column that no model reads."""
    name = {"hotpotqa": "train-0", "mab_longmemeval": "Accurate_Retrieval-0"}[source]
    golden = {"hotpotqa": HOTPOTQA, "mab_longmemeval": golden_parquet("longmemeval_train")}[source]
    table = pq.read_table(golden).append_column(
        "unread", pa.array(["x" * 50] * pq.read_metadata(golden).num_rows)
    )
    path = tmp_path / f"{name}.parquet"
    pq.write_table(table, path, compression="none")
    column = pq.read_metadata(path).row_group(0)
    offset = next(
        column.column(n).data_page_offset
        for n in range(column.num_columns)
        if column.column(n).path_in_schema == "unread"
    )
    content = bytearray(path.read_bytes())
    content[offset : offset + 8] = b"\xff" * 8
    path.write_bytes(content)
    with pytest.raises(MemcurateError, match=rf"{name}\.parquet: cannot be read as Parquet"):
        parse(source, tmp_path)


def golden_parquet(source: str) -> Path:
    (path,) = (GOLDEN / source / "raw").glob("*.parquet")
    return path


def write_benchmark(folder: Path, *rows: dict[str, Any]) -> None:
    path = folder / "Accurate_Retrieval-0.parquet"
    pq.write_table(pa.Table.from_pylist(list(rows)), path)


@pytest.mark.parametrize(
    "turn",
    [
        {"role": "user", "content": "half \ud83d of it"},
        {"role": "us\ud83der", "content": "whole"},
        {"role": "user", "content": None},
        {"role": None, "content": "whole"},
        {"role": "user"},
        {"role": "user", "content": 7},
        {"role": "user", "content": " "},
    ],
)
def test_a_context_with_a_lone_surrogate_or_without_text_is_a_reject(
    turn: dict[str, Any], tmp_path: Path
) -> None:
    bad = make_benchmark_row(context=repr(["Chat Time: 2022/11/17 (Thu) 12:04", [turn]]))
    write_benchmark(tmp_path, bad, make_benchmark_row())
    parsed = parse("mab_longmemeval", tmp_path)
    assert [segment.text for one in parsed.documents for segment in one.segments] == [
        "I keep bees.",
        "How many?",
    ]
    assert [(one.reason, one.source_span and one.source_span.record) for one in parsed.rejects] == [
        ("malformed context", "/0/context")
    ]


def test_null_questions_and_answers_are_rejects(tmp_path: Path) -> None:
    bad = make_benchmark_row(
        questions=["A?", None, "C?", "D?"],
        answers=[["a", None], ["b"], None, []],
        metadata={"source": "longmemeval_s*", "question_types": None, "question_dates": [None] * 4},
    )
    write_benchmark(tmp_path, bad)
    parsed = parse("mab_longmemeval", tmp_path)
    (document,) = parsed.documents
    assert [(one.text, one.answers, one.time) for one in document.questions] == [("A?", ["a"], None)]
    assert [one.reason for one in parsed.rejects] == ["question without text or answer"] * 3


def test_all_files_of_a_category_are_read(tmp_path: Path) -> None:
    write_benchmark(tmp_path, make_benchmark_row())
    (tmp_path / "Accurate_Retrieval-0.parquet").rename(tmp_path / "Accurate_Retrieval-00000-of-00002.parquet")
    pq.write_table(
        pa.Table.from_pylist([make_benchmark_row(questions=["Second?"])]),
        tmp_path / "Accurate_Retrieval-00001-of-00002.parquet",
    )
    parsed = parse("mab_longmemeval", tmp_path)
    questions = [question for document in parsed.documents for question in document.questions]
    assert [question.text for question in questions] == ["What does the user keep?", "Second?"]
    assert [read_span(tmp_path, question.source_span) for question in questions if question.source_span] == [
        question.text for question in questions
    ]


def test_an_unreadable_evaluation_row_is_an_error(tmp_path: Path) -> None:
    """Otherwise its questions would be in train."""
    raw = tmp_path / "longmemeval_train"
    raw.mkdir()
    (raw / "longmemeval_oracle.json").write_bytes(
        (GOLDEN / "longmemeval_train" / "raw" / "longmemeval_oracle.json").read_bytes()
    )
    write_benchmark(raw, make_benchmark_row(), make_benchmark_row(questions=None))
    with pytest.raises(MemcurateError, match=r"row /1 cannot be read .*kept out of train"):
        parse("longmemeval_train", raw)


def test_golden_parquet_rows_are_read_back(tmp_path: Path) -> None:
    assert list(ParquetRows(HOTPOTQA)) == read_golden_rows(HOTPOTQA)
