"""A stage that is killed goes on with the parts that it lacks, and gives the same bytes."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from stages.shared.paths import CHUNKS_DIR, PARTS_DIR, RAW_DIR
from tests.conftest import ROOT
from tests.integration.project import tree
from tests.stages.conftest import Make, Project

pytestmark = pytest.mark.slow

NUM_BOOKS = 16
NUM_KILLS = 20
MEGABYTE = 1 << 20


@pytest.fixture
def project(make: Make) -> Project:
    return write_books(make, NUM_BOOKS)


def write_books(make: Make, num_books: int) -> Project:
    """Make a project with books of one megabyte each, and shards of one book."""
    project = make({"shard_mb": 1, "enabled_sources": ["gutenberg"]})
    draw = random.Random(7)
    words = "Ann Bob Eve saw met heard the a old young king queen of in at Leeds Oslo and but".split()
    for number in range(num_books):
        sentences = (" ".join(draw.choices(words, k=draw.randint(8, 20))) + ".\n" for _ in range(18_000))
        project.raw(f"gutenberg/book-{number:02}.txt", "".join(sentences)[: MEGABYTE + 100])
    return project


def finished_parts(project: Project) -> dict[str, int]:
    """Return the time of each finished part of the chunk stage."""
    manifests = (project.folder / PARTS_DIR / "chunk").glob("gutenberg/*/manifest.json")
    return {path.parent.name: path.stat().st_mtime_ns for path in manifests}


def start_chunk(project: Project, **env: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "stages.chunk", "gutenberg"],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MEMCURATE_WORKERS": "2", **env},
        start_new_session=True,
    )


def wait_for_parts(project: Project, process: "subprocess.Popen[bytes]", count: int) -> dict[str, int]:
    while process.poll() is None:
        parts = finished_parts(project)
        if len(parts) >= count:
            return parts
        time.sleep(0.01)
    raise AssertionError("the stage ended before")


def test_a_stage_killed_20_times_keeps_its_parts(make: Make) -> None:
    project = write_books(make, 3 * NUM_KILLS)
    draw, kept = random.Random(20), dict[str, int]()
    for _ in range(NUM_KILLS):
        process = start_chunk(project)
        wait_for_parts(project, process, len(kept) + 1)
        time.sleep(draw.random() / 10)  # so that it is killed at any moment of a task
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        parts = finished_parts(project)
        assert kept.items() <= parts.items()  # no finished part was made again
        kept = parts
    assert len(kept) >= NUM_KILLS
    done = project.stage("chunk", "gutenberg", MEMCURATE_WORKERS="1")
    assert done.returncode == 0, done.stderr
    assert not (project.folder / PARTS_DIR).exists()
    broken = tree(project.folder / CHUNKS_DIR)
    assert project.stage("chunk", "gutenberg", MEMCURATE_WORKERS="2").returncode == 0
    assert tree(project.folder / CHUNKS_DIR) == broken


def test_an_interrupted_stage_keeps_whole_parts_only(project: Project) -> None:
    process = start_chunk(project)
    wait_for_parts(project, process, 2)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    parts = finished_parts(project)
    assert len(parts) >= 2
    left = {path.name for path in (project.folder / PARTS_DIR / "chunk" / "gutenberg").iterdir()}
    assert left == set(parts)
    assert list((project.folder / "data").rglob(".partial")) == []


def test_changed_raw_files_make_other_parts(project: Project) -> None:
    process = start_chunk(project)
    wait_for_parts(project, process, 2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    path = project.folder / RAW_DIR / "gutenberg" / "book-00.txt"
    path.write_text("Zoe saw a crow in York. " + path.read_text())
    assert project.stage("chunk", "gutenberg").returncode == 0
    changed = tree(project.folder / CHUNKS_DIR)
    assert project.stage("chunk", "gutenberg").returncode == 0
    assert tree(project.folder / CHUNKS_DIR) == changed
