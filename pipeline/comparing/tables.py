"""The rows of dataset files as tables of ids and places, in one DuckDB connection.

Parquet is read by pyarrow: it leaves out columns inside of lists, such as a chunk's text; DuckDB does not.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import duckdb

from pipeline.schema import Instance, Reject
from pipeline.storage import column_groups

Side = Literal["old", "new"]
Kind = Literal["instances", "chunks", "questions", "rejects"]
SIDES: tuple[Side, ...] = get_args(Side)
KINDS: tuple[Kind, ...] = get_args(Kind)

# `sort`: a question's origin, a reject's stage and reason. `subject`: the id of what was rejected.
_COLUMNS = """id VARCHAR, source VARCHAR, split VARCHAR, place UBIGINT, file INTEGER, row_group INTEGER,
    tokens BIGINT, sort VARCHAR, subject VARCHAR"""

_IN_INSTANCES = (
    "id",
    "source",
    "split",
    "document",
    "ordinal",
    "tokens",
    "chunks.list.element.id",
    "chunks.list.element.ordinal",
    "chunks.list.element.tokens",
    "questions.list.element.id",
    "questions.list.element.text",
    "questions.list.element.origin",
)
_INSTANCE_ROWS: Mapping[Kind, str] = {
    "instances": """
        SELECT id, source, split, hash(document, ordinal), $1, $2, tokens, NULL, NULL FROM part""",
    "chunks": """
        SELECT c.id, source, split, hash(document, ordinal, c.ordinal), $1, $2, c.tokens, NULL, NULL
        FROM (SELECT source, split, document, ordinal, unnest(chunks) AS c FROM part)""",
    "questions": """
        SELECT q.id, source, split, hash(document, q.text), $1, $2, NULL, q.origin, NULL
        FROM (SELECT source, split, document, unnest(questions) AS q FROM part)""",
}

_IN_REJECTS = ("id", "source", "stage", "reason", "split")
# A reject has no place in a document, and is another one where its reason is.
_REJECT_ROWS: Mapping[Kind, str] = {
    "rejects": """
        SELECT concat_ws(' ', id, stage, reason), source, coalesce(split, 'undivided'), NULL, $1, $2, NULL,
               concat(stage, ': ', reason), id
        FROM part"""
}


def connect() -> duckdb.DuckDBPyConnection:
    """An empty database in memory."""
    database = duckdb.connect()
    database.execute("SET memory_limit = '1GB'; SET preserve_insertion_order = false")
    return database


def read_side(
    database: duckdb.DuckDBPyConnection, side: Side, dataset: Sequence[Path], rejects: Sequence[Path]
) -> None:
    """Make the tables old_instances, old_chunks …, or new_…, of the files of a version.

    A row's `file` is its number in the list. Raises MemcurateError where a file cannot be read,
    or is of another schema version.
    """
    for kind in KINDS:
        database.execute(f"CREATE TABLE {side}_{kind} ({_COLUMNS})")
    for paths, shape, columns, rows in (
        (dataset, Instance, _IN_INSTANCES, _INSTANCE_ROWS),
        (rejects, Reject, _IN_REJECTS, _REJECT_ROWS),
    ):
        for number, path in enumerate(paths):
            for group in row_groups(database, path, shape, columns):
                for kind, of_kind in rows.items():
                    database.execute(f"INSERT INTO {side}_{kind} {of_kind}", [number, group])


def row_groups(
    database: duckdb.DuckDBPyConnection, path: Path, shape: type, columns: Sequence[str] | None = None
) -> Iterator[int]:
    """The row groups of a file of `shape`, by number, each in its turn as the view `part`; of all columns, or
    of some.

    Raises MemcurateError as `storage.read_rows` does.
    """
    for number, group in enumerate(column_groups(path, shape, columns)):
        database.register("part", group)
        yield number
        database.unregister("part")
