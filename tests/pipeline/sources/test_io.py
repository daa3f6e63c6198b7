"""Raw files that are missing, damaged or odd, and spans that lead back to their characters."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Span
from pipeline.sources import SourceReader
from pipeline.sources.io import (
    json_pointer,
    parse_serialized,
    read_data_file,
    read_span,
    read_text,
    resolve_pointer,
    strip_with_span,
)
from pipeline.sources.parquet_rows import ParquetRows
from tests.pipeline.sources.factories import (
    GOLDEN,
    JSON_SOURCES,
    RAW_FILES,
    collect_spans,
    make_hub_schema,
    read_golden_rows,
    read_required_span,
    write_raw_file,
)
from tests.pipeline.sources.reading import make_format, parse

BENCHMARK = "Accurate_Retrieval-00000-of-00001"


@pytest.mark.parametrize("source", JSON_SOURCES)
def test_malformed_json_names_file_line_and_column(source: str, tmp_path: Path) -> None:
    (tmp_path / RAW_FILES[source]).write_text('{\n "a": 1,\n "b" 2\n}')
    with pytest.raises(MemcurateError, match=rf"{RAW_FILES[source]} is not valid JSON: .*line 3, column 6$"):
        parse(source, tmp_path)


@pytest.mark.parametrize("source", sorted(RAW_FILES.keys() - {"trec_coarse", "trec_fine"}))
def test_wrong_encoding_names_file_and_byte(source: str, tmp_path: Path) -> None:
    name = write_raw_file(tmp_path, source, b'["caf\xe9"]')
    with pytest.raises(MemcurateError, match=rf"{name} is not utf-8: byte 5 is 0xe9\."):
        parse(source, tmp_path)


def test_the_first_encoding_that_fits_is_used(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("naïve\r\n".encode())
    (tmp_path / "b.txt").write_bytes("naïve\r\n".encode("latin-1"))
    for name in ("a.txt", "b.txt"):
        assert read_text(tmp_path / name, ("utf-8", "latin-1")) == "naïve\r\n"


@pytest.mark.parametrize("content", [b"", b" \r\n\t"])
@pytest.mark.parametrize("source", RAW_FILES)
def test_an_empty_file_is_an_error(source: str, content: bytes, tmp_path: Path) -> None:
    name = write_raw_file(tmp_path, source, content)
    with pytest.raises(MemcurateError, match=f"{name} is empty"):
        parse(source, tmp_path)


@pytest.mark.parametrize("source", ["gutenberg", *RAW_FILES])
def test_a_source_without_a_file_is_an_error(source: str, tmp_path: Path) -> None:
    raw = tmp_path / source
    message = rf"{raw} has no file: run `dvc repro fetch@{source}"
    with pytest.raises(MemcurateError, match=message):
        parse(source, raw)
    (raw / "other").mkdir(parents=True)
    with pytest.raises(MemcurateError, match=message):
        parse(source, raw)


@pytest.mark.parametrize("source", ["nlu", "perltqa"])
def test_a_missing_file_that_params_name_is_an_error(source: str, tmp_path: Path) -> None:
    raw = tmp_path / source
    raw.mkdir()
    (raw / "other.txt").write_text("Another file.")
    message = rf"{raw} has no file {RAW_FILES[source]}.*sources\.{source}\.files.*dvc repro fetch@{source}"
    with pytest.raises(MemcurateError, match=message):
        parse(source, raw)


@pytest.mark.parametrize("source", ["hotpotqa", "longmemeval_train", "mab_nlu"])
def test_a_missing_or_invalid_parquet_file_is_an_error(source: str, tmp_path: Path) -> None:
    with pytest.raises(MemcurateError, match=r"has no file.*dvc repro fetch@"):
        parse(source, tmp_path)
    if source != "hotpotqa":
        (tmp_path / "longmemeval_oracle.json").write_text("[]")
        with pytest.raises(MemcurateError, match=r"has no file .*\.parquet.*dvc repro fetch@"):
            parse(source, tmp_path)
        (tmp_path / "longmemeval_oracle.json").unlink()
    for name in ("train-00000-of-00002", "Accurate_Retrieval-0", "Test_Time_Learning-0"):
        (tmp_path / f"{name}.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(MemcurateError, match="cannot be read as Parquet"):
        parse(source, tmp_path)


def test_a_benchmark_file_without_the_set_is_an_error(tmp_path: Path) -> None:
    """A wrong file would keep no evaluation question out of train."""
    raw = tmp_path / "longmemeval_train"
    shutil.copytree(GOLDEN / "longmemeval_train" / "raw", raw)
    rows = read_golden_rows(GOLDEN / "longmemeval_train" / "raw" / f"{BENCHMARK}.parquet")[:1]
    pq.write_table(
        pa.Table.from_pylist(rows, schema=make_hub_schema(raw, rows)), raw / f"{BENCHMARK}.parquet"
    )
    with pytest.raises(MemcurateError, match="no question of longmemeval_s"):
        parse("longmemeval_train", raw)
    with pytest.raises(MemcurateError, match="no row of ruler_qa2"):
        parse("mab_ruler_qa2", raw)


def test_rows_of_several_row_groups_are_read(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([{"n": number} for number in range(7)])
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=3)
    rows = ParquetRows(tmp_path / "x.parquet")
    assert len(rows) == 7 and [row["n"] for row in rows] == list(range(7))
    assert [row["n"] for row in rows[1:6:2]] == [1, 3, 5]
    assert read_span(tmp_path, Span("x.parquet", "/6/n", 0, 1)) == "6"
    with pytest.raises(IndexError):
        rows[7]


@pytest.mark.parametrize(("name", "comma"), [("x.csv", ","), ("x.tsv", "\t")])
def test_tables_are_read_by_their_header(name: str, comma: str, tmp_path: Path) -> None:
    """Quoted fields may hold any text; a row of another width is a list; a byte order mark is skipped."""
    text = f'\ufefftext{comma}label\r\n"two{comma} ""lines""\n"{comma}a\r\nshort\r\nlast{comma}b\r\n'
    (tmp_path / name).write_bytes(text.encode())
    rows = read_data_file(tmp_path / name)
    assert rows == [
        {"text": f'two{comma} "lines"\n', "label": "a"},
        ["short"],
        {"text": "last", "label": "b"},
    ]
    assert read_span(tmp_path, Span(name, "/0/text", 5, 12)) == '"lines"'
    (tmp_path / name).write_text(f'text{comma}label\n"open{comma}a\n')
    if name == "x.tsv":
        assert read_data_file(tmp_path / name) == [{"text": '"open', "label": "a"}]
        return
    with pytest.raises(MemcurateError, match=r"not valid CSV: line 2: .*quotes"):
        read_data_file(tmp_path / name)


def test_pointers_lead_into_strings_of_json_or_python(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(
        json.dumps({"a": json.dumps(["naïve", {"b": "c"}]), "p": repr(["it's"])})
    )
    assert read_span(tmp_path, Span("x.json", "/a/0", 2, 5)) == "ïve"
    assert read_span(tmp_path, Span("x.json", "/a/1/b", 0, 1)) == "c"
    assert read_span(tmp_path, Span("x.json", "/p/0", 0, 4)) == "it's"
    with pytest.raises(MemcurateError, match="no value at /p/1"):
        read_span(tmp_path, Span("x.json", "/p/1", 0, 1))


@pytest.mark.parametrize(
    ("source", "value", "message"),
    [
        ("chitchat", "text", "the top is a str, but a list or an object"),
        ("chitchat", None, "the top is a NoneType"),
        ("longmemeval", 3, "the top is a int"),
        ("hotpotqa_dev", True, "the top is a bool"),
        ("banking77", [], "should be a valid dictionary"),
        ("banking77", {"train_texts": "x"}, "/train_texts: Input should be a valid list"),
        ("squad_dev", [], "is not a SQuAD file"),
        ("squad_dev", {"data": {}}, "is not a SQuAD file"),
        ("squad_dev", {"version": "v2.0"}, "is not a SQuAD file"),
    ],
)
def test_a_wrong_type_at_the_top_is_an_error(
    source: str, value: object, message: str, tmp_path: Path
) -> None:
    (tmp_path / RAW_FILES[source]).write_text(json.dumps(value))
    with pytest.raises(MemcurateError, match=rf"{RAW_FILES[source]}.*{message}"):
        parse(source, tmp_path)


def test_different_numbers_of_labels_and_texts_are_an_error(tmp_path: Path) -> None:
    pool: dict[str, Any] = {"train_texts": ["a", "b"], "train_labels": ["0"]}
    pool |= {"test_texts": [], "test_labels": [], "label_names": {"0": "x"}}
    (tmp_path / "pool.json").write_text(json.dumps(pool))
    with pytest.raises(MemcurateError, match=r"pool\.json: 2 train_texts but 1 labels"):
        parse("banking77", tmp_path)


MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize("source", ["gutenberg", *RAW_FILES])
def test_a_byte_order_mark_is_not_part_of_the_text(source: str, tmp_path: Path) -> None:
    """The file is read as without the mark, and spans count from the character after it."""
    raw = GOLDEN / source / "raw"
    marked = tmp_path / source
    shutil.copytree(raw, marked)
    for path in marked.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            path.write_bytes(MARK + path.read_bytes())
    parsed, plain = parse(source, marked), parse(source, raw)
    assert parsed == plain
    for span, text in collect_spans(parsed)[:20]:
        if source != "booksum":  # its books are records
            assert read_span(marked, span) == text


def test_a_byte_order_mark_before_a_line_is_skipped(tmp_path: Path) -> None:
    mark = MARK.decode()
    (tmp_path / "x.jsonl").write_text(f'{mark}{{"a": 1}}\n{mark}{{"a": 2}}\n')
    assert read_data_file(tmp_path / "x.jsonl") == [{"a": 1}, {"a": 2}]
    (tmp_path / "question_labels.txt").write_text(f"{mark}NUM:dist How far ?\n{mark}HUM:ind Who ?\n")
    parsed = parse("trec_fine", tmp_path)
    assert [one.label for one in parsed.labelled_examples] == ["NUM:dist", "HUM:ind"]
    assert [read_required_span(tmp_path, one.source_span) for one in parsed.labelled_examples] == [
        "How far ?",
        "Who ?",
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "utf-32-be"])
def test_another_encoding_is_named_in_the_error(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(("\ufeff" * encoding.endswith("be") + "One tree fell.").encode(encoding))
    with pytest.raises(MemcurateError, match=rf"a\.txt is {encoding[:6].upper()}.*save it as UTF-8"):
        read_text(tmp_path / "a.txt", ("utf-8", "latin-1"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("source", ["trec_fine", "nlu", "pubmed_rct", "booksum"])
def test_lines_may_have_any_line_end(source: str, end: str, tmp_path: Path) -> None:
    raw = tmp_path / source
    shutil.copytree(GOLDEN / source / "raw", raw)
    plain = parse(source, raw)
    for path in raw.rglob("*"):
        if path.is_file():
            text = path.read_bytes().decode("latin-1").replace("\r\n", "\n").replace("\r", "")
            path.write_bytes(text.replace("\n", end).encode("latin-1"))
    parsed = parse(source, raw)
    assert [one.text for one in parsed.labelled_examples] == [one.text for one in plain.labelled_examples]
    assert [book.name for book in parsed.books] == [book.name for book in plain.books]
    assert len(parsed.rejects) == len(plain.rejects)
    for span, text in collect_spans(parsed)[:20]:
        if source != "booksum":
            assert read_span(raw, span) == text


DEEP = "[" * 2000 + "]" * 2000


@pytest.mark.parametrize(
    "content", [DEEP, "9" * 5000, '{"a": ' + "9" * 30 + "}", '{"a": ' * 150 + "1" + "}" * 150]
)
@pytest.mark.parametrize("source", JSON_SOURCES)
def test_json_out_of_bounds_is_an_error_that_names_the_file(
    source: str, content: str, tmp_path: Path
) -> None:
    write_raw_file(tmp_path, source, content.encode())
    with pytest.raises(MemcurateError, match=rf"{RAW_FILES[source]} is not valid JSON"):
        parse(source, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 2000,
        "-" * 5000 + "1",
        "{[]: 1}",
        "['a', 9" + "9" * 5000 + "]",
        "['\0']",
        "[b'x']",
        "['a'",
        "1" + ",1" * 300_000,
        "f'{1}'",
    ],
)
def test_an_invalid_literal_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="neither JSON"):
        parse_serialized(text)


@given(
    st.recursive(
        st.one_of(st.text(), st.integers(-9, 9), st.none()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_values_written_by_repr_are_parsed(value: Any) -> None:
    text = repr([value])
    assert parse_serialized(text) == [value]


@pytest.mark.parametrize("name", ["unheard_of", "", "squad.nothing", "io", "formats"])
def test_an_unknown_format_is_an_error_that_names_the_formats(name: str, tmp_path: Path) -> None:
    reader = SourceReader("made", make_format(name))
    with pytest.raises(MemcurateError, match=rf"made\.format: no format {name!r}.*Write one of .*squad"):
        reader.parse(tmp_path)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("timelin", r"did you mean timeline\?"),
        ("chess", "0 installed packages have it"),
        ("none:Some", "No module named 'none'"),
        ("tests:Some", ".*no attribute 'Some'"),
    ],
)
def test_a_wrong_format_is_told_with_the_cause(name: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(MemcurateError, match=rf"no format {name!r} \({problem}"):
        SourceReader("made", make_format(name)).parse(tmp_path)


def test_a_source_of_evaluation_questions_alone_is_an_error(tmp_path: Path) -> None:
    file = GOLDEN / "longmemeval_train" / "raw" / f"{BENCHMARK}.parquet"
    shutil.copy(file, tmp_path)
    with pytest.raises(MemcurateError, match=r"no file of questions, only Accurate_Retrieval\*\.parquet"):
        parse("longmemeval_train", tmp_path)


KEYS = st.one_of(st.sampled_from(["~", "/", "~1", "~0", "~01", "", "0", "a/b~c"]), st.text(max_size=5))


@given(st.lists(st.one_of(KEYS, st.integers(0, 3)), max_size=6), st.text())
def test_pointers_resolve_to_their_value(path: list[str | int], text: str) -> None:
    value: Any = text
    for part in reversed(path):
        value = {part: value, part + "x": "y"} if isinstance(part, str) else [*["x"] * part, value]
    assert resolve_pointer(value, json_pointer(*path), Path("made.json")) == text


@given(st.lists(KEYS, max_size=4), st.lists(KEYS, max_size=4))
def test_pointers_differ_where_paths_do(one: list[str], other: list[str]) -> None:
    assert (json_pointer(*one) == json_pointer(*other)) == (one == other)


def test_pointers_are_escaped_as_rfc_6901_says() -> None:
    assert json_pointer("a/b", 0, "m~n", "") == "/a~1b/0/m~0n/"
    assert json_pointer() == ""


@pytest.mark.parametrize("record", ["/b", "/a/2", "/a/x", "/a/0/0", "/c/0"])
def test_a_pointer_without_a_value_is_an_error(record: str) -> None:
    with pytest.raises(MemcurateError, match=rf"made\.json has no value at {record}"):
        resolve_pointer({"a": ["x", "y"], "c": None}, record, Path("made.json"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["See ", {"type": "link", "text": "a.org"}, " now"], "See a.org now"),
        ([{"type": "bold", "text": "x"}], "x"),
        (["a", "b"], '["a", "b"]'),
        ([{"text": "a"}], '[{"text": "a"}]'),
        ([{"type": "text", "text": None}, "b"], '[{"type": "text", "text": null}, "b"]'),
        ([], "[]"),
    ],
)
def test_the_parts_of_a_rich_text_are_joined(value: Any, text: str) -> None:
    assert resolve_pointer({"a": value}, "/a", Path("made.json")) == text


def test_a_span_of_a_missing_file_is_an_error(tmp_path: Path) -> None:
    for record in ("", "/0"):
        with pytest.raises(MemcurateError, match=r"gone\.json cannot be read"):
            read_span(tmp_path, Span("gone.json", record, 0, 1))


@given(st.text(st.sampled_from(" \t\n\xa0\u2003ab\x1a"), max_size=12))
def test_the_span_of_a_stripped_text_holds_its_characters(text: str) -> None:
    inner, span = strip_with_span(text, "f", "/r")
    assert inner == text.strip() == text[span.start : span.end]
    assert (span.file, span.record) == ("f", "/r")


@pytest.mark.parametrize("source", ["banking77", "trec_fine", "squad_dev", "gutenberg"])
def test_spans_of_real_corpora_hold_their_texts(source: str, raw: Path) -> None:
    """A dozen spans per source are read here; test_real_corpora.py reads all."""
    spans = collect_spans(parse(source, raw / source))
    assert len(spans) > 2000
    for span, text in spans[:: len(spans) // 12]:
        assert read_span(raw / source, span) == text
