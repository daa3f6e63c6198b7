"""memcurate browse: what a reader asks of 100,000 questions, against the bare DuckDB query."""

from functools import partial

import duckdb

from pipeline.browsing.database import count_cells, load
from pipeline.browsing.queries import PAGE, Filter, found
from pipeline.errors import MemcurateError
from pipeline.params import Params
from pipeline.schema import SIDES
from stages.bench.timing import Result, alternate, longer, timed
from stages.running import DATASET

QUESTIONS = 100_000
_WORD = "where"
_ROUNDS = 20  # of a run: one takes milliseconds

_GROWN = """
    CREATE TABLE grown AS SELECT concat(id, ' ', copy) AS id, questions.* EXCLUDE (id)
    FROM questions, range($1) AS copies(copy) LIMIT $2;
    DROP TABLE questions;
    ALTER TABLE grown RENAME TO questions"""
_BARE = "SELECT id, text FROM questions WHERE {where} ORDER BY rowid LIMIT {page}"


def bench(params: Params, repeat: int) -> list[Result]:
    """Measure a filter and a search on copies of the dataset's questions.

    Raises MemcurateError when it is not built.
    """
    paths = [DATASET / f"{split}.parquet" for split in SIDES]
    if not all(path.exists() for path in paths):
        raise MemcurateError(f"{DATASET} is missing: build it with `dvc repro`")
    database = load(paths, [])
    _grow(database)
    source = params.use[0]
    asked = {
        f"filter of {QUESTIONS:,} questions": (Filter(source=source), "source = $1", source),
        f"search of {QUESTIONS:,} questions": (Filter(text=_WORD), "contains(lower(text), $1)", _WORD),
    }
    results = []
    for name, (wanted, where, value) in asked.items():
        query = _BARE.format(where=where, page=PAGE)
        runs = [timed(partial(_found, database, wanted)), timed(partial(_bare, database, query, value))]
        mine, bare = alternate(runs, repeat, name)
        results.append(longer(name, "the bare DuckDB query", mine, bare))
    return results


def _grow(database: duckdb.DuckDBPyConnection) -> None:
    (count,) = database.execute("SELECT count(*) FROM questions").fetchall()[0]
    if not count:
        raise MemcurateError(f"{DATASET} holds no question to measure with")
    for statement in _GROWN.split(";"):
        values = [-(-QUESTIONS // count), QUESTIONS] if "$1" in statement else None
        database.execute(statement, values)
    count_cells(database)


def _found(database: duckdb.DuckDBPyConnection, wanted: Filter) -> None:
    for _ in range(_ROUNDS):
        found(database, "questions", wanted, 0)


def _bare(database: duckdb.DuckDBPyConnection, query: str, value: str) -> None:
    for _ in range(_ROUNDS):
        database.execute(query, [value]).fetchall()
