"""Two whole builds of what is committed, with the real dvc, under different circumstances."""

import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.integration.project import BIN, clone, dvc, ran

# Neither the workers, nor the hash seed, nor the clock and locale of a machine may show in the data.
CIRCUMSTANCES = [
    {"MEMCURATE_WORKERS": "1", "PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    {"MEMCURATE_WORKERS": "2", "PYTHONHASHSEED": "2", "TZ": "Pacific/Auckland", "LC_ALL": "C"},
]


@dataclass(frozen=True)
class Build:
    """A clone after `dvc repro` of the data, and then of the evaluation."""

    project: Path
    output: str  # of dvc, of the data
    evaluating: float  # seconds
    megabytes: dict[str, int]  # peak memory by command


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Build]]:
    """One build for each of CIRCUMSTANCES, from nothing but the download cache. Not to be changed."""
    folder = tmp_path_factory.mktemp("builds")
    yield [_build(folder / f"build {number}", env) for number, env in enumerate(CIRCUMSTANCES)]
    shutil.rmtree(folder)


def _build(folder: Path, env: dict[str, str]) -> Build:
    notes = folder / "notes"
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    measuring = shlex.join([sys.executable, str(Path(__file__).with_name("measuring.py")), str(notes)])
    python.write_text(f'#!/bin/sh\nexec {measuring} "$@"\n')
    python.chmod(0o755)
    project = clone(ROOT, folder / "project")
    path = f"{python.parent}:{BIN}:/usr/bin:/bin"
    # Forced, because dvc else takes an output that equals another's from its cache and runs no stage for it.
    output = dvc(project, "repro", "--force", "report", env={**env, "PATH": path})
    start = time.perf_counter()
    evaluated = dvc(project, "repro", "--force", "--single-item", "evaluate", env={**env, "PATH": path})
    seconds = time.perf_counter() - start
    assert ran(evaluated) == {"evaluate"}
    lines = [line.split("\t") for line in notes.read_text().splitlines()]
    return Build(project, output, seconds, {command: int(megabytes) for megabytes, command in lines})


@pytest.fixture
def project(builds: list[Build], tmp_path: Path) -> Iterator[Path]:
    """A copy of the first build, to be changed."""
    copy = tmp_path / "project"
    shutil.copytree(builds[0].project, copy, symlinks=True)
    yield copy
    shutil.rmtree(copy)
