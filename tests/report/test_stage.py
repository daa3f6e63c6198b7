"""The stage: funnels that add up, metrics, tables, the same bytes each time, errors for people."""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

from pipeline.schema import Reject
from pipeline.storage import write_rows
from tests.graph.project import tree
from tests.report.conftest import run_report
from tests.report.making import ASKED, IN_DATASET, KEPT


def steps(project: Path, source: str, kind: str) -> list[tuple[str, str, int]]:
    with (project / "data/report/funnel.csv").open(encoding="utf-8", newline="") as file:
        return [
            (row["step"], row["reason"], int(row["count"]))
            for row in csv.DictReader(file)
            if (row["source"], row["kind"]) == (source, kind)
        ]


def test_every_question_is_accounted_for(project: Path) -> None:
    assert steps(project, "chitchat", "questions") == [
        ("asked", "", ASKED),
        ("dropped by question", "no evidence", 1),
        ("put to the checks", "", ASKED - 1),
        ("dropped by filter", "unanswerable", 2),
        ("dropped by filter", "answer too long", 1),
        ("dropped by filter", "instance dropped", 1),
        ("kept by the checks", "", KEPT),
        ("dropped by assemble", "over", 3),
        ("in the dataset", "", IN_DATASET),
    ]


def test_instances_take_their_segments_along(project: Path) -> None:
    assert steps(project, "chitchat", "instances") == [
        ("cut", "", 4),
        ("put to the checks", "", 4),
        ("dropped by filter", "too few questions", 1),
        ("kept by the checks", "", 3),
        ("dropped by assemble", "over", 1),
        ("in the dataset", "", 2),
    ]
    assert steps(project, "chitchat", "segments") == [
        ("read", "", 21),
        ("dropped by chunk", "document too short", 5),
        ("put into instances", "", 16),
        ("dropped by filter", "too few questions", 4),
        ("kept by the checks", "", 12),
        ("dropped by assemble", "over", 4),
        ("in the dataset", "", 8),
    ]
    assert steps(project, "chitchat", "records") == [("refused by chunk", "blank message", 1)]


def test_metrics(project: Path) -> None:
    metrics = json.loads((project / "metrics/report.json").read_text(encoding="utf-8"))
    assert metrics["totals"]["train"] == {"instances": 2, "chunks": 4, "questions": 2, "tokens": 4}
    assert metrics["totals"]["test"] == {"instances": 2, "chunks": 4, "questions": 3, "tokens": 4}
    assert metrics["sources"]["chitchat"]["questions"]["percent"] == round(100 * IN_DATASET / ASKED, 2)
    assert metrics["sources"]["gutenberg"]["questions"]["percent"] == 0


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


def test_data_of_different_builds_is_told(project: Path, tmp_path: Path) -> None:
    other = shutil.copytree(project, tmp_path / "other")
    shutil.rmtree(other / "data/report")
    write_rows(other / "data/filtered/chitchat/rejects.parquet", Reject, [])
    done = run_report(other)
    assert done.returncode == 1
    assert "chitchat: of 12 questions put to the checks, filter rejected 0, yet 8" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (other / "data/report").exists()


def test_a_source_that_is_not_in_use_is_told(project: Path, tmp_path: Path) -> None:
    other = shutil.copytree(project, tmp_path / "other")
    params = (other / "params.yaml").read_text(encoding="utf-8")
    (other / "params.yaml").write_text(params.replace("- chitchat\n", "", 1), encoding="utf-8")
    done = run_report(other)
    assert done.returncode == 1
    assert "holds chitchat, which is not in `use`" in done.stderr
