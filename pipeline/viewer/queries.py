"""Queries of the viewer: pages of filtered and searched rows, with counts by each filter's values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.core.errors import MemcurateError
from pipeline.diff.row_tables import RowKind
from pipeline.viewer.database import FACET_COUNTS_SQL

PAGE_SIZE = 50  # rows
MAX_SEARCH_WORDS = 20  # of a search: each word is looked for in every text
_MAX_BINS = 24  # of the histogram of lengths
_FACETS = ("source", "split", "category")  # columns, and fields of RowFilter
_PREVIEW_CHARS = 400  # characters of a row's text in a list
_LISTED_COLUMNS = ("id", "instance", "source", "split", "category", "index", "length", "text")
_MATCH_COLUMNS = "source, document, index"  # of an instance, as in pipeline.diff.row_tables
# Lower case is computed once per text, not once per search word.
_SEARCHABLE_SQL = "(SELECT rowid, *, lower(text) AS low FROM {kind})"
_ALL_WORDS_SQL = "len(list_filter(?, lambda word: NOT (contains(low, lower(word)) OR id = word))) = 0"
_SEARCH_TERM = re.compile(r'"([^"]+)"|(\S+)')


@dataclass(frozen=True, slots=True)
class RowFilter:
    """A filter of rows; None: any value."""

    source: str | None = None
    split: str | None = None
    category: str | None = None
    instance: str | None = None
    min_length: int | None = None  # inclusive
    max_length: int | None = None  # inclusive
    # Words that a row's text must all contain, in any case and order; "in quotes": a phrase. Or a row's id.
    text: str = ""


@dataclass(frozen=True, slots=True)
class ResultPage:
    """A page of the rows that match a filter, and counts of all of them."""

    total: int
    rows: list[dict[str, Any]]
    facets: dict[str, dict[str, int]]  # by facet and value: number of rows with that value instead
    lengths: list[tuple[int, int, int]]  # bins of the histogram: first length, last length, rows


@dataclass(frozen=True, slots=True)
class _Condition:
    """A condition of a query, and the value of its parameter."""

    sql: str
    value: object


def query_rows(
    database: duckdb.DuckDBPyConnection, kind: RowKind, row_filter: RowFilter, page: int
) -> ResultPage:
    """Return a page, from 0, of the rows of a kind that match a filter.

    Raises MemcurateError where a search has more than MAX_SEARCH_WORDS words.
    """
    with database.cursor() as cursor:
        text_conditions = _text_conditions(row_filter)
        length_conditions = _length_conditions(row_filter)
        facet_conditions = [
            _Condition(f"{name} = ?", value)
            for name in _FACETS
            if (value := getattr(row_filter, name)) is not None
        ]
        facet_counts = _facet_table(cursor, kind, text_conditions)
        (total, shortest, longest) = _fetch_rows(
            cursor,
            f"SELECT coalesce(sum(rows), 0), min(length), max(length) FROM {facet_counts}",
            [*facet_conditions, *length_conditions],
        )[0]
        columns = ", ".join([*_LISTED_COLUMNS[:-1], f"left(text, {_PREVIEW_CHARS})"])
        rows = _fetch_rows(
            cursor,
            f"SELECT {columns} FROM " + (_SEARCHABLE_SQL.format(kind=kind) if text_conditions else kind),
            [*text_conditions, *facet_conditions, *length_conditions],
            f"ORDER BY rowid LIMIT {PAGE_SIZE} OFFSET {PAGE_SIZE * page}",
        )
        facets = {}
        for name in _FACETS:
            other_facets = [part for part in facet_conditions if not part.sql.startswith(name)]
            value_counts = _fetch_rows(
                cursor,
                f"SELECT {name}, sum(rows) FROM {facet_counts}",
                [*other_facets, *length_conditions],
                "GROUP BY 1 ORDER BY 1",
            )
            facets[name] = {value: int(count) for value, count in value_counts if value is not None}
        bins = []
        if total:
            conditions = [*facet_conditions, *length_conditions]
            bins = _length_bins(cursor, facet_counts, conditions, shortest, longest)
    return ResultPage(
        int(total), [dict(zip(_LISTED_COLUMNS, row, strict=True)) for row in rows], facets, bins
    )


def read_rows_by_id(
    database: duckdb.DuckDBPyConnection, kind: RowKind, identity: str
) -> list[dict[str, Any]]:
    """Return the rows of an id with their whole texts: one thing can be rejected for several reasons."""
    names = ("id", "instance", "source", "split", "category", "text")
    with database.cursor() as cursor:
        query = f"SELECT {', '.join(names)} FROM {kind} WHERE id = $1 ORDER BY category"
        rows = cursor.execute(query, [identity]).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


def find_counterpart(
    database: duckdb.DuckDBPyConnection, other_database: duckdb.DuckDBPyConnection, identity: str
) -> str | None:
    """Find the id that a changed instance has in another version, paired as `pipeline.diff` pairs them.

    Instances are paired by source, document and index. Returns None where the other version has the same
    instance, or none to pair it with.
    """
    with database.cursor() as cursor, other_database.cursor() as other_cursor:
        query = f"SELECT {_MATCH_COLUMNS} FROM instances WHERE id = $1"
        match_values = cursor.execute(query, [identity]).fetchone()
        if match_values is None:
            return None
        ids = _ids_by_match_values(cursor, match_values)
        other_ids = _ids_by_match_values(other_cursor, match_values)
        kept, known = _existing_ids(other_cursor, ids), _existing_ids(cursor, other_ids)
        removed = (one for one in ids if one not in kept)
        added = (one for one in other_ids if one not in known)
        return dict(zip(removed, added, strict=False)).get(identity)


def _ids_by_match_values(cursor: duckdb.DuckDBPyConnection, match_values: tuple[Any, ...]) -> list[str]:
    query = f"SELECT id FROM instances WHERE ({_MATCH_COLUMNS}) = ($1, $2, $3) ORDER BY id"
    return [identity for (identity,) in cursor.execute(query, list(match_values)).fetchall()]


def _existing_ids(cursor: duckdb.DuckDBPyConnection, ids: list[str]) -> set[str]:
    query = "SELECT id FROM instances WHERE id IN (SELECT unnest($1::VARCHAR[]))"
    return {identity for (identity,) in cursor.execute(query, [ids]).fetchall()}


def _text_conditions(row_filter: RowFilter) -> list[_Condition]:
    """Build the conditions that facet counts cannot answer: they are checked row by row."""
    conditions = []
    if row_filter.instance is not None:
        conditions.append(_Condition("instance = ?", row_filter.instance))
    words = list(dict.fromkeys(phrase or word for phrase, word in _SEARCH_TERM.findall(row_filter.text)))
    if len(words) > MAX_SEARCH_WORDS:
        raise MemcurateError(
            f"text: this search has {len(words):,} different words, a search takes at most "
            f"{MAX_SEARCH_WORDS}: search for fewer words"
        )
    if words:
        conditions.append(_Condition(_ALL_WORDS_SQL, words))
    return conditions


def _length_conditions(row_filter: RowFilter) -> list[_Condition]:
    bounds = (("length >= ?", row_filter.min_length), ("length <= ?", row_filter.max_length))
    return [_Condition(condition, value) for condition, value in bounds if value is not None]


def _length_bins(
    cursor: duckdb.DuckDBPyConnection,
    facet_counts: str,
    conditions: Sequence[_Condition],
    shortest: int,
    longest: int,
) -> list[tuple[int, int, int]]:
    """Count rows in at most _MAX_BINS equal bins of lengths: (first length, last length, rows) of each."""
    width = max(-(-(longest - shortest + 1) // _MAX_BINS), 1)
    query = f"SELECT (length - {shortest}) // {width}, sum(rows) FROM {facet_counts}"
    counts = dict(_fetch_rows(cursor, query, conditions, "GROUP BY 1"))
    return [
        (shortest + number * width, shortest + (number + 1) * width - 1, int(counts.get(number, 0)))
        for number in range((longest - shortest) // width + 1)
    ]


def _facet_table(cursor: duckdb.DuckDBPyConnection, kind: RowKind, conditions: Sequence[_Condition]) -> str:
    """Return the name of the table of facet counts of the rows that satisfy the conditions.

    The counts of all rows are computed when a version is loaded; with conditions, all texts are searched.
    """
    if not conditions:
        return f"{kind}_facet_counts"
    facet_counts = FACET_COUNTS_SQL.format(kind=_SEARCHABLE_SQL.format(kind=kind))
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE matching_facet_counts AS {facet_counts} "
        f"WHERE {' AND '.join(part.sql for part in conditions)} GROUP BY ALL",
        [part.value for part in conditions],
    )
    return "matching_facet_counts"


def _fetch_rows(
    cursor: duckdb.DuckDBPyConnection, query: str, conditions: Sequence[_Condition], suffix: str = ""
) -> list[Any]:
    where = " AND ".join(["true", *(part.sql for part in conditions)])
    return cursor.execute(f"{query} WHERE {where} {suffix}", [part.value for part in conditions]).fetchall()
