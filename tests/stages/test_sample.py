"""`memcurate sample`, and the verdicts that come back to the filter stage: the real programs, in a folder."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.reviews import COLUMNS, read_reviews, sample
from pipeline.schema import AskedQuestion, Instance, Question, Reject
from pipeline.storage import read_rows, write_rows
from tests.conftest import ROOT
from tests.graph.project import BIN, params_with, tree
from tests.questions.making import make_instance, make_question

SOURCE = "squad_dev"
FILTERED = Path("data/filtered", SOURCE, "instances.parquet")
REVIEWS = Path("reviews", f"{SOURCE}.csv")
NAMES = [f"{SOURCE}/{key}" for key in "abcdefgh"]


def question(name: str, number: int) -> Question:
    made = make_question(f"{name}{number}", f"Where does owl {number} live, of {name}?")
    return replace(made, origin="cloze") if number == 2 else made


ASKED = [AskedQuestion(name, question(name, number)) for name in NAMES for number in range(3)]


@pytest.fixture
def folder(tmp_path: Path, assets: Path) -> Path:
    """A project whose source has chunks and questions, none of them filtered yet, and no verdicts."""
    changes = {f"sources.{SOURCE}.checks.min_questions": 0, "dataset.near_duplicate": 100}
    (tmp_path / "params.yaml").write_text(params_with(changes), encoding="utf-8")
    for room in ("chunks", "questions"):
        (tmp_path / "data" / room / SOURCE).mkdir(parents=True)
    (tmp_path / "data/assets").symlink_to(assets)
    (tmp_path / "reviews").mkdir()
    (tmp_path / REVIEWS).write_text(",".join(COLUMNS) + "\n")
    instances = [
        replace(make_instance(name, {"made/s": "The owl lives in a barn."}), source=SOURCE) for name in NAMES
    ]
    write_rows(tmp_path / "data/chunks" / SOURCE / "instances.parquet", Instance, instances)
    write_rows(tmp_path / "data/questions" / SOURCE / "questions.parquet", AskedQuestion, ASKED)
    return tmp_path


def run(folder: Path, *command: str | Path, status: int = 0) -> str:
    """What a program prints, to standard output if it succeeds and to standard error if not."""
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


def draw(folder: Path, *arguments: str, status: int = 0) -> str:
    return run(folder, BIN / "memcurate", "sample", *arguments, status=status)


def filtered(folder: Path) -> tuple[set[str], list[Reject]]:
    """(ids of the questions that the stage keeps, rejects)."""
    run(folder, sys.executable, "-m", "stages.filter", SOURCE)
    kept = {one.id for instance in read_rows(folder / FILTERED, Instance) for one in instance.questions}
    return kept, list(read_rows((folder / FILTERED).with_name("rejects.parquet"), Reject))


def test_from_sample_to_reject(folder: Path) -> None:
    everything = {row.question.id for row in ASKED}
    assert filtered(folder) == (everything, [])
    assert f"{REVIEWS}: 4 questions added" in draw(folder, "4", SOURCE)
    draw(folder, "3", SOURCE)
    rows = read_reviews(folder / REVIEWS)
    instances = list(read_rows(folder / FILTERED, Instance))
    assert rows == sample(instances, None, set(), 7, 20)

    rows[0] |= {"verdict": "Bad ", "why": "many right answers"}
    rows[1] |= {"verdict": "bad"}
    rows[2] |= {"verdict": "good", "why": "fine"}
    lines = [",".join(f'"{value}"' for value in row.values()) for row in rows]
    text = "\r\n".join([",".join(COLUMNS), *lines, f"{SOURCE}/gone,bad,,,,"])
    (folder / REVIEWS).write_bytes(text.encode("utf-8-sig"))
    kept, rejects = filtered(folder)
    bad = {rows[0]["id"]: "many right answers", rows[1]["id"]: "judged bad"}
    assert kept == everything - bad.keys()
    assert {one.id: one.detail for one in rejects} == bad
    assert {(one.reason, one.kind, one.stage) for one in rejects} == {("reviewed", "question", "filter")}
    asked = {row.question.id: row for row in ASKED}
    for one in rejects:
        assert (one.document, one.question) == (asked[one.id].instance, asked[one.id].question)
    metrics = json.loads((folder / f"metrics/filter/{SOURCE}.json").read_text())
    assert metrics["rejects"]["train"]["question"] == {"reviewed": 2}

    draw(folder, "100", SOURCE, "--origin", "cloze")
    after = read_reviews(folder / REVIEWS)
    assert [(one["verdict"], one["why"]) for one in after[:3]] == [
        ("bad", "many right answers"),
        ("bad", ""),
        ("good", "fine"),
    ]
    known = {one["id"] for one in rows}
    clozes = {row.question.id for row in ASKED if row.question.origin == "cloze"}
    assert {one["id"] for one in after[8:]} == clozes - known


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["3", "squad"], ["'squad'", "`use`", SOURCE]),
        (["3", SOURCE], [str(FILTERED), "dvc repro"]),
        (["3", "hotpotqa_dev"], ["reviews/hotpotqa_dev.csv is missing", ",".join(COLUMNS)]),
    ],
)
def test_what_is_wrong_is_told(arguments: list[str], told: list[str], folder: Path) -> None:
    before = tree(folder)
    error = draw(folder, *arguments, status=1)
    assert [part for part in told if part not in error] == [], error
    assert tree(folder) == before


def test_a_wrong_verdict_stops_the_filter(folder: Path) -> None:
    with (folder / REVIEWS).open("a") as file:
        file.write(f"{NAMES[0]}0,perhaps,,,,\n")
    before = tree(folder)
    error = run(folder, sys.executable, "-m", "stages.filter", SOURCE, status=1)
    assert error.startswith(f"filter@{SOURCE}: {REVIEWS}, line 2: verdict 'perhaps'")
    assert tree(folder) == before
