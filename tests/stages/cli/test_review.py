"""`memcurate review`, and the stage filter with the verdicts."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.checks.human_review import COLUMNS, read_reviews, sample_for_review
from pipeline.core.schema import Instance, InstanceQuestion, Question, Reject
from pipeline.core.storage import read_rows, write_rows
from tests.conftest import ROOT
from tests.integration.project import BIN, params_with, tree
from tests.pipeline.questions.factories import make_instance, make_question

SOURCE = "squad_dev"
FILTERED = Path("data/filtered", SOURCE, "instances.parquet")
REVIEWS = Path("reviews", f"{SOURCE}.csv")
NAMES = [f"{SOURCE}/{key}" for key in "abcdefgh"]


def question(name: str, number: int) -> Question:
    made = make_question(f"{name}{number}", f"Where does owl {number} live, of {name}?")
    return replace(made, origin="cloze") if number == 2 else made


QUESTIONS = [InstanceQuestion(name, question(name, number)) for name in NAMES for number in range(3)]


@pytest.fixture
def folder(tmp_path: Path, assets: Path) -> Path:
    """A project whose source has chunks and questions, but is not filtered and has no verdicts."""
    changes = {f"sources.{SOURCE}.checks.min_questions": 0, "dataset.near_duplicate": 100}
    (tmp_path / "params.yaml").write_text(params_with(changes), encoding="utf-8")
    for stage in ("chunks", "questions"):
        (tmp_path / "data" / stage / SOURCE).mkdir(parents=True)
    (tmp_path / "data/assets").symlink_to(assets)
    (tmp_path / "reviews").mkdir()
    (tmp_path / REVIEWS).write_text(",".join(COLUMNS) + "\n")
    instances = [
        replace(make_instance(name, {"made/s": "The owl lives in a barn."}), source=SOURCE) for name in NAMES
    ]
    write_rows(tmp_path / "data/chunks" / SOURCE / "instances.parquet", Instance, instances)
    (tmp_path / "data/chunks" / SOURCE / "statistics.json").write_text("{}")
    write_rows(tmp_path / "data/questions" / SOURCE / "questions.parquet", InstanceQuestion, QUESTIONS)
    return tmp_path


def run(folder: Path, *command: str | Path, status: int = 0) -> str:
    """Run a program and return its standard output, or its standard error where it must fail."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done
    assert "Traceback" not in done.stderr
    return done.stderr if status else done.stdout


def run_review(folder: Path, *arguments: str, status: int = 0) -> str:
    return run(folder, BIN / "memcurate", "review", *arguments, status=status)


def run_filter(folder: Path) -> tuple[set[str], list[Reject]]:
    """Run the stage and return (ids of the questions that it keeps, rejects)."""
    run(folder, sys.executable, "-m", "stages.filter", SOURCE)
    kept = {one.id for instance in read_rows(folder / FILTERED, Instance) for one in instance.questions}
    return kept, list(read_rows((folder / FILTERED).with_name("rejects.parquet"), Reject))


def test_questions_judged_bad_are_rejected(folder: Path) -> None:
    everything = {row.question.id for row in QUESTIONS}
    assert run_filter(folder) == (everything, [])
    assert f"{REVIEWS}: 4 questions added" in run_review(folder, "4", SOURCE)
    run_review(folder, "3", SOURCE)
    rows = read_reviews(folder / REVIEWS)
    instances = list(read_rows(folder / FILTERED, Instance))
    assert rows == sample_for_review(instances, None, set(), 7, 20)

    rows[0] |= {"verdict": "Bad ", "why": "many right answers"}
    rows[1] |= {"verdict": "bad"}
    rows[2] |= {"verdict": "good", "why": "fine"}
    lines = [",".join(f'"{value}"' for value in row.values()) for row in rows]
    text = "\r\n".join([",".join(COLUMNS), *lines, f"{SOURCE}/gone,bad,,,,"])
    (folder / REVIEWS).write_bytes(text.encode("utf-8-sig"))
    kept, rejects = run_filter(folder)
    bad = {rows[0]["id"]: "many right answers", rows[1]["id"]: "judged bad"}
    assert kept == everything - bad.keys()
    assert {one.id: one.detail for one in rejects} == bad
    assert {(one.reason, one.kind, one.stage) for one in rejects} == {("reviewed", "question", "filter")}
    rows_by_id = {row.question.id: row for row in QUESTIONS}
    for one in rejects:
        assert (one.document, one.question) == (rows_by_id[one.id].instance, rows_by_id[one.id].question)
    statistics = json.loads((folder / f"data/filtered/{SOURCE}/statistics.json").read_text())
    assert statistics["rejects"]["train"]["question"] == {"reviewed": 2}

    run_review(folder, "100", SOURCE, "--origin", "cloze")
    after = read_reviews(folder / REVIEWS)
    assert [(one["verdict"], one["why"]) for one in after[:3]] == [
        ("bad", "many right answers"),
        ("bad", ""),
        ("good", "fine"),
    ]
    known = {one["id"] for one in rows}
    clozes = {row.question.id for row in QUESTIONS if row.question.origin == "cloze"}
    assert {one["id"] for one in after[8:]} == clozes - known


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["3", "squad"], ["'squad'", "enabled_sources", SOURCE]),
        (["3", SOURCE], [str(FILTERED), "dvc repro"]),
    ],
)
def test_a_wrong_source_or_missing_file_is_an_error(
    arguments: list[str], expected: list[str], folder: Path
) -> None:
    before = tree(folder)
    error = run_review(folder, *arguments, status=1)
    assert [part for part in expected if part not in error] == [], error
    assert tree(folder) == before


def test_a_wrong_verdict_is_an_error_of_the_filter(folder: Path) -> None:
    with (folder / REVIEWS).open("a") as file:
        file.write(f"{NAMES[0]}0,perhaps,,,,\n")
    before = tree(folder)
    error = run(folder, sys.executable, "-m", "stages.filter", SOURCE, status=1)
    assert error.startswith(f"filter@{SOURCE}: {REVIEWS}, line 2: unknown verdict 'perhaps'")
    assert tree(folder) == before
