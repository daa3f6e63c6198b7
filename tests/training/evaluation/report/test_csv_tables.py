"""The CSV files that DVC plots read."""

import csv
from pathlib import Path

from tests.training.evaluation.report.factories import HOSTILE_SOURCE, METHODS, make_episode, make_tables
from training.evaluation.aggregate import EpisodeAggregator
from training.evaluation.report.csv_tables import write_tables
from training.memory.schema import MemoryMeasures


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_scores_have_a_row_for_each_method(tmp_path: Path) -> None:
    tables = make_tables(models=["tiny"])
    write_tables(tmp_path, tables)
    cell = tables[0].cells["scripted"]["books"]
    figures = {"score": "0.7500", "ci_low": f"{cell.ci_low:.4f}", "ci_high": f"{cell.ci_high:.4f}"}
    books = read_csv(tmp_path / "scores/books.csv")
    assert [line["method"] for line in books] == [*METHODS, "tiny"]
    assert books[0] == {"method": "scripted", **figures}
    assert [line["method"] for line in read_csv(tmp_path / f"scores/{HOSTILE_SOURCE}.csv")] == list(METHODS)


def test_steps_of_lengths_sort_by_length(tmp_path: Path) -> None:
    write_tables(tmp_path, make_tables(models=["tiny"]))
    books = read_csv(tmp_path / "lengths/books.csv")
    assert [(line["step"], line["tokens"], line["score"]) for line in books[:3]] == [
        ("scripted 01 test", "", "0.7500"),
        ("scripted 02 30K", "30000", "0.7500"),
        ("scripted 03 1.5M", "1500000", "0.7500"),
    ]
    for method in METHODS:
        steps = [line["step"] for line in books if line["method"] == method]
        assert steps == sorted(steps)
    small = read_csv(tmp_path / f"lengths/{HOSTILE_SOURCE}.csv")
    assert [line["step"] for line in small if line["method"] == "scripted"] == [
        "scripted 01 test",
        "scripted 02 30K",
    ]


def test_kinds_and_memories_have_tables_of_their_own_where_there_are_any(tmp_path: Path) -> None:
    aggregator = EpisodeAggregator(100, 5, "bm25_chunks")
    for number in range(2):
        episode = make_episode("scripted", "books", number)
        for index, answer in enumerate(episode.answers):
            answer.kind = "move"
            answer.wrong_answers = ["Rome"] if index % 2 else []
        if number == 0:
            episode.measures = [
                MemoryMeasures(0.5, None, 1.0, 0.25, 10),
                MemoryMeasures(1.0, None, 0.0, 0.75, 20),
            ]
        aggregator.add(episode)
    write_tables(tmp_path, aggregator.build_tables())
    kinds = read_csv(tmp_path / "kinds.csv")
    assert [(row["with_wrong_answers"], row["questions"], row["score"]) for row in kinds] == [
        ("no", "4", "1.0000"),
        ("yes", "4", "0.5000"),
    ]
    assert {(row["kind"], row["instances"], row["context_length"]) for row in kinds} == {("move", "2", "")}
    (memory,) = read_csv(tmp_path / "memory.csv")
    assert (memory["recall"], memory["stale"], memory["forgotten"]) == ("0.7500", "", "0.5000")
    assert (memory["noise"], memory["memory_tokens"], memory["instances"]) == ("0.5000", "20", "1")


def test_capacities_have_a_table(tmp_path: Path) -> None:
    names = ("scripted_oldest_first", "scripted_newest_first", "empty_memory")
    capacities = {}
    for capacity in (0.25, 1.0):
        aggregator = EpisodeAggregator(100, 5, "bm25_chunks")
        for name in names:
            aggregator.add(make_episode(name, "books", 0))
        capacities[capacity] = aggregator.build_tables()[0]
    tables = make_tables()
    write_tables(tmp_path, tables, capacities)
    rows = [row for row in read_csv(tmp_path / "capacities.csv") if row["source"] == "books"]
    assert [(row["method"], row["capacity"]) for row in rows] == [
        (name, capacity) for name in names for capacity in ("0.25", "1")
    ]
    assert {row["score"] for row in rows} == {"0.5000", "0.0000"}


def test_without_lengths_there_are_no_length_tables(tmp_path: Path) -> None:
    write_tables(tmp_path, make_tables(lengths=()))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results.csv", "scores"]


def test_results_hold_every_figure_of_every_cell(tmp_path: Path) -> None:
    tables = make_tables(models=["tiny"])
    write_tables(tmp_path, tables)
    rows = iter(read_csv(tmp_path / "results.csv"))
    for table in tables:
        for method, by_source in table.cells.items():
            for source, cell in by_source.items():
                row = next(rows)
                assert (row["method"], row["source"]) == (method, source)
                assert row["context_length"] == str(table.context_length or "")
                for name in ("score", "ci_low", "ci_high", "tool_format", "compression", "content", "total"):
                    assert row[name] == f"{getattr(cell, name):.4f}"
                for name in ("instances", "questions", "memory_tokens"):
                    assert float(row[name]) == getattr(cell, name)
                for name in ("delta", "total_delta"):
                    found = [row[name], row[f"{name}_ci_low"], row[f"{name}_ci_high"]]
                    assert found == [f"{value:.4f}" for value in getattr(cell, name) or ()] or not any(found)
    assert not list(rows)
