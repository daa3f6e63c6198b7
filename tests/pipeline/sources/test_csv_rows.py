"""CSV and TSV as tools write them: quoted or not, with any line end, fields of any length."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Span
from pipeline.sources.io import read_data_file, read_span

CELLS = st.text(st.sampled_from("ab \"'é\t\n,"), max_size=6)


def read_table_file(folder: Path, name: str, content: str | bytes) -> object:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read_data_file(folder / name)


@pytest.mark.parametrize(
    ("lines", "texts"),
    [
        (
            ['1\tHe said "no"', '2\t"Stop', "3\tplain", '4\tthe end"'],
            ['He said "no"', '"Stop', "plain", 'the end"'],
        ),
        (['1\t"Stop', "2\tplain", '3\tthe end"'], ['"Stop', "plain", 'the end"']),
        (['1\t"', '2\t"'], ['"', '"']),
        (['1\t"Stop', "2\tplain"], ['"Stop', "plain"]),
        (['1\t"a"b', '2\t"c"'], ['"a"b', '"c"']),
    ],
)
def test_quotes_of_a_tsv_without_quoting_are_content(
    lines: list[str], texts: list[str], tmp_path: Path
) -> None:
    rows = read_table_file(tmp_path, "x.tsv", "\n".join(["id\ttext", *lines, ""]))
    assert rows == [{"id": str(n + 1), "text": text} for n, text in enumerate(texts)]
    assert read_span(tmp_path, Span("x.tsv", "/0/text", 0, 2)) == texts[0][:2]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ('"a b"', "a b"),
        ('"a\tb"', "a\tb"),
        ('"two\nlines"', "two\nlines"),
        ('"say ""hi"""', 'say "hi"'),
        ('""', ""),
    ],
)
def test_a_tsv_quoted_by_a_spreadsheet_is_unquoted(fields: str, text: str, tmp_path: Path) -> None:
    rows = read_table_file(tmp_path, "x.tsv", f'id\ttext\n1\t{fields}\n2\t"b"\n')
    assert rows == [{"id": "1", "text": text}, {"id": "2", "text": "b"}]


@settings(deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_csv_is_read_back_as_written(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("one", "two"), *cells])
    rows = read_table_file(tmp_path_factory.getbasetemp(), "written.csv", text.getvalue())
    assert rows == [{"one": one, "two": two} for one, two in cells]


@settings(deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_unquoted_tsv_is_read_back_as_written(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]
) -> None:
    """The fields are unquoted, and one has a literal quote inside."""
    plain = [[cell.replace("\t", "").replace("\n", "") for cell in row] for row in [("a", 'b"c'), *cells]]
    text = "".join(f"{one}\t{two}\n" for one, two in [("one", "two"), *plain])
    rows = read_table_file(tmp_path_factory.getbasetemp(), "cut.tsv", text)
    assert rows == [{"one": one, "two": two} for one, two in plain]


@pytest.mark.parametrize(("name", "comma"), [("x.csv", ","), ("x.tsv", "\t")])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_lf_crlf_or_cr(name: str, comma: str, end: str, tmp_path: Path) -> None:
    rows = read_table_file(tmp_path, name, end.join([f"a{comma}b", f"1{comma}x", f"2{comma}y", ""]))
    assert rows == [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]


@pytest.mark.parametrize(("name", "comma"), [("x.csv", ","), ("x.tsv", "\t")])
def test_a_field_may_have_any_length(name: str, comma: str, tmp_path: Path) -> None:
    long = "word " * 200_000
    assert read_table_file(tmp_path, name, f"a{comma}b\n1{comma}{long}\n") == [{"a": "1", "b": long}]
    assert read_table_file(tmp_path, name, f'a{comma}b\n1{comma}"{long}"\n') == [{"a": "1", "b": long}]


