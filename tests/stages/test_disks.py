"""Stages on disks that are full, read-only, or not the project's: a line, and the old output stays."""

import re
import shutil
from pathlib import Path

import pytest

from stages.running import CHUNKS, METRICS, QUESTIONS, RAW
from tests.conftest import Mount
from tests.stages.conftest import Make, Project

STAGE = ("chunk", "squad_dev")


@pytest.fixture
def project(make: Make, raw: Path) -> Project:
    project = make({"use": ["squad_dev"]})
    shutil.copytree(raw / "squad_dev", project.folder / RAW / "squad_dev")
    return project


def refused(project: Project, told: str, *stage: str) -> None:
    """In one line, whose beginning is a pattern."""
    done = project.stage(*stage)
    assert done.returncode == 1 and done.stdout == ""
    assert re.match(told, done.stderr) and done.stderr.count("\n") == 1, done.stderr
    assert not [path for path in project.left() if ".partial" in path]


def test_full(project: Project, disk: Mount) -> None:
    disk(project.folder / CHUNKS)
    (project.folder / CHUNKS / "squad_dev").mkdir()
    (project.folder / CHUNKS / "squad_dev" / "old").write_text("old")
    refused(
        project, "chunk@squad_dev: data/chunks/squad_dev: No space left on device: free some space", *STAGE
    )
    assert [path.name for path in (project.folder / CHUNKS / "squad_dev").iterdir()] == ["old"]


@pytest.mark.parametrize("room", [CHUNKS, METRICS])
def test_read_only(project: Project, disk: Mount, room: Path) -> None:
    disk(project.folder / room, ",ro")
    refused(project, f"chunk@squad_dev: {room}.*: Read-only file system: mount that disk writable", *STAGE)


def test_a_file_where_metrics_belong(project: Project) -> None:
    (project.folder / METRICS).write_text("")
    refused(project, f"chunk@squad_dev: {METRICS}.*: move", *STAGE)


@pytest.mark.parametrize("linked", [True, False])
def test_another_disk(project: Project, disk: Mount, linked: bool) -> None:
    """Made twice: the second replaces the first."""
    assert project.stage(*STAGE).returncode == 0
    room = project.folder / QUESTIONS
    disk(project.folder / "other" if linked else room, ",size=64m")
    if linked:
        room.symlink_to("../other")
    for _ in range(2):
        done = project.stage("question", "squad_dev")
        assert (done.returncode, done.stderr) == (0, "")
        assert (room / "squad_dev" / "questions.parquet").stat().st_dev != project.folder.stat().st_dev
        assert room.is_symlink() == linked
        assert [path.name for path in room.iterdir()] == ["squad_dev"]
