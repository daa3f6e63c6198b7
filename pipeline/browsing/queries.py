"""Rows that a reader asks for: filtered, searched, counted by each filter's values, a page at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.browsing.database import CELLS
from pipeline.comparing.tables import Kind
from pipeline.errors import MemcurateError

PAGE = 50  # rows
WORDS = 20  # of a search: every one is looked for in every text
_BINS = 24
_FACETS = ("source", "split", "sort")
_SHOWN = 400  # characters of a row's text in a list
_NAMES = ("id", "instance", "source", "split", "sort", "ordinal", "length", "text")
_PLACE = "source, document, ordinal"  # of an instance, as in comparing.tables
# In small letters once for all words, not once for each.
_SEARCHED = "(SELECT rowid, *, lower(text) AS low FROM {kind})"
_HAS_WORDS = "len(list_filter(?, lambda word: NOT (contains(low, lower(word)) OR id = word))) = 0"
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
    # Words that all must stand in them, in any case and order; "in quotes": one after the other. Or an id.
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows, and figures of all that fit."""

    total: int
    rows: list[dict[str, Any]]
    facets: dict[str, dict[str, int]]  # by filter, by value: how many fit with that value instead
    lengths: list[tuple[int, int, int]]  # bins: from, to, rows


def found(database: duckdb.DuckDBPyConnection, kind: Kind, wanted: Filter, page: int) -> Rows:
    """The rows of a kind that fit a filter, one page of them.

    Raises MemcurateError where a search has more than WORDS words.
    """
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
        shown = f"SELECT id, instance, source, split, sort, ordinal, length, left(text, {_SHOWN}) FROM "
        shown += _SEARCHED.format(kind=kind) if words else kind
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


def whole(database: duckdb.DuckDBPyConnection, kind: Kind, identity: str) -> list[dict[str, Any]]:
    """The rows of this id, with their text uncut: a thing can be rejected for several reasons."""
    names = ("id", "instance", "source", "split", "sort", "text")
    with database.cursor() as cursor:
        query = f"SELECT {', '.join(names)} FROM {kind} WHERE id = $1 ORDER BY sort"
        found = cursor.execute(query, [identity]).fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]


def partner(
    database: duckdb.DuckDBPyConnection, other: duckdb.DuckDBPyConnection, identity: str
) -> str | None:
    """The id that a changed instance has in another version, as `comparing` pairs them: by its place.

    None where the other version has the same instance, or none at its place.
    """
    with database.cursor() as ours, other.cursor() as theirs:
        place = ours.execute(f"SELECT {_PLACE} FROM instances WHERE id = $1", [identity]).fetchone()
        if place is None:
            return None
        here, there = _at(ours, place), _at(theirs, place)
        kept, known = _known(theirs, here), _known(ours, there)
        gone, come = (one for one in here if one not in kept), (one for one in there if one not in known)
        return dict(zip(gone, come, strict=False)).get(identity)


def _at(cursor: duckdb.DuckDBPyConnection, place: tuple[Any, ...]) -> list[str]:
    query = f"SELECT id FROM instances WHERE ({_PLACE}) = ($1, $2, $3) ORDER BY id"
    return [identity for (identity,) in cursor.execute(query, list(place)).fetchall()]


def _known(cursor: duckdb.DuckDBPyConnection, ids: list[str]) -> set[str]:
    query = "SELECT id FROM instances WHERE id IN (SELECT unnest($1::VARCHAR[]))"
    return {identity for (identity,) in cursor.execute(query, [ids]).fetchall()}


@dataclass(frozen=True, slots=True)
class _Part:
    """A condition of a query and its value."""

    condition: str
    value: object


def _words(wanted: Filter) -> list[_Part]:
    """What looks into rows one by one."""
    parts = [_Part("instance = ?", wanted.instance)] if wanted.instance is not None else []
    words = list(dict.fromkeys(quoted or word for quoted, word in _WANTED.findall(wanted.text)))
    if len(words) > WORDS:
        raise MemcurateError(f"a search takes {WORDS} words, this one has {len(words):,}")
    return [*parts, _Part(_HAS_WORDS, words)] if words else parts


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
        f"CREATE OR REPLACE TEMP TABLE cells AS {CELLS.format(kind=_SEARCHED.format(kind=kind))} "
        f"WHERE {' AND '.join(part.condition for part in words)} GROUP BY ALL",
        [part.value for part in words],
    )
    return "cells"


def _rows(cursor: duckdb.DuckDBPyConnection, query: str, parts: Sequence[_Part], end: str = "") -> list[Any]:
    where = " AND ".join(["true", *(part.condition for part in parts)])
    return cursor.execute(f"{query} WHERE {where} {end}", [part.value for part in parts]).fetchall()
