"""CSV and TSV: rows by the names of their header.

CSV is quoted as RFC 4180 says. TSV has no quoting (IANA, text/tab-separated-values), yet spreadsheets quote
it as they do CSV: a file is read as quoted where all its quotes are those of quoted fields, and where that is
not the worse reading.
"""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import MemcurateError
from pipeline.sources.lines import split_lines

_FIELD = re.compile(r'(?:"(?P<quoted>[^"]*+(?:""[^"]*+)*)"|[^"\t\r\n]*+)(?:\t|\r\n|\r|\n|(?P<last>\Z))')
_LINE_END = re.compile(r"[\r\n]")


def read_table(text: str, path: Path) -> list[Any]:
    """Rows below the header as dicts; a row with more or fewer fields is a list of them.

    A column without a name, such as an index has, is left out. Raises MemcurateError where quotes do not
    close, where no column has a name, and where two have the same.
    """
    csv.field_size_limit(
        max(csv.field_size_limit(), len(text))
    )  # the limit is the module's, not the format's
    header, *rows = _fields(text, path)
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise MemcurateError(f"{path}: the header names the column {repeated[0]!r} twice: give each its own")
    if not any(header):
        raise MemcurateError(f"{path}: its first line names no column: put a header there")
    return [_row(header, row) if len(row) == len(header) else row for row in rows]


def _row(header: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    return {name: value for name, value in zip(header, row, strict=True) if name}


def _fields(text: str, path: Path) -> list[list[str]]:
    """The fields of each row, the header first."""
    if path.suffix == ".tsv" and not _is_quoted(text):
        return _unquoted(text)
    dialect = "excel-tab" if path.suffix == ".tsv" else "excel"
    reader = csv.reader(io.StringIO(text, newline=""), dialect, strict=True)
    try:
        return list(reader)
    except csv.Error as error:
        raise MemcurateError(
            f"{path} is no valid {path.suffix[1:].upper()}: line {reader.line_num}: {error}. Put a field "
            'with a quote or comma in it into quotes, and write such a quote twice ("")'
        ) from error


def _unquoted(text: str) -> list[list[str]]:
    return [line.split("\t") if line else [] for line in split_lines(text)]


def _is_quoted(text: str) -> bool:
    """Whether the quotes of a TSV file are quoting.

    Every one of them has to stand around a field or twice within a quoted one. If then a quoted field
    runs over lines, which quotes that only happen to stand at a field's beginning and end would also give,
    it has to hold a doubled quote, or more rows have to be as wide as the header than without quoting.
    """
    if '"' not in text:
        return False
    at, runs_on, doubled = 0, False, False
    while True:
        field = _FIELD.match(text, at)
        if field is None:
            return False
        at = field.end()
        quoted = field["quoted"] or ""
        runs_on = runs_on or _LINE_END.search(quoted) is not None
        doubled = doubled or '""' in quoted
        if field["last"] is not None:
            break
    if doubled or not runs_on:
        return True
    quoted_rows = list(csv.reader(io.StringIO(text, newline=""), "excel-tab"))
    return _other_widths(quoted_rows) < _other_widths(_unquoted(text))


def _other_widths(rows: Sequence[Sequence[str]]) -> int:
    """Number of rows that are not as wide as the header."""
    return sum(len(row) != len(rows[0]) for row in rows)
