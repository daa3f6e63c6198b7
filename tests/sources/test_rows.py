"""Parquet columns of every type, read or not, and files that are damaged: rows, rejects, or one error."""

import datetime
import decimal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import MemcurateError
from pipeline.schema import Reject, Span
from pipeline.sources import parse
from pipeline.sources.reading import RawRecord, read_span, records
from pipeline.sources.rows import Rows, UnreadableCell
from tests.sources import parquets
from tests.sources.test_golden import GOLDEN

HOTPOTQA = GOLDEN / "hotpotqa" / "raw" / "train-00000-of-00002.parquet"


class Text(RawRecord):
    """One column, and an optional one inside of another."""

    text: str


def broken(*values: bytes) -> pa.Array:
    """A string column that holds what is not UTF-8."""
    whole = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(values), whole.buffers())


ODD: dict[str, Callable[[int], pa.Array]] = {
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
    "not UTF-8": lambda n: broken(*[b"\xff"] * n),
    "not UTF-8 in a list": lambda n: pa.ListArray.from_arrays(list(range(n + 1)), broken(*[b"\xff"] * n)),
}


@pytest.mark.parametrize("kind", ODD)
def test_a_column_that_nobody_reads_does_not_matter(kind: str, tmp_path: Path) -> None:
    raw = tmp_path / "hotpotqa"
    raw.mkdir()
    table = pq.read_table(HOTPOTQA)
    pq.write_table(table, raw / "train.parquet")
    plain = parse("hotpotqa", raw)
    pq.write_table(table.append_column("other", ODD[kind](table.num_rows)), raw / "train.parquet")
    assert parse("hotpotqa", raw) == plain
    assert read_span(raw, plain.questions[0].raw or Span("", "", 0, 0)) == plain.questions[0].text


@pytest.mark.parametrize("kind", ODD)
def test_a_column_of_another_type_gives_rejects(kind: str, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ODD[kind](2)}), tmp_path / "x.parquet")
    rejects: list[Reject] = []
    rows = list(records(Text, Rows(tmp_path / "x.parquet"), "x.parquet", "made", rejects))
    if kind == "dictionary":  # strings, written short
        assert [row.text for _, row in rows] == ["u", "u"]
        return
    assert rows == []
    assert [(one.reason, one.raw and one.raw.record) for one in rejects] == [
        ("malformed record", "/0"),
        ("malformed record", "/1"),
    ]
    assert all(one.detail.startswith("/text: ") for one in rejects)


def test_a_row_that_is_not_utf_8_is_a_reject_and_the_others_go_on(tmp_path: Path) -> None:
    texts = broken(b"one", b"t\xffo", "drei ü".encode())
    pq.write_table(pa.table({"text": texts}), tmp_path / "x.parquet")
    rejects: list[Reject] = []
    found = list(records(Text, Rows(tmp_path / "x.parquet"), "x.parquet", "made", rejects))
    assert [(key, row.text) for key, row in found] == [(0, "one"), (2, "drei ü")]
    assert [one.detail for one in rejects] == ["/text: its bytes are not UTF-8"]
    assert read_span(tmp_path, Span("x.parquet", "/2/text", 5, 6)) == "ü"


def test_a_cell_without_a_value_leaves_the_rest_of_its_row(tmp_path: Path) -> None:
    inner = pa.StructArray.from_arrays([broken(b"\xff"), pa.array([7])], ["name", "count"])
    table = pa.table({"text": ["a"], "when": pa.array([2**62], pa.timestamp("us")), "inner": inner})
    pq.write_table(table, tmp_path / "x.parquet")
    (row,) = Rows(tmp_path / "x.parquet")
    assert row["text"] == "a" and row["inner"] == {"name": b"\xff", "count": 7}
    assert isinstance(row["when"], UnreadableCell)
    assert Rows(tmp_path / "x.parquet")[0] == row


def test_only_the_columns_that_a_model_names_are_read(tmp_path: Path) -> None:
    class Inner(RawRecord):
        name: str

    class Outer(RawRecord):
        inner: Inner | None = None
        text: str

    rows = [{"text": "a", "inner": {"name": "n", "other": 1}, "image": b"x"}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet")
    assert list(Rows(tmp_path / "x.parquet").of(Outer)) == [{"text": "a", "inner": {"name": "n"}}]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"other": ["a"]}), tmp_path / "x.parquet")
    with pytest.raises(MemcurateError, match=r"x\.parquet has no column 'text', only other"):
        list(records(Text, Rows(tmp_path / "x.parquet"), "x.parquet", "made", []))


def test_a_file_with_many_rows_is_read_in_batches(tmp_path: Path) -> None:
    """One row group, as some writers make of a whole file; in order, and by number as well."""
    pq.write_table(pa.table({"text": [str(n) for n in range(5000)]}), tmp_path / "x.parquet")
    rows = Rows(tmp_path / "x.parquet")
    assert [row["text"] for row in rows] == [str(n) for n in range(5000)]
    assert rows[4321] == {"text": "4321"}


