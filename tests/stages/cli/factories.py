"""Helpers of the tests of commands."""

import json
import os
import subprocess
import sys

from pipeline.core.schema import Instance, InstanceQuestion, Question, Reject, Segment, Span
from pipeline.core.storage import write_rows
from stages.shared.paths import CHUNKS_DIR, DATASET_DIR, FILTERED_DIR, QUESTIONS_DIR
from tests.conftest import ROOT
from tests.pipeline.questions.factories import make_instance, make_question
from tests.stages.conftest import Make, Project

SOURCE = "squad_dev"
TEXTS = {"s1": "Ann lives in Rome.", "s2": "Bob lives in Oslo."}


def run_memcurate(project: Project, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a project."""
    return subprocess.run(
        [sys.executable, "-c", "from stages.cli.main import run; run()", *arguments],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def make_traced_project(make: Make) -> Project:
    """Make a project with a dataset of one instance, a question and rejects, and their raw file."""
    project = make({})
    instance = make_instance(f"{SOURCE}/i", {f"{SOURCE}/s1": TEXTS["s1"]}, {f"{SOURCE}/s2": TEXTS["s2"]})
    instance.source = SOURCE
    for chunk in instance.chunks:
        (segment,) = chunk.segments
        segment.source_span.record = f"/{segment.id.split('/')[1]}"
    question = make_question(f"{SOURCE}/q", "Where does Ann live?", ["Rome"], [f"{SOURCE}/s1"], [0])
    question.source_span = Span("f.json", "/q", 0, 20)
    instance.questions = [question]
    lost_segment = Segment(
        f"{SOURCE}/s3", Span("f.json", "/s3", 0, 9), "d", None, None, None, None, "Too short"
    )
    rejects = [
        Reject(
            f"{SOURCE}/r",
            SOURCE,
            "filter",
            "segment",
            "too short",
            "2 words",
            "train",
            "d",
            None,
            [lost_segment],
        ),
        Reject(
            "other/r",
            "other",
            "filter",
            "segment",
            "another source",
            "",
            None,
            None,
            lost_segment.source_span,
        ),
    ]
    (project.folder / DATASET_DIR).mkdir(parents=True)
    (project.folder / FILTERED_DIR / SOURCE).mkdir(parents=True)
    write_rows(project.folder / DATASET_DIR / "train.parquet", Instance, [instance])
    write_rows(project.folder / DATASET_DIR / "test.parquet", Instance, [])
    write_rows(project.folder / DATASET_DIR / "rejects.parquet", Reject, [])
    write_rows(project.folder / FILTERED_DIR / SOURCE / "rejects.parquet", Reject, rejects)
    project.raw(f"{SOURCE}/f.json", json.dumps({**TEXTS, "q": "Where does Ann live?", "s3": "Too short"}))
    return project


def make_unfinished_project(make: Make, *stages: str) -> Project:
    """Make a project whose source ran through these stages only: an instance, a question, an example."""
    project = make({})
    instance = make_instance(f"{SOURCE}/i", {f"{SOURCE}/s1": TEXTS["s1"]}, {f"{SOURCE}/s2": TEXTS["s2"]})
    instance.source = SOURCE
    for chunk in instance.chunks:
        (segment,) = chunk.segments
        segment.source_span.record = f"/{segment.id.split('/')[1]}"
    question = make_question(f"{SOURCE}/q", "Where does Ann live?", ["Rome"], [f"{SOURCE}/s1"], [0])
    question.source_span = Span("f.json", "/q", 0, 20)
    example = Segment(f"{SOURCE}/e", Span("f.json", "/e", 0, 2), "pool", None, None, None, "greeting", "Hi")
    stage_dirs = {"chunk": CHUNKS_DIR, "question": QUESTIONS_DIR, "filter": FILTERED_DIR}
    folders = {
        stage: project.folder / stage_dir / SOURCE
        for stage, stage_dir in stage_dirs.items()
        if stage in stages
    }
    for folder in folders.values():
        folder.mkdir(parents=True)
        write_rows(folder / "rejects.parquet", Reject, [])
    write_rows(folders["chunk"] / "instances.parquet", Instance, [instance])
    write_rows(folders["chunk"] / "questions.parquet", Question, [question])
    write_rows(folders["chunk"] / "document_questions.parquet", InstanceQuestion, [])
    write_rows(folders["chunk"] / "labelled_examples.parquet", Segment, [example])
    if "question" in stages:
        questions = [InstanceQuestion(instance.id, question)]
        write_rows(folders["question"] / "questions.parquet", InstanceQuestion, questions)
    if "filter" in stages:
        instance.questions = [question]
        write_rows(folders["filter"] / "instances.parquet", Instance, [instance])
    project.raw(f"{SOURCE}/f.json", json.dumps({**TEXTS, "q": "Where does Ann live?", "e": "Hi"}))
    return project
