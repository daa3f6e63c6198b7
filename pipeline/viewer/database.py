"""A version of the dataset as DuckDB tables of rows that can be filtered and searched.

The tables of all row kinds have the same columns:

- `category`: a question's origin; a reject's stage and reason.
- `length`: tokens of an instance or chunk; characters of a question or reject.
- `text`, which is searched: a chunk's text; a question with its answers; a reject's detail with the rejected
  text; an instance's document and index with the beginning of its text, since instances of labelled examples
  all have one document.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from pipeline.core.schema import Instance, Reject
from pipeline.diff.row_tables import ROW_KINDS, RowKind, register_row_groups

_COLUMNS = """id VARCHAR, instance VARCHAR, source VARCHAR, split VARCHAR, category VARCHAR, index INTEGER,
    length INTEGER, text VARCHAR, document VARCHAR"""
_PREVIEW_CHARS = 160  # characters shown of an instance's first segment

_INSTANCE_QUERIES: Mapping[RowKind, str] = {
    "instances": f"""
        WITH first_texts AS (SELECT *, chunks[1].text AS text, chunks[1].segments[1] AS segment FROM part)
        SELECT id, id, source, split, NULL, index, tokens,
               concat(document, ', number ', index, ': ',
                      substring(text, segment.start + 1,
                                least(segment.end - segment.start, {_PREVIEW_CHARS}))),
               document
        FROM first_texts""",
    "chunks": """
        SELECT chunk.id, instance, source, split, NULL, chunk.index, chunk.tokens, chunk.text, NULL
        FROM (SELECT id AS instance, source, split, unnest(chunks) AS chunk FROM part)""",
    "questions": """
        SELECT question.id, instance, source, split, question.origin, NULL, len(question.text),
               concat(question.text, ' → ', array_to_string([
                   concat(answer, ' (' || label_names[answer] || ')') FOR answer IN question.answers], '; ')),
               NULL
        FROM (SELECT instance, source, split, question,
                     CASE WHEN question.origin = 'label' THEN names END AS label_names
              FROM (SELECT id AS instance, source, split, unnest(questions) AS question,
                           map_from_entries([{k: l.number::VARCHAR, v: l.name} FOR l IN labels]) AS names
                    FROM part))""",
}
_REJECT_QUERIES: Mapping[RowKind, str] = {
    "rejects": """
        WITH segment_texts AS (
            SELECT *, array_to_string([segment.text FOR segment IN segments], ' ') AS segment_text FROM part),
          rejected_texts AS (
            SELECT *, concat_ws(' ', question.text, nullif(segment_text, '')) AS rejected_text
            FROM segment_texts)
        SELECT id, document, source, coalesce(split, 'undivided'), concat(stage, ': ', reason), NULL,
               len(rejected_text), concat_ws(' · ', nullif(detail, ''), nullif(rejected_text, '')), NULL
        FROM rejected_texts"""
}


FACET_COUNTS_SQL = "SELECT source, split, category, length, count(*) AS rows FROM {kind}"


def load_tables(dataset: Sequence[Path], rejects: Sequence[Path]) -> duckdb.DuckDBPyConnection:
    """Load the tables of a version from the Parquet files of its splits and of its rejects.

    Raises MemcurateError where a file cannot be read, or is of another schema version.
    """
    database = duckdb.connect()
    for kind in ROW_KINDS:
        database.execute(f"CREATE TABLE {kind} ({_COLUMNS})")
    for paths, row_type, queries in (
        (dataset, Instance, _INSTANCE_QUERIES),
        (rejects, Reject, _REJECT_QUERIES),
    ):
        for path in paths:
            for _ in register_row_groups(database, path, row_type):
                for kind, query in queries.items():
                    database.execute(f"INSERT INTO {kind} {query}")
    create_facet_counts(database)
    return database


def create_facet_counts(database: duckdb.DuckDBPyConnection) -> None:
    """Create the tables <kind>_facet_counts: numbers of rows by source, split, category and length."""
    for kind in ROW_KINDS:
        facet_counts = FACET_COUNTS_SQL.format(kind=kind)
        database.execute(f"CREATE OR REPLACE TABLE {kind}_facet_counts AS {facet_counts} GROUP BY ALL")
