"""`memcurate show` and `memcurate trace` on a small dataset with raw files."""

import json
import subprocess
import sys

import pytest

from pipeline.schema import Instance, Reject, Segment, Span
from pipeline.storage import write_rows
from stages.running import DATASET, FILTERED
from tests.conftest import ROOT
from tests.questions.making import make_instance, make_question
from tests.stages.conftest import Make, Project

SOURCE = "squad_dev"
TEXTS = {"s1": "Ann lives in Rome.", "s2": "Bob lives in Oslo."}


def look(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from stages.cli import run; run()", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, cwd=project.folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def project(make: Make) -> Project:
    made = make({})
    instance = make_instance(f"{SOURCE}/i", {f"{SOURCE}/s1": TEXTS["s1"]}, {f"{SOURCE}/s2": TEXTS["s2"]})
    instance.source = SOURCE
    for chunk in instance.chunks:
        (segment,) = chunk.segments
        segment.raw.record = f"/{segment.id.split('/')[1]}"
    question = make_question(f"{SOURCE}/q", "Where does Ann live?", ["Rome"], [f"{SOURCE}/s1"], [0])
    question.raw = Span("f.json", "/q", 0, 20)
    instance.questions = [question]
    lost = Segment(f"{SOURCE}/s3", Span("f.json", "/s3", 0, 9), "d", None, None, None, None, "Too short")
    rejects = [
        Reject(
            f"{SOURCE}/r", SOURCE, "filter", "segment", "too short", "2 words", "train", "d", None, [lost]
        ),
        Reject("other/r", "other", "filter", "segment", "another source", "", None, None, lost.raw),
    ]
    (made.folder / DATASET).mkdir(parents=True)
    (made.folder / FILTERED / SOURCE).mkdir(parents=True)
    write_rows(made.folder / DATASET / "train.parquet", Instance, [instance])
    write_rows(made.folder / DATASET / "test.parquet", Instance, [])
    write_rows(made.folder / DATASET / "rejects.parquet", Reject, [])
    write_rows(made.folder / FILTERED / SOURCE / "rejects.parquet", Reject, rejects)
    made.raw(f"{SOURCE}/f.json", json.dumps({**TEXTS, "q": "Where does Ann live?", "s3": "Too short"}))
    return made


def test_a_question_down_to_the_raw_characters(project: Project) -> None:
    shown = look(project, "show", f"{SOURCE}/q")
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[0] == f"question {SOURCE}/q: carried, measured by contains"
    for part in (
        "answers   Rome",
        "read      f.json#/q@0-20",
        "  | Where does Ann live?",
        f"evidence  chunk 0 {SOURCE}/i/0, segment {SOURCE}/s1",
        "  Ann lives in ⟦Rome⟧.",
        "raw       f.json#/s1@0-18",
        "  | Ann lives in Rome.",
        f"in instance {SOURCE}/i (train; number 0 of train)",
    ):
        assert part in lines, (part, lines)
    (passed,) = (line for line in lines if line.startswith("passed"))
    assert "unanswerable" in passed


def test_an_instance_a_chunk_and_a_segment(project: Project) -> None:
    instance = look(project, "show", f"{SOURCE}/i").stdout
    assert (
        f"chunk 1 {SOURCE}/i/1" in instance
        and f"question {SOURCE}/q  Where does Ann live? → Rome" in instance
    )
    chunk = look(project, "show", f"{SOURCE}/i/1").stdout
    assert "  Bob lives in Oslo." in chunk and f"segment {SOURCE}/s2  f.json#/s2@0-18" in chunk
    segment = look(project, "show", f"{SOURCE}/s2").stdout
    assert "  | Bob lives in Oslo." in segment.splitlines()


def test_something_rejected(project: Project) -> None:
    for identity in ("r", "s3"):
        shown = look(project, "show", f"{SOURCE}/{identity}").stdout
        assert f"segment {SOURCE}/r: rejected by filter: too short" in shown and "  | Too short" in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", f"{SOURCE}/none"], ["nothing here has the id", "METHOD:INSTANCE"]),
        (["show", "nowhere/q"], ["'nowhere' is not in `use`"]),
        (["trace", "nowhere", "f.json"], ["'nowhere' is not in `use`"]),
        (["trace", SOURCE, "g.json"], ["has no file g.json; it has f.json"]),
        (["trace", SOURCE, "f.json#q"], ["is no place in a raw file"]),
        (["trace", SOURCE, "f.json#/none"], ["nothing came of f.json#/none"]),
    ],
)
def test_what_is_not_there(project: Project, arguments: list[str], told: list[str]) -> None:
    done = look(project, *arguments)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert [part for part in told if part not in done.stderr] == [], done.stderr


def test_without_the_raw_files(project: Project) -> None:
    (project.folder / "data" / "raw" / SOURCE / "f.json").unlink()
    shown = look(project, "show", f"{SOURCE}/q").stdout
    assert f"  | (data/raw/{SOURCE}/f.json is not here: `dvc pull data/raw/{SOURCE}`)" in shown
    assert "data/chunks/squad_dev/rejects.parquet is not here" in look(project, "show", f"{SOURCE}/r").stderr


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("f.json#/s1", [f"chunk {SOURCE}/i/0", f"question {SOURCE}/q: kept, has its evidence there"]),
        ("f.json#/q", [f"question {SOURCE}/q: kept, was read there"]),
        ("f.json#/s3", [f"segment {SOURCE}/r: rejected by filter: too short (2 words)"]),
        ("f.json#/s1@0-3", [f"chunk {SOURCE}/i/0", f"question {SOURCE}/q"]),
    ],
)
def test_what_became_of_a_record(project: Project, record: str, expected: list[str]) -> None:
    done = look(project, "trace", SOURCE, record)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(expected)
    assert all(line.startswith(start) for line, start in zip(lines, expected, strict=True))
