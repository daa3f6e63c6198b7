"""The report stage: funnels that add up, metrics, tables, reproducible bytes, errors with advice."""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

from pipeline.core.schema import Reject
from pipeline.core.storage import write_rows
from tests.integration.project import tree
from tests.pipeline.report.conftest import run_report
from tests.pipeline.report.factories import NUM_IN_DATASET, NUM_KEPT, NUM_QUESTIONS


def read_steps(project: Path, source: str, kind: str) -> list[tuple[str, str, int]]:
    with (project / "data/report/funnel.csv").open(encoding="utf-8", newline="") as file:
        return [
            (row["step"], row["reason"], int(row["count"]))
            for row in csv.DictReader(file)
            if (row["source"], row["kind"]) == (source, kind)
        ]


def read_levels(project: Path, source: str, kind: str) -> list[tuple[str, int]]:
    """List (step, count) of the levels of a funnel."""
    return [(step, count) for step, reason, count in read_steps(project, source, kind) if not reason]


def test_every_question_is_accounted_for(project: Path) -> None:
    assert read_steps(project, "chitchat", "questions") == [
        ("created", "", NUM_QUESTIONS),
        ("dropped by question", "no evidence", 1),
        ("checked", "", NUM_QUESTIONS - 1),
        ("dropped by filter", "unanswerable", 2),
        ("dropped by filter", "answer too long", 1),
        ("dropped by filter", "instance dropped", 1),
        ("kept by the checks", "", NUM_KEPT),
        ("dropped by assemble", "over", 3),
        ("in the dataset", "", NUM_IN_DATASET),
    ]


def test_instances_take_their_segments_along(project: Path) -> None:
    assert read_steps(project, "chitchat", "instances") == [
        ("chunked", "", 4),
        ("checked", "", 4),
        ("dropped by filter", "too few questions", 1),
        ("kept by the checks", "", 3),
        ("dropped by assemble", "over", 1),
        ("in the dataset", "", 2),
    ]
    assert read_steps(project, "chitchat", "segments") == [
        ("read", "", 21),
        ("dropped by chunk", "document too short", 5),
        ("put into instances", "", 16),
        ("dropped by filter", "too few questions", 4),
        ("kept by the checks", "", 12),
        ("dropped by assemble", "over", 4),
        ("in the dataset", "", 8),
    ]
    assert read_steps(project, "chitchat", "records") == [("rejected by chunk", "blank message", 1)]


def test_metrics_are_the_percent_of_questions_that_are_kept(project: Path) -> None:
    metrics = json.loads((project / "metrics/report.json").read_text(encoding="utf-8"))
    counts = {
        step: sum(
            dict(read_levels(project, source, "questions"))[step] for source in ("chitchat", "gutenberg")
        )
        for step in ("created", "in the dataset")
    }
    assert metrics == {"kept_percent": round(100 * counts["in the dataset"] / counts["created"], 1)}
    assert 0 < metrics["kept_percent"] < 100


def test_totals_are_those_of_each_source_and_split(project: Path) -> None:
    with (project / "data/report/totals.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["source"], row["split"]) for row in rows] == [
        (source, split) for source in ("gutenberg", "chitchat") for split in ("train", "test")
    ]
    sums: Counter[str] = Counter()
    for row in rows:
        for name in ("instances", "chunks", "questions", "tokens"):
            sums[f"{row['split']} {name}"] += int(row[name])
    assert [sums[f"train {name}"] for name in ("instances", "chunks", "questions", "tokens")] == [2, 4, 2, 4]
    assert [sums[f"test {name}"] for name in ("instances", "chunks", "questions", "tokens")] == [2, 4, 3, 4]


def test_histograms_hold_every_value_of_a_source(project: Path) -> None:
    shares: Counter[str] = Counter()
    for path in (project / "data/report").glob("*/*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                shares[f"{path.parent.name} {path.stem}"] += round(float(row.get("percent", 0)))
    assert {name for name, whole in shares.items() if whole == 100} == {
        *(f"{measure} chitchat" for measure in ("answer_words", "evidence_tenth")),
        *(
            f"{measure} {source}"
            for measure in ("tokens_per_chunk", "chunks_per_instance", "questions_per_instance")
            for source in ("chitchat", "gutenberg")
        ),
    }


def test_the_same_data_gives_the_same_bytes(project: Path, tmp_path: Path) -> None:
    again = shutil.copytree(project, tmp_path / "again")
    shutil.rmtree(again / "data/report")
    done = run_report(again, PYTHONHASHSEED="7")
    assert done.returncode == 0, done.stderr
    assert tree(again / "data/report") == tree(project / "data/report")
    assert tree(again / "metrics") == tree(project / "metrics")


def test_data_of_different_builds_is_an_error(project: Path, tmp_path: Path) -> None:
    other = shutil.copytree(project, tmp_path / "other")
    shutil.rmtree(other / "data/report")
    write_rows(other / "data/filtered/chitchat/rejects.parquet", Reject, [])
    done = run_report(other)
    assert done.returncode == 1
    assert "chitchat: of 12 questions checked, filter rejected 0, so 12 are expected, but 8" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (other / "data/report").exists()


def test_a_source_that_is_not_enabled_is_an_error(project: Path, tmp_path: Path) -> None:
    other = shutil.copytree(project, tmp_path / "other")
    params = (other / "params.yaml").read_text(encoding="utf-8")
    (other / "params.yaml").write_text(params.replace("- chitchat\n", "", 1), encoding="utf-8")
    done = run_report(other)
    assert done.returncode == 1
    assert "has instances of chitchat, which is not in enabled_sources" in done.stderr
