"""Two runs of one stage at once, by DVC and by hand: what ends well is whole, and DVC keeps nothing else."""

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from tests.conftest import ROOT
from tests.integration.project import BIN, change_params, clone, dvc, tree

pytestmark = pytest.mark.slow

SOURCE = "trec_fine"
STAGES = ("question", "filter")
PAIRS = 8
BY = (("dvc", "hand"), ("hand", "dvc"), ("hand", "hand"), ("dvc", "dvc"))
REFUSED = ("is busy, it is being blocked by", "Unable to acquire lock")  # what DVC says then


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with one source, built."""
    project = clone(ROOT, tmp_path_factory.mktemp("at once") / "project")
    change_params(project, {"enabled_sources": [SOURCE]})
    dvc(project, "repro", f"filter@{SOURCE}")
    return project


def started(project: Path, by: str, stage: str) -> subprocess.Popen[str]:
    command = {
        "dvc": [BIN / "dvc", "repro", "--force", "--single-item", f"{stage}@{SOURCE}"],
        "hand": [sys.executable, "-m", f"stages.{stage}", SOURCE],
    }
    return subprocess.Popen(
        command[by],
        cwd=project,
        env={
            **os.environ,
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "PYTHONPATH": str(project),
            "DVC_SITE_CACHE_DIR": str(project / ".dvc" / "tmp" / "site"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def folder_of(project: Path, stage: str) -> Path:
    return project / "data" / {"question": "questions", "filter": "filtered"}[stage] / SOURCE


def in_cache(project: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The output folders of dvc.lock and of each entry of the run cache, as hashes of their files."""
    stages = yaml.safe_load((project / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    lock = [stages[f"{stage}@{SOURCE}"] for stage in STAGES]
    runs = [yaml.safe_load(path.read_text()) for path in project.glob(".dvc/cache/runs/*/*/*")]
    files = project / ".dvc" / "cache" / "files" / "md5"
    for stage in (*lock, *runs):
        for out in stage["outs"]:
            if out["md5"].endswith(".dir"):
                listed = json.loads((files / out["md5"][:2] / out["md5"][2:]).read_text())
                hashes = {one["relpath"]: files / one["md5"][:2] / one["md5"][2:] for one in listed}
                yield (
                    out["path"],
                    {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in hashes.items()},
                )


def look(project: Path, before: dict[str, str]) -> None:
    """Everything is as it was after the first build, in the workspace and in DVC's cache."""
    assert tree(project / "data") == before
    for path, found in in_cache(project):
        room = f"{path.removeprefix('data/')}/"
        assert found == {
            name.removeprefix(room): one for name, one in before.items() if name.startswith(room)
        }


def test_pairs(project: Path) -> None:
    """The second begins at any moment of the first, among them those just after its output has appeared."""
    before = tree(project / "data")
    draws = random.Random(0)
    for number in range(PAIRS):
        stage, by = draws.choice(STAGES), BY[number % len(BY)]
        folder = folder_of(project, stage)
        first = started(project, by[0], stage)
        if by[0] == "dvc" and draws.random() < 0.7:
            for there in (False, True):  # DVC removes it first
                while folder.exists() is not there and first.poll() is None:
                    time.sleep(0.002)
            time.sleep(draws.uniform(0, 0.5))
        else:
            time.sleep(draws.uniform(0, 4))
        second = started(project, by[1], stage)
        told = [
            (by[0], first.communicate()[0], first.wait()),
            (by[1], second.communicate()[0], second.wait()),
        ]
        for who, output, status in told:
            assert "Traceback" not in output
            assert status == 0 or (who == "dvc" and any(words in output for words in REFUSED)), output
        assert 0 in (first.returncode, second.returncode), told
        look(project, before)


def test_by_hand_waits_for_dvc(project: Path) -> None:
    """And says for whom. Afterwards the files can be read, and DVC has nothing to do."""
    before = tree(project / "data")
    first = started(project, "dvc", "filter")
    while folder_of(project, "filter").exists():
        time.sleep(0.002)
    second = started(project, "hand", "filter")
    output, _ = first.communicate()
    told, _ = second.communicate()
    assert (first.returncode, second.returncode) == (0, 0), output + told
    assert f"waiting for DVC: '{project}" in told and f"PID {first.pid}): " in told
    assert pq.read_metadata(folder_of(project, "filter") / "instances.parquet").num_rows
    look(project, before)
    assert "up to date" in dvc(project, "status", f"filter@{SOURCE}")


@pytest.mark.parametrize("content", ["", '{"write": {"da'])
def test_a_lock_file_that_a_killed_dvc_cut_off_is_made_anew(project: Path, content: str) -> None:
    before = tree(project / "data")
    (project / ".dvc" / "tmp" / "rwlock").write_text(content)
    first = started(project, "hand", "filter")
    told, _ = first.communicate()
    assert first.returncode == 0 and "broken by a DVC that was killed" in told, told
    look(project, before)
    assert "up to date" in dvc(project, "status", f"filter@{SOURCE}")


def test_killed_by_hand_blocks_nobody(project: Path) -> None:
    """DVC sees in its lock that the process is gone."""
    before = tree(project / "data")
    first = started(project, "hand", "filter")
    lock = project / ".dvc" / "tmp" / "rwlock"
    while str(first.pid) not in (lock.read_text() if lock.exists() else ""):
        time.sleep(0.01)
    first.kill()
    first.communicate()
    second = started(project, "dvc", "filter")
    assert second.communicate()[0] and second.returncode == 0
    look(project, before)
