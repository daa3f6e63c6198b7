"""Stages on disks that are full, read-only, or mounted elsewhere: one line, and the old output stays."""

import re
import shutil
from pathlib import Path

import pytest

from stages.shared.paths import CHUNKS_DIR, METRICS_DIR, QUESTIONS_DIR, RAW_DIR
from tests.conftest import Mount
from tests.stages.conftest import Make, Project

STAGE = ("chunk", "squad_dev")


@pytest.fixture
def project(make: Make, raw: Path) -> Project:
    project = make({"enabled_sources": ["squad_dev"]})
    shutil.copytree(raw / "squad_dev", project.folder / RAW_DIR / "squad_dev")
    return project


def assert_refused(project: Project, expected: str, *stage: str) -> None:
    """Run a stage that must fail with one line, which begins with the pattern."""
    done = project.stage(*stage)
    assert done.returncode == 1 and done.stdout == ""
    assert re.match(expected, done.stderr) and done.stderr.count("\n") == 1, done.stderr
    assert not [path for path in project.left() if ".partial" in path]


def test_a_full_disk_keeps_the_old_output(project: Project, disk: Mount) -> None:
    disk(project.folder / CHUNKS_DIR)
    (project.folder / CHUNKS_DIR / "squad_dev").mkdir()
    (project.folder / CHUNKS_DIR / "squad_dev" / "old").write_text("old")
    assert_refused(
        project, "chunk@squad_dev: data/chunks/squad_dev: No space left on device: free some space", *STAGE
    )
    assert [path.name for path in (project.folder / CHUNKS_DIR / "squad_dev").iterdir()] == ["old"]


@pytest.mark.parametrize("folder", [CHUNKS_DIR, METRICS_DIR])
def test_a_read_only_disk_is_an_error(project: Project, disk: Mount, folder: Path) -> None:
    disk(project.folder / folder, ",ro")
    assert_refused(
        project, f"chunk@squad_dev: {folder}.*: Read-only file system: mount that disk writable", *STAGE
    )


def test_a_file_in_place_of_the_metrics_folder_is_an_error(project: Project) -> None:
    (project.folder / METRICS_DIR).write_text("")
    assert_refused(project, f"chunk@squad_dev: {METRICS_DIR}.*: move", *STAGE)


@pytest.mark.parametrize("linked", [True, False])
def test_an_output_on_another_disk_is_replaced(project: Project, disk: Mount, linked: bool) -> None:
    """The second run replaces the output of the first."""
    assert project.stage(*STAGE).returncode == 0
    questions_dir = project.folder / QUESTIONS_DIR
    disk(project.folder / "other" if linked else questions_dir, ",size=64m")
    if linked:
        questions_dir.symlink_to("../other")
    for _ in range(2):
        done = project.stage("question", "squad_dev")
        assert (done.returncode, done.stderr) == (0, "")
        assert (
            questions_dir / "squad_dev" / "questions.parquet"
        ).stat().st_dev != project.folder.stat().st_dev
        assert questions_dir.is_symlink() == linked
        assert [path.name for path in questions_dir.iterdir()] == ["squad_dev"]
