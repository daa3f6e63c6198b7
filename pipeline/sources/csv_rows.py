"""Read CSV and TSV files as dicts by the names of their header.

CSV is quoted as in RFC 4180; its fields are separated by commas, or by `;`, `|` or tabs where its header and
first rows show it. TSV has no quoting (IANA, text/tab-separated-values), yet spreadsheets quote it like CSV:
so a TSV file is read as quoted where all its quotes delimit fields and quoting fits the rows better.
"""

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.core.errors import MemcurateError
from pipeline.sources.lines import split_lines

_FIELD = re.compile(r'(?:"(?P<quoted>[^"]*+(?:""[^"]*+)*)"|[^"\t\r\n]*+)(?:\t|\r\n|\r|\n|(?P<last>\Z))')
_LINE_END = re.compile(r"[\r\n]")
_SEPARATORS = {",": "comma", ";": "semicolon", "|": "vertical bar", "\t": "tab"}
_HEADER_FIELD = re.compile(
    r'(?:"[^"]*+(?:""[^"]*+)*"|[^",;|\t\r\n][^,;|\t\r\n]*+|)(?:(?P<separator>[,;|\t])|(?P<last>[\r\n]|\Z))'
)
_MAX_COMPARED_ROWS = 1000


def read_table(text: str, path: Path) -> list[Any]:
    """Return the rows below the header as dicts; a row with more or fewer fields is a list of its fields.

    A column without a name, such as an index column, is left out. Raises MemcurateError where a quote does
    not close, no column has a name, or two columns have the same name.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # the module's limit, not the format's
    header, *rows = _read_fields(text, path)
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise MemcurateError(
            f"{path}: the header names the column {repeated[0]!r} twice: give each column its own name"
        )
    if not any(header):
        raise MemcurateError(f"{path}: its first line names no column: write a header there")
    return [_to_dict(header, row) if len(row) == len(header) else row for row in rows]


def _to_dict(header: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    return {name: value for name, value in zip(header, row, strict=True) if name}


def _read_fields(text: str, path: Path) -> list[list[str]]:
    """Return the fields of each row, the header first."""
    if path.suffix.lower() == ".tsv" and not _is_quoted(text):
        return _split_unquoted(text)
    separator = "\t" if path.suffix.lower() == ".tsv" else _find_separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return list(reader)
    except csv.Error as error:
        raise MemcurateError(
            f"{path} is not valid {path.suffix[1:].upper()}: line {reader.line_num}: {error}. Put a field "
            f'with a quote or {_SEPARATORS[separator]} in it into quotes, and write such a quote twice ("")'
        ) from error


def _find_separator(text: str) -> str:
    """Return what separates the fields of a CSV file: what occurs most in its header outside quotes.

    It is a comma on a tie, and where a comma gives more rows the header's width: then the other characters
    stand in the names of columns.
    """
    counts = dict.fromkeys(_SEPARATORS, 0)
    position = 0
    while (field := _HEADER_FIELD.match(text, position)) and field["last"] is None:
        counts[field["separator"]] += 1
        position = field.end()
    separator = max(counts, key=lambda one: counts[one])  # the first of several
    if separator == ",":
        return ","
    ragged = {
        one: _count_ragged_rows(
            list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=one), _MAX_COMPARED_ROWS))
        )
        for one in (",", separator)
    }
    return separator if ragged[separator] <= ragged[","] else ","


def _split_unquoted(text: str) -> list[list[str]]:
    return [line.split("\t") if line else [] for line in split_lines(text)]


def _is_quoted(text: str) -> bool:
    """Return whether the quotes of a TSV file are quoting.

    Each quote must delimit a field, or be doubled within a quoted field. A quoted field over several lines
    can also come from literal quotes at the start and end of fields: then a doubled quote must occur, or
    quoting must make more rows as wide as the header.
    """
    if '"' not in text:
        return False
    position, is_multiline, has_doubled_quote = 0, False, False
    while True:
        field = _FIELD.match(text, position)
        if field is None:
            return False
        position = field.end()
        quoted = field["quoted"] or ""
        is_multiline = is_multiline or _LINE_END.search(quoted) is not None
        has_doubled_quote = has_doubled_quote or '""' in quoted
        if field["last"] is not None:
            break
    if has_doubled_quote or not is_multiline:
        return True
    quoted_rows = list(csv.reader(io.StringIO(text, newline=""), "excel-tab"))
    return _count_ragged_rows(quoted_rows) < _count_ragged_rows(_split_unquoted(text))


def _count_ragged_rows(rows: Sequence[Sequence[str]]) -> int:
    """Count the rows that are not as wide as the header."""
    return sum(len(row) != len(rows[0]) for row in rows)
