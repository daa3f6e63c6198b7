"""The memcurate command: lazy imports, help and version."""

import os
import re
import subprocess
import sys
from importlib import metadata

import pytest

from stages.cli.main import COMMANDS, load_command
from tests.conftest import ROOT
from tests.stages.conftest import Make

HEAVY = "spacy torch transformers openai nltk sklearn scipy datasets duckdb pandas bm25s dvc huggingface_hub"
SECONDS = {"--help": 1.0, "show": 3.0, "trace": 3.0}  # of one core; a quiet one takes a quarter of it

LISTING = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
RUNNING = "from stages.cli.main import run; sys.argv[0] = 'memcurate'; run()"


def run_command(make: Make, *arguments: str) -> tuple[set[str], float, str]:
    """Return (top-level modules that a command imported, seconds of processor time, its output)."""
    folder = make({}).folder
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-c", LISTING + RUNNING, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )
    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    imported = done.stderr.splitlines()[-1].split()
    return {name.partition(".")[0] for name in imported}, seconds, done.stdout


@pytest.mark.parametrize(
    "arguments", [["--help"], ["show", "squad_dev/none"], ["trace", "squad_dev", "f.json#/none"]]
)
def test_a_command_imports_nothing_heavy_that_it_does_not_use(make: Make, arguments: list[str]) -> None:
    imported, seconds, _ = run_command(make, *arguments)
    heavy = set(HEAVY.split()) | ({"pyarrow", "pydantic", "numpy"} if arguments == ["--help"] else set())
    assert "typer" in imported and imported & heavy == set()
    assert seconds < SECONDS[arguments[0]]


def test_help_lists_every_command_with_its_own_help(make: Make) -> None:
    _, _, printed = run_command(make, "--help")
    for name, (_, first) in COMMANDS.items():
        command = load_command(name)
        assert " ".join(command.help.partition("\n\n")[0].split()) == first
        assert re.search(rf"^\W*{name} +{re.escape(first)}", printed, re.MULTILINE), printed


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_prints_its_help(make: Make, name: str) -> None:
    _, _, printed = run_command(make, name, "--help")
    assert f"Usage: memcurate {name} " in printed and COMMANDS[name][1].split("*")[0][:60] in printed


def test_version_prints_the_version_of_the_package(make: Make) -> None:
    _, _, printed = run_command(make, "--version")
    assert printed == f"memcurate {metadata.version('memcurate')}\n"


def test_an_unknown_command_suggests_a_known_one(make: Make) -> None:
    folder = make({}).folder
    done = subprocess.run(
        [sys.executable, "-c", "from stages.cli.main import run; run()", "shw"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "No such command 'shw'. Did you mean 'show'?" in done.stderr
