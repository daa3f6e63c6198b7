"""A version of the dataset as tables in DuckDB, with what rows are filtered and searched by.

All kinds have the same columns. `sort` is a question's origin, and a reject's stage and reason; `length`
counts tokens of instances and chunks, characters of questions and rejects; `text` is what is searched: a
chunk's text, a question with its answers, a reject's detail with what was rejected, an instance's document
and number with how it begins (instances of labelled examples are all of one document).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from pipeline.comparing.tables import KINDS, Kind, row_groups
from pipeline.schema import Instance, Reject

_COLUMNS = """id VARCHAR, instance VARCHAR, source VARCHAR, split VARCHAR, sort VARCHAR, ordinal INTEGER,
    length INTEGER, text VARCHAR, document VARCHAR"""
_BEGINNING = 160  # characters of an instance's first segment

_OF_INSTANCES: Mapping[Kind, str] = {
    "instances": f"""
        WITH begun AS (SELECT *, chunks[1].text AS text, chunks[1].segments[1] AS first FROM part)
        SELECT id, id, source, split, NULL, ordinal, tokens,
               concat(document, ', number ', ordinal, ': ',
                      substring(text, first.start + 1, least(first.end - first.start, {_BEGINNING}))),
               document
        FROM begun""",
    "chunks": """
        SELECT c.id, instance, source, split, NULL, c.ordinal, c.tokens, c.text, NULL
        FROM (SELECT id AS instance, source, split, unnest(chunks) AS c FROM part)""",
    "questions": """
        SELECT q.id, instance, source, split, q.origin, NULL, len(q.text),
               concat(q.text, ' → ', array_to_string([
                   concat(answer, ' (' || named[answer] || ')') FOR answer IN q.answers], '; ')), NULL
        FROM (SELECT instance, source, split, q, CASE WHEN q.origin = 'held-out' THEN names END AS named
              FROM (SELECT id AS instance, source, split, unnest(questions) AS q,
                           map_from_entries([{k: l.number::VARCHAR, v: l.name} FOR l IN labels]) AS names
                    FROM part))""",
}
_OF_REJECTS: Mapping[Kind, str] = {
    "rejects": """
        WITH whole AS (
            SELECT *, array_to_string([one.text FOR one IN segments], ' ') AS lost FROM part),
          told AS (SELECT *, concat_ws(' ', question.text, nullif(lost, '')) AS said FROM whole)
        SELECT id, document, source, coalesce(split, 'undivided'), concat(stage, ': ', reason), NULL,
               len(said), concat_ws(' · ', nullif(detail, ''), nullif(said, '')), NULL FROM told"""
}


CELLS = "SELECT source, split, sort, length, count(*) AS rows FROM {kind}"


def load(dataset: Sequence[Path], rejects: Sequence[Path]) -> duckdb.DuckDBPyConnection:
    """The tables of a version: the files of its splits, and those of its rejects.

    Raises MemcurateError where one cannot be read, or is of another schema version.
    """
    database = duckdb.connect()
    for kind in KINDS:
        database.execute(f"CREATE TABLE {kind} ({_COLUMNS})")
    for paths, shape, rows in ((dataset, Instance, _OF_INSTANCES), (rejects, Reject, _OF_REJECTS)):
        for path in paths:
            for _ in row_groups(database, path, shape):
                for kind, of_kind in rows.items():
                    database.execute(f"INSERT INTO {kind} {of_kind}")
    count_cells(database)
    return database


def count_cells(database: duckdb.DuckDBPyConnection) -> None:
    """Make the tables instances_cells …: how many rows have each source, split, sort and length."""
    for kind in KINDS:
        database.execute(f"CREATE OR REPLACE TABLE {kind}_cells AS {CELLS.format(kind=kind)} GROUP BY ALL")
