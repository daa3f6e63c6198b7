"""The report of a small build, written by the real stage in its own process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.integration.project import params_with
from tests.pipeline.report.factories import write_data


def run_report(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the report stage in a folder and wait for its end."""
    return subprocess.run(
        [sys.executable, "-m", "stages.report"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with params.yaml, the data of `write_data`, and its report."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "params.yaml").write_text(
        params_with({"enabled_sources": ["gutenberg", "chitchat"]}), encoding="utf-8"
    )
    write_data(folder / "data")
    done = run_report(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def html(project: Path) -> str:
    """The page."""
    return (project / "data/report/index.html").read_text(encoding="utf-8")
