"""The viewer's queries on tables of single versions."""

from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.schema import Instance
from pipeline.core.storage import write_rows
from pipeline.viewer.database import FACET_COUNTS_SQL, load_tables
from pipeline.viewer.queries import PAGE_SIZE, RowFilter, find_counterpart, query_rows
from tests.pipeline.questions.factories import make_instance, make_question


def test_an_instance_moved_up_is_not_the_counterpart_of_a_removed_one(tmp_path: Path) -> None:
    """Bar: the first of three is removed, so that the others get its index and the next."""

    def load_version(name: str, instances: list[Instance]) -> duckdb.DuckDBPyConnection:
        write_rows(tmp_path / name, Instance, instances)
        return load_tables([tmp_path / name], [])

    old = load_version("old", [make_instance(f"made/{n}", {"s": "A text."}, index=n) for n in range(3)])
    new = load_version("new", [make_instance(f"made/{n}", {"s": "A text."}, index=n - 1) for n in (1, 2)])
    assert [find_counterpart(old, new, f"made/{n}") for n in range(3)] == [None] * 3


def test_the_answer_of_a_label_question_shows_the_labels_name(tmp_path: Path) -> None:
    instance = make_instance("made/i", {"s": "Hi there"}, labels=["farewell", "greeting"])
    label_question = make_question("made/q", "Which label?", ["1"])
    label_question.origin = "label"
    instance.questions = [label_question, make_question("made/r", "How many?", ["1"])]
    write_rows(tmp_path / "train.parquet", Instance, [instance])
    rows = query_rows(load_tables([tmp_path / "train.parquet"], []), "questions", RowFilter(), 0).rows
    assert [row["text"] for row in rows] == ["Which label? → 1 (greeting)", "How many? → 1"]


@settings(deadline=None)  # a database for each
@given(st.lists(st.integers(0, 300), max_size=30), st.integers(0, 2))
def test_every_length_is_in_one_bin(lengths: list[int], page: int) -> None:
    database = duckdb.connect()
    database.execute(
        "CREATE TABLE chunks (id VARCHAR, instance VARCHAR, source VARCHAR, split VARCHAR, category VARCHAR, "
        "index INTEGER, length INTEGER, text VARCHAR)"
    )
    database.execute(
        "INSERT INTO chunks SELECT n, 'i', 's', 'train', NULL, 0, n, '' FROM unnest($1) AS lengths(n)",
        [lengths],
    )
    facet_counts = FACET_COUNTS_SQL.format(kind="chunks")
    database.execute(f"CREATE TABLE chunks_facet_counts AS {facet_counts} GROUP BY ALL")
    result = query_rows(database, "chunks", RowFilter(), page)
    assert result.total == sum(count for _, _, count in result.lengths) == len(lengths)
    assert len(result.rows) == max(min(len(lengths) - PAGE_SIZE * page, PAGE_SIZE), 0)
    for low, high, count in result.lengths:
        assert count == sum(low <= length <= high for length in lengths)
