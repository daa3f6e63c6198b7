"""The example of the memory environment, also where `memcurate[env]` alone is installed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.integration.project import copy_repository
from tests.training.environment.datasets import write_dataset

SCRIPT = Path("examples/environment/play.py")
ABSENT = ("torch", "transformers", "trl", "dvc", "spacy", "openai", "nltk", "pandas", "typer", "ruamel.yaml")


def run(*command: str | Path, cwd: Path = ROOT, paths: str = str(ROOT)) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )


@pytest.mark.parametrize("policy", ["fixed", "scripted"])
def test_the_example_plays_an_episode(tmp_path: Path, assets: Path, policy: str) -> None:
    """The fixed reply answers nothing; the rules answer the questions of the small dataset."""
    write_dataset(tmp_path, 6)
    done = run(
        *(sys.executable, SCRIPT, tmp_path, "--assets", assets),
        *("--policy", policy, "--instance", "made/2"),
    )
    assert done.returncode == 0, done.stderr
    assert re.findall(r"made/2, step (\d) of 3: prompt of \d+ characters", done.stdout) == ["1", "2", "3"]
    right = {"fixed": "right: 0 of 2 questions", "scripted": "right: 2 of 2 questions"}
    assert right[policy] in done.stdout
    assert re.search(r"^r1 .*\nrewards by episode: .*\nrewards by step: .*$", done.stdout, re.MULTILINE)


def test_the_example_names_a_missing_split(tmp_path: Path, assets: Path) -> None:
    done = run(sys.executable, SCRIPT, tmp_path, "--assets", assets)
    assert done.returncode == 1 and "has no split 'train'; it has none" in done.stderr


@pytest.mark.slow
def test_the_extra_env_is_enough_for_an_episode(tmp_path: Path, assets: Path) -> None:
    """In a new virtual environment the example runs, and the commands say what they miss."""
    repository = copy_repository(tmp_path / "repository")
    for name in ("memcurate", "pyproject.toml", "README.md", "LICENSE"):
        if not (repository / name).exists():
            subprocess.run(["cp", "-r", ROOT / name, repository / name], check=True)
    write_dataset(tmp_path / "dataset", 6)
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    python = venv / "bin" / "python"
    installed = run(
        *(python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt"),
        f"{repository}[env]",
        cwd=tmp_path,
        paths="",
    )
    assert installed.returncode == 0, installed.stderr
    done = run(
        *(python, ROOT / SCRIPT, tmp_path / "dataset", "--assets", assets, "--instance", "made/2"),
        cwd=tmp_path,
        paths="",
    )
    assert done.returncode == 0 and "rewards by step" in done.stdout, done.stderr
    check = (
        f"from importlib.util import find_spec; print([n for n in {ABSENT} if find_spec(n.split('.')[0])])"
    )
    assert run(python, "-c", check, cwd=tmp_path, paths="").stdout.strip() == "[]"
    command = run(venv / "bin" / "memcurate", "--help", cwd=tmp_path, paths="")
    assert command.returncode == 1 and "Run `pip install 'memcurate[pipeline]'`" in command.stderr
