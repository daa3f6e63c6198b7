"""Virtual environments of frameworks: each has one of its own, with exact versions, which is kept.

A framework's packages may conflict with those of the project, so its tests run its commands there.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from tests.conftest import ROOT

_PROJECT_FILES = ("memcurate", "pipeline", "stages", "training", "pyproject.toml", "README.md", "LICENSE")
_BUILD_PACKAGES = ("hatchling", "setuptools")


@dataclass
class FrameworkVenv:
    """A virtual environment with a framework, the project's extra `env`, and an exported package."""

    folder: Path

    def run(
        self, *command: str | Path, cwd: Path, timeout: float = 900, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the virtual environment, which sees nothing of the project's own."""
        program, *arguments = command
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [self.folder / "bin" / program, *arguments],
            cwd=cwd,
            env={**inherited, "HOME": str(self.folder / "home"), **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def install(self, *requirements: str | Path, cwd: Path) -> None:
        """Install packages, and nothing that they need: `check` tells what is missing."""
        options = ("--quiet", "--no-deps", "--no-build-isolation", "--force-reinstall")
        done = self.run("python", "-m", "pip", "install", *options, *requirements, cwd=cwd)
        assert done.returncode == 0, done.stderr

    def check(self, cwd: Path) -> None:
        """Raise AssertionError where a requirement of an installed package is not met."""
        done = self.run("python", "-m", "pip", "check", cwd=cwd)
        assert done.returncode == 0, done.stdout


def make_framework_venv(
    cache: Path, pins: Path, framework: str, *beside: str, python: Path = Path(sys.executable)
) -> FrameworkVenv:
    """Return the virtual environment of a framework below `cache`, which is made where it is not there.

    `beside` are other packages that its tests take. `pins` has the exact versions of all packages; the
    project and its packages are not among them. `python` is that of the environment.
    """
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "dependencies"
    ]
    requirements = (framework, *beside, *dependencies, *_BUILD_PACKAGES)
    version = subprocess.run([python, "-VV"], capture_output=True, text=True, check=True).stdout
    identity = "\n".join([version, pins.read_text(encoding="utf-8"), *requirements])
    folder = cache / f"{framework}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    venv, complete = FrameworkVenv(folder), folder / "complete"
    with FileLock(folder.with_suffix(".lock")):
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([python, "-m", "venv", folder], check=True)
            options = ("--quiet", "--constraint", pins)
            done = venv.run("python", "-m", "pip", "install", *options, *requirements, cwd=cache)
            assert done.returncode == 0, done.stderr
            complete.touch()
    return venv


def install_project(venv: FrameworkVenv, folder: Path) -> None:
    """Install the project, from a copy in `folder`, with its extra `env`."""
    folder.mkdir()
    for name in _PROJECT_FILES:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    venv.install(f"{folder}[env]", cwd=folder)


def find_python(version: str) -> Path | None:
    """Return a Python of a version such as 3.12, from PATH or from pyenv's folder; None where none runs."""
    named = shutil.which(f"python{version}")
    of_pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}*/bin/python"))
    for path in [*([Path(named)] if named else []), *of_pyenv]:
        if subprocess.run([path, "-V"], capture_output=True, check=False).returncode == 0:
            return path
    return None
