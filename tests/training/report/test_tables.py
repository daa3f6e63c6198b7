"""The CSV files: what DVC plots read."""

import csv
from pathlib import Path

from tests.training.report.making import HOSTILE, METHODS, made_tables
from training.report.tables import write_tables


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_scores_by_method(tmp_path: Path) -> None:
    tables = made_tables(models=["tiny"])
    write_tables(tmp_path, tables)
    cell = tables[0].cells["scripted"]["books"]
    figures = {"score": "0.7500", "low": f"{cell.low:.4f}", "high": f"{cell.high:.4f}"}
    books = lines(tmp_path / "scores/books.csv")
    assert [line["method"] for line in books] == [*METHODS, "tiny"]
    assert books[0] == {"method": "scripted", **figures}
    assert [line["method"] for line in lines(tmp_path / f"scores/{HOSTILE}.csv")] == list(METHODS)


def test_lengths_in_an_order_that_sorts(tmp_path: Path) -> None:
    write_tables(tmp_path, made_tables(models=["tiny"]))
    books = lines(tmp_path / "lengths/books.csv")
    assert [(line["step"], line["tokens"], line["score"]) for line in books[:3]] == [
        ("scripted 01 test", "", "0.7500"),
        ("scripted 02 30K", "30000", "0.7500"),
        ("scripted 03 1.5M", "1500000", "0.7500"),
    ]
    for method in METHODS:
        steps = [line["step"] for line in books if line["method"] == method]
        assert steps == sorted(steps)
    small = lines(tmp_path / f"lengths/{HOSTILE}.csv")
    assert [line["step"] for line in small if line["method"] == "scripted"] == [
        "scripted 01 test",
        "scripted 02 30K",
    ]


def test_without_lengths_there_are_none(tmp_path: Path) -> None:
    write_tables(tmp_path, made_tables(lengths=()))
    assert [path.name for path in tmp_path.iterdir()] == ["scores"]
