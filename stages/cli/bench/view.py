"""view: the viewer's queries on 100,000 questions, against the bare DuckDB query."""

from functools import partial

import duckdb

from pipeline.core.errors import MemcurateError
from pipeline.core.params import Params
from pipeline.core.schema import DRAWN_SPLITS
from pipeline.viewer.database import create_facet_counts, load_tables
from pipeline.viewer.queries import PAGE_SIZE, RowFilter, query_rows
from stages.cli.bench.timing import BenchmarkResult, make_timer, measure_slowdown, run_alternating
from stages.shared.paths import DATASET_DIR

NUM_QUESTIONS = 100_000
_SEARCH_WORD = "where"
_QUERIES_PER_RUN = 20  # one query takes milliseconds

_GROW_SQL = """
    CREATE TABLE grown AS SELECT concat(id, ' ', copy) AS id, questions.* EXCLUDE (id)
    FROM questions, range($1) AS copies(copy) LIMIT $2;
    DROP TABLE questions;
    ALTER TABLE grown RENAME TO questions"""
_BASELINE_SQL = "SELECT id, text FROM questions WHERE {where} ORDER BY rowid LIMIT {page}"


def bench(params: Params, repeat: int) -> list[BenchmarkResult]:
    """Measure a filter and a search on copies of the dataset's questions.

    Raises MemcurateError when it is not built.
    """
    paths = [DATASET_DIR / f"{split}.parquet" for split in DRAWN_SPLITS]
    if not all(path.exists() for path in paths):
        raise MemcurateError(f"{DATASET_DIR} is missing: build it with `dvc repro`")
    database = load_tables(paths, [])
    _grow_questions(database)
    source = params.enabled_sources[0]
    queries = {
        f"filter of {NUM_QUESTIONS:,} questions": (RowFilter(source=source), "source = $1", source),
        f"search of {NUM_QUESTIONS:,} questions": (
            RowFilter(text=_SEARCH_WORD),
            "contains(lower(text), $1)",
            _SEARCH_WORD,
        ),
    }
    results = []
    for name, (row_filter, where, value) in queries.items():
        query = _BASELINE_SQL.format(where=where, page=PAGE_SIZE)
        runs = [
            make_timer(partial(_run_viewer_query, database, row_filter)),
            make_timer(partial(_run_baseline_query, database, query, value)),
        ]
        seconds, baseline_seconds = run_alternating(runs, repeat, name)
        results.append(measure_slowdown(name, "the bare DuckDB query", seconds, baseline_seconds))
    return results


def _grow_questions(database: duckdb.DuckDBPyConnection) -> None:
    (count,) = database.execute("SELECT count(*) FROM questions").fetchall()[0]
    if not count:
        raise MemcurateError(f"{DATASET_DIR} holds no question to measure with")
    for statement in _GROW_SQL.split(";"):
        values = [-(-NUM_QUESTIONS // count), NUM_QUESTIONS] if "$1" in statement else None
        database.execute(statement, values)
    create_facet_counts(database)


def _run_viewer_query(database: duckdb.DuckDBPyConnection, row_filter: RowFilter) -> None:
    for _ in range(_QUERIES_PER_RUN):
        query_rows(database, "questions", row_filter, 0)


def _run_baseline_query(database: duckdb.DuckDBPyConnection, query: str, value: str) -> None:
    for _ in range(_QUERIES_PER_RUN):
        database.execute(query, [value]).fetchall()
