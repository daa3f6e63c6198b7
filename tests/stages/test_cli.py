"""The memcurate command itself: each command is imported when it is called, and its help is known before."""

import os
import re
import subprocess
import sys

import pytest

from stages.cli import COMMANDS, load_command
from tests.conftest import ROOT
from tests.stages.conftest import Make

HEAVY = "spacy torch transformers openai nltk sklearn scipy datasets duckdb pandas bm25s dvc huggingface_hub"
SECONDS = {"--help": 1.0, "show": 3.0, "trace": 3.0}  # of one core; a quiet one takes a quarter of it

LISTING = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
RUNNING = "from stages.cli import run; sys.argv[0] = 'memcurate'; run()"


def ran(make: Make, *arguments: str) -> tuple[set[str], float, str]:
    """(top-level modules that a command imported, seconds of processor time, what it printed)."""
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
def test_what_a_command_does_not_need_is_not_imported(make: Make, arguments: list[str]) -> None:
    imported, seconds, _ = ran(make, *arguments)
    heavy = set(HEAVY.split()) | ({"pyarrow", "pydantic", "numpy"} if arguments == ["--help"] else set())
    assert "typer" in imported and imported & heavy == set()
    assert seconds < SECONDS[arguments[0]]


def test_help_lists_every_command_with_its_own_help(make: Make) -> None:
    _, _, printed = ran(make, "--help")
    for name, (_, first) in COMMANDS.items():
        command = load_command(name)
        assert " ".join(command.help.partition("\n\n")[0].split()) == first
        assert re.search(rf"^\W*{name} +{re.escape(first)}", printed, re.MULTILINE), printed


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help(make: Make, name: str) -> None:
    _, _, printed = ran(make, name, "--help")
    assert f"Usage: memcurate {name} " in printed and COMMANDS[name][1].split("*")[0][:60] in printed


def test_a_command_that_there_is_not(make: Make) -> None:
    folder = make({}).folder
    done = subprocess.run(
        [sys.executable, "-c", "from stages.cli import run; run()", "shw"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "No such command 'shw'. Did you mean 'show'?" in done.stderr