@pytest.mark.parametrize(("name", "comma"), [("x.csv", ","), ("x.tsv", "\t")])
def test_short_and_long_rows_keep_their_index(name: str, comma: str, tmp_path: Path) -> None:
    rows = read_table_file(tmp_path, name, f"a{comma}b\nshort\n1{comma}2{comma}3\n\n1{comma}2\n")
    assert rows == [["short"], ["1", "2", "3"], [], {"a": "1", "b": "2"}]


@pytest.mark.parametrize(("name", "comma"), [("x.csv", ","), ("x.tsv", "\t")])
def test_unnamed_columns_are_left_out_and_repeated_names_are_errors(
    name: str, comma: str, tmp_path: Path
) -> None:
    """A column without a name, such as an index, is left out; two columns of one name are an error."""
    assert read_table_file(tmp_path, name, f"{comma}text{comma}\n0{comma}a{comma}\n") == [{"text": "a"}]
    with pytest.raises(MemcurateError, match=rf"{name}: the header names the column 'text' twice"):
        read_table_file(tmp_path, name, f"text{comma}id{comma}text\n1{comma}2{comma}3\n")
    with pytest.raises(MemcurateError, match=rf"{name}: its first line names no column"):
        read_table_file(tmp_path, name, f"{comma}\n1{comma}2\n")


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b""])
def test_a_table_with_only_a_byte_order_mark_is_empty(content: bytes, tmp_path: Path) -> None:
    for name in ("x.csv", "x.tsv"):
        with pytest.raises(MemcurateError, match=f"{name} is empty"):
            read_table_file(tmp_path, name, content)


@pytest.mark.parametrize("mark", [";", "|", "\t"])
def test_a_csv_file_may_have_another_separator(mark: str, tmp_path: Path) -> None:
    lines = [("Day", "Text", "Price"), ("1.2.", f'"a{mark} ""b"",\nc"', "3,50"), ("2.2.", "x, y", "")]
    rows = read_table_file(tmp_path, "x.csv", "\r\n".join(map(mark.join, lines)))
    assert rows == [
        {"Day": "1.2.", "Text": f'a{mark} "b",\nc', "Price": "3,50"},
        {"Day": "2.2.", "Text": "x, y", "Price": ""},
    ]
    assert read_span(tmp_path, Span("x.csv", "/0/Price", 0, 4)) == "3,50"


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ("a,b;c\n1,2;3\n", {"a": "1", "b;c": "2;3"}),  # a tie
        ('a,"b;c;d"\n1,2;3;4\n', {"a": "1", "b;c;d": "2;3;4"}),
        ('"a,b,c";d\n1,5;2\n', {"a,b,c": "1,5", "d": "2"}),
        ("text,label (x;y;z)\nHello,x\n", {"text": "Hello", "label (x;y;z)": "x"}),
        ("text\nOne; two; three\n", {"text": "One; two; three"}),
        ("text (a;b)\nOne\n", {"text (a;b)": "One"}),
        ('"text"\n"One, two"\n', {"text": "One, two"}),
        (";text;\n0;a, b;\n", {"text": "a, b"}),
        ("a;b\n", None),
        ('5" pipe;size;x\n1;2;3\n', {'5" pipe': "1", "size": "2", "x": "3"}),
    ],
)
def test_the_header_gives_the_separator(content: str, row: dict[str, str] | None, tmp_path: Path) -> None:
    assert read_table_file(tmp_path, "x.csv", content) == ([row] if row else [])


def test_an_error_names_the_separator(tmp_path: Path) -> None:
    with pytest.raises(MemcurateError, match=r"line 2: .*a quote or semicolon in it into quotes"):
        read_table_file(tmp_path, "x.csv", 'a;b\n1;"2" 3\n')


@settings(deadline=None)
@given(st.sampled_from(";|\t"), st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_a_csv_file_with_another_separator_is_read_back_as_written(
    tmp_path_factory: pytest.TempPathFactory, mark: str, cells: list[tuple[str, str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=mark, quoting=csv.QUOTE_ALL).writerows([("one", "two"), *cells])
    rows = read_table_file(tmp_path_factory.getbasetemp(), "separated.csv", text.getvalue())
    assert rows == [{"one": one, "two": two} for one, two in cells]
