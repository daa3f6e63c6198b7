"""The rows of dataset files as tables of ids and match keys, in one DuckDB connection.

Parquet is read by pyarrow, not by DuckDB: pyarrow can skip columns inside lists, such as a chunk's text.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import duckdb

from pipeline.core.schema import Instance, Reject
from pipeline.core.storage import iter_row_groups

VersionRole = Literal["old", "new"]
RowKind = Literal["instances", "chunks", "questions", "rejects"]
VERSION_ROLES: tuple[VersionRole, ...] = get_args(VersionRole)
ROW_KINDS: tuple[RowKind, ...] = get_args(RowKind)

# `match_key` pairs a removed row with an added one.
# `category`: a question's origin, a reject's stage and reason.
# `subject`: the id of the rejected instance, question or record.
_COLUMNS = """id VARCHAR, source VARCHAR, split VARCHAR, match_key UBIGINT, file INTEGER, row_group INTEGER,
    tokens BIGINT, category VARCHAR, subject VARCHAR"""

_INSTANCE_COLUMNS = (
    "id",
    "source",
    "split",
    "document",
    "index",
    "tokens",
    "chunks.list.element.id",
    "chunks.list.element.index",
    "chunks.list.element.tokens",
    "questions.list.element.id",
    "questions.list.element.text",
    "questions.list.element.origin",
)
_INSTANCE_QUERIES: Mapping[RowKind, str] = {
    "instances": """
        SELECT id, source, split, hash(document, index), $1, $2, tokens, NULL, NULL FROM part""",
    "chunks": """
        SELECT chunk.id, source, split, hash(document, index, chunk.index), $1, $2, chunk.tokens, NULL, NULL
        FROM (SELECT source, split, document, index, unnest(chunks) AS chunk FROM part)""",
    "questions": """
        SELECT question.id, source, split, hash(document, question.text), $1, $2, NULL, question.origin, NULL
        FROM (SELECT source, split, document, unnest(questions) AS question FROM part)""",
}

_REJECT_COLUMNS = ("id", "source", "stage", "reason", "split")
# A reject has no match key: one with another reason is another reject.
_REJECT_QUERIES: Mapping[RowKind, str] = {
    "rejects": """
        SELECT concat_ws(' ', id, stage, reason), source, coalesce(split, 'undivided'), NULL, $1, $2, NULL,
               concat(stage, ': ', reason), id
        FROM part"""
}


def connect() -> duckdb.DuckDBPyConnection:
    """Open an empty database in memory."""
    database = duckdb.connect()
    database.execute("SET memory_limit = '1GB'; SET preserve_insertion_order = false")
    return database


def load_version(
    database: duckdb.DuckDBPyConnection, role: VersionRole, dataset: Sequence[Path], rejects: Sequence[Path]
) -> None:
    """Create the tables <role>_instances, <role>_chunks, … of the files of a version.

    A row's `file` is the index of its file in `dataset` or `rejects`. Raises MemcurateError where a file
    cannot be read, or is of another schema version.
    """
    for kind in ROW_KINDS:
        database.execute(f"CREATE TABLE {role}_{kind} ({_COLUMNS})")
    for paths, row_type, columns, queries in (
        (dataset, Instance, _INSTANCE_COLUMNS, _INSTANCE_QUERIES),
        (rejects, Reject, _REJECT_COLUMNS, _REJECT_QUERIES),
    ):
        for file_index, path in enumerate(paths):
            for group in register_row_groups(database, path, row_type, columns):
                for kind, query in queries.items():
                    database.execute(f"INSERT INTO {role}_{kind} {query}", [file_index, group])


def register_row_groups(
    database: duckdb.DuckDBPyConnection, path: Path, row_type: type, columns: Sequence[str] | None = None
) -> Iterator[int]:
    """Register the row groups of a Parquet file one after the other as the view `part`; yield their numbers.

    `row_type`: the dataclass of the file's rows. `columns`: the columns to read; None: all. Raises
    MemcurateError as `storage.read_rows` does.
    """
    for number, group in enumerate(iter_row_groups(path, row_type, columns)):
        database.register("part", group)
        yield number
        database.unregister("part")