@pytest.mark.parametrize("source", ["hotpotqa", "mab_longmemeval"])
def test_a_damaged_file_is_an_error_that_names_it(source: str, tmp_path: Path) -> None:
    """Even where what is damaged is a column that nobody reads."""
    name = {"hotpotqa": "train-0", "mab_longmemeval": "Accurate_Retrieval-0"}[source]
    golden = {"hotpotqa": HOTPOTQA, "mab_longmemeval": parquets_of("longmemeval_train")}[source]
    table = pq.read_table(golden).append_column(
        "unread", pa.array(["x" * 50] * pq.read_metadata(golden).num_rows)
    )
    path = tmp_path / f"{name}.parquet"
    pq.write_table(table, path, compression="none")
    column = pq.read_metadata(path).row_group(0)
    place = next(
        column.column(n).data_page_offset
        for n in range(column.num_columns)
        if column.column(n).path_in_schema == "unread"
    )
    content = bytearray(path.read_bytes())
    content[place : place + 8] = b"\xff" * 8
    path.write_bytes(content)
    with pytest.raises(MemcurateError, match=rf"{name}\.parquet: cannot be read as Parquet"):
        parse(source, tmp_path)


def parquets_of(source: str) -> Path:
    (path,) = (GOLDEN / source / "raw").glob("*.parquet")
    return path


def row(**fields: Any) -> dict[str, Any]:
    """A row of MemoryAgentBench with one session."""
    turns = [{"role": "user", "content": "I keep bees."}, {"role": "assistant", "content": "How many?"}]
    made = {
        "context": repr(["Chat Time: 2022/11/17 (Thu) 12:04", turns]),
        "questions": ["What does the user keep?"],
        "answers": [["bees"]],
        "metadata": {"source": "longmemeval_s*", "question_ids": ["q1"]},
    }
    return made | fields


def benchmark(folder: Path, *rows: dict[str, Any]) -> None:
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
def test_a_context_with_half_a_character_or_no_text_is_a_reject(turn: dict[str, Any], tmp_path: Path) -> None:
    bad = row(context=repr(["Chat Time: 2022/11/17 (Thu) 12:04", [turn]]))
    benchmark(tmp_path, bad, row())
    parsed = parse("mab_longmemeval", tmp_path)
    assert [segment.text for one in parsed.documents for segment in one.segments] == [
        "I keep bees.",
        "How many?",
    ]
    assert [(one.reason, one.raw and one.raw.record) for one in parsed.rejects] == [
        ("malformed context", "/0/context")
    ]


def test_null_questions_and_answers_are_rejects(tmp_path: Path) -> None:
    bad = row(
        questions=["A?", None, "C?", "D?"],
        answers=[["a", None], ["b"], None, []],
        metadata={"source": "longmemeval_s*", "question_types": None, "question_dates": [None] * 4},
    )
    benchmark(tmp_path, bad)
    parsed = parse("mab_longmemeval", tmp_path)
    (document,) = parsed.documents
    assert [(one.text, one.answers, one.time) for one in document.questions] == [("A?", ["a"], None)]
    assert [one.reason for one in parsed.rejects] == ["question without text or answer"] * 3


def test_all_files_of_a_category_are_read(tmp_path: Path) -> None:
    benchmark(tmp_path, row())
    (tmp_path / "Accurate_Retrieval-0.parquet").rename(tmp_path / "Accurate_Retrieval-00000-of-00002.parquet")
    pq.write_table(
        pa.Table.from_pylist([row(questions=["Second?"])]),
        tmp_path / "Accurate_Retrieval-00001-of-00002.parquet",
    )
    parsed = parse("mab_longmemeval", tmp_path)
    asked = [question for one in parsed.documents for question in one.questions]
    assert [one.text for one in asked] == ["What does the user keep?", "Second?"]
    assert [read_span(tmp_path, one.raw) for one in asked if one.raw] == [one.text for one in asked]


def test_an_evaluation_row_that_cannot_be_read_stops_what_is_kept_clear_of_it(tmp_path: Path) -> None:
    """Its questions would go into train."""
    raw = tmp_path / "longmemeval_train"
    raw.mkdir()
    (raw / "longmemeval_oracle.json").write_bytes(
        (GOLDEN / "longmemeval_train" / "raw" / "longmemeval_oracle.json").read_bytes()
    )
    benchmark(raw, row(), row(questions=None))
    with pytest.raises(MemcurateError, match=r"row /1 cannot be read .*kept out of train"):
        parse("longmemeval_train", raw)


def test_golden_parquets_are_their_rows_when_read(tmp_path: Path) -> None:
    assert list(Rows(HOTPOTQA)) == parquets.rows_of(HOTPOTQA)
