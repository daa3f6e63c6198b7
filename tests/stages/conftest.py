"""Folders with a params.yaml and the real assets, where stages run."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from stages.shared.paths import RAW_DIR
from tests.conftest import ROOT
from tests.integration.project import params_with, tree
from tests.stages.history import make_history


@dataclass
class Project:
    """A folder with params.yaml and the real assets, where stages run."""

    folder: Path

    def stage(self, name: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a stage to its end."""
        return subprocess.run(
            [sys.executable, "-m", f"stages.{name}", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            capture_output=True,
            text=True,
            check=False,
        )

    def raw(self, path: str, content: str | bytes) -> None:
        """Write a raw file."""
        target = self.folder / RAW_DIR / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)

    def left(self) -> dict[str, str]:
        """Return the hash of every file of outputs and metrics, and every output folder."""
        folders = ("data", "metrics", ".partial")
        files = {
            f"{folder}/{path}": content
            for folder in folders
            for path, content in tree(self.folder / folder).items()
            if not path.startswith("assets/")
        }
        return files | {str(path): "" for path in self.folder.glob("data/[a-z]*/*")}

    def refuses(self, expected: list[str], name: str, *arguments: str, **env: str) -> None:
        """Run a stage that must fail with these parts in its error and change no file."""
        before = self.left()
        done = self.stage(name, *arguments, **env)
        assert done.returncode == 1, done
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        assert [part for part in expected if part not in done.stderr] == [], done.stderr
        assert self.left() == before


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of tests/stages/history.py, which tests only read."""
    project = tmp_path_factory.mktemp("versions") / "project"
    make_history(project)
    return project


Make = Callable[[Mapping[str, object]], Project]


@pytest.fixture
def make(tmp_path: Path, assets: Path) -> Make:
    """Return a function that makes the project of a test from changes to params.yaml."""

    def made(changes: Mapping[str, object]) -> Project:
        (tmp_path / "params.yaml").write_text(params_with(changes), encoding="utf-8")
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "assets").symlink_to(assets)
        (tmp_path / "reviews").symlink_to(ROOT / "reviews")
        return Project(tmp_path)

    return made
