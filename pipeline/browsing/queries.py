"""Rows that a reader asks for: filtered, searched, counted by each filter's values, a page at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.browsing.database import CELLS
from pipeline.comparing.tables import Kind

PAGE = 50  # rows
_BINS = 24
_FACETS = ("source", "split", "sort")
_SHOWN = 400  # characters of a row's text in a list
_NAMES = ("id", "instance", "source", "split", "sort", "ordinal", "length", "text")
_WANTED = re.compile(r'"([^"]+)"|(\S+)')


@dataclass(frozen=True, slots=True)
class Filter:
    """What rows must be; None: anything."""

    source: str | None = None
    split: str | None = None
    sort: str | None = None
    instance: str | None = None
    least: int | None = None  # of their length
    most: int | None = None
    text: str = (
        ""  # words that all must stand in them, in any case and order; "in quotes": one after the other
    )


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows, and figures of all that fit."""

    total: int
    rows: list[dict[str, Any]]
    facets: dict[str, dict[str, int]]  # by filter, by value: how many fit with that value instead
    lengths: list[tuple[int, int, int]]  # bins: from, to, rows


def found(database: duckdb.DuckDBPyConnection, kind: Kind, wanted: Filter, page: int) -> Rows:
    """The rows of a kind that fit a filter, one page of them."""
    with database.cursor() as cursor:
        words = _words(wanted)
        lengths = _lengths(wanted)
        chosen = [
            _Part(f"{name} = ?", value) for name in _FACETS if (value := getattr(wanted, name)) is not None
        ]
        cells = _cells(cursor, kind, words)
        (total, low, high) = _rows(
            cursor,
            f"SELECT coalesce(sum(rows), 0), min(length), max(length) FROM {cells}",
            [*chosen, *lengths],
        )[0]
        shown = f"SELECT id, instance, source, split, sort, ordinal, length, left(text, {_SHOWN}) FROM {kind}"
        limit = f"ORDER BY rowid LIMIT {PAGE} OFFSET {PAGE * page}"
        rows = _rows(cursor, shown, [*words, *chosen, *lengths], limit)
        facets = {}
        for name in _FACETS:
            others = [part for part in chosen if not part.condition.startswith(name)]
            counted = _rows(
                cursor, f"SELECT {name}, sum(rows) FROM {cells}", [*others, *lengths], "GROUP BY 1 ORDER BY 1"
            )
            facets[name] = {value: int(count) for value, count in counted if value is not None}
        bins = []
        if total:
            width = max(-(-(high - low + 1) // _BINS), 1)
            binned = f"SELECT (length - {low}) // {width}, sum(rows) FROM {cells}"
            counts = dict(_rows(cursor, binned, [*chosen, *lengths], "GROUP BY 1"))
            bins = [
                (low + number * width, low + (number + 1) * width - 1, int(counts.get(number, 0)))
                for number in range((high - low) // width + 1)
            ]
    return Rows(int(total), [dict(zip(_NAMES, row, strict=True)) for row in rows], facets, bins)


def whole(database: duckdb.DuckDBPyConnection, kind: Kind, identity: str) -> list[dict[str, str]]:
    """Sort and uncut text of the rows of this id: a thing can be rejected for several reasons."""
    with database.cursor() as cursor:
        found = cursor.execute(
            f"SELECT sort, text FROM {kind} WHERE id = $1 ORDER BY 1", [identity]
        ).fetchall()
    return [{"sort": sort, "text": text} for sort, text in found]


@dataclass(frozen=True, slots=True)
class _Part:
    """A condition of a query and its value."""

    condition: str
    value: object


def _words(wanted: Filter) -> list[_Part]:
    """What looks into rows one by one."""
    parts = [_Part("instance = ?", wanted.instance)] if wanted.instance is not None else []
    found = _WANTED.findall(wanted.text)
    return parts + [_Part("contains(lower(text), lower(?))", quoted or word) for quoted, word in found]


def _lengths(wanted: Filter) -> list[_Part]:
    bounds = (("length >= ?", wanted.least), ("length <= ?", wanted.most))
    return [_Part(condition, value) for condition, value in bounds if value is not None]


def _cells(cursor: duckdb.DuckDBPyConnection, kind: Kind, words: Sequence[_Part]) -> str:
    """The table of how many rows have each source, split, sort and length, from which all is counted.

    That of all rows was made once; for words, texts are looked through.
    """
    if not words:
        return f"{kind}_cells"
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE cells AS {CELLS.format(kind=kind)} "
        f"WHERE {' AND '.join(part.condition for part in words)} GROUP BY ALL",
        [part.value for part in words],
    )
    return "cells"


def _rows(cursor: duckdb.DuckDBPyConnection, query: str, parts: Sequence[_Part], end: str = "") -> list[Any]:
    where = " AND ".join(["true", *(part.condition for part in parts)])
    return cursor.execute(f"{query} WHERE {where} {end}", [part.value for part in parts]).fetchall()
