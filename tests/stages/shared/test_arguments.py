"""The command line of the stages: help, and arguments."""

import subprocess
import sys

import pytest

from stages.shared.arguments import parse_stage_arguments
from stages.shared.paths import SOURCE_STAGES, STAGE_INPUTS, STAGE_OUTPUTS
from tests.conftest import ROOT


def run_stage(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("stage", STAGE_OUTPUTS)
def test_help_says_what_a_stage_does_reads_and_writes(stage: str) -> None:
    done = run_stage(f"stages.{stage}", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    argument = " SOURCE" if stage in SOURCE_STAGES else ""
    assert f"usage: python -m stages.{stage} [-h]{argument}\n" in done.stdout
    assert f"\n{stage}: " in done.stdout
    for folder in (*STAGE_INPUTS[stage], *map(str, STAGE_OUTPUTS[stage])):
        assert folder in done.stdout


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "stages.train", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "argparse" in imported
    assert imported & {"torch", "transformers", "accelerate", "pydantic", "pyarrow"} == set()


@pytest.mark.parametrize("arguments", [["stages.chunk"], ["stages.chunk", "a", "b"], ["stages.assets", "a"]])
def test_wrong_arguments_print_the_usage(arguments: list[str]) -> None:
    done = run_stage(*arguments)
    assert done.returncode == 2 and done.stderr.startswith(f"usage: python -m {arguments[0]}")


def test_the_source_is_the_argument() -> None:
    assert parse_stage_arguments("chunk", ["squad"]) == "squad"
    assert parse_stage_arguments("assets", []) is None
