"""The stage parity and the command, on SQuAD's golden file."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from pipeline.chunking import Context
from pipeline.road import travel
from pipeline.schema import Instance
from pipeline.sources import parse
from pipeline.storage import write_rows
from stages.running import FILTERED, PARITY, RAW
from tests.conftest import ROOT
from tests.sources.test_golden import SPLIT, raw_of, recipe_of
from tests.stages.conftest import Make, Project

SMALL = {
    "use": ["squad_dev", "banking77"],
    "split.test_share": SPLIT.test_share,
    "split.max_document_share": SPLIT.max_document_share,
    "sources.squad_dev.chunking": recipe_of("squad_dev").chunking.model_dump(),
    "sources.squad_dev.checks": recipe_of("squad_dev").checks.model_dump(),
}
REROUTED = {"chunks of 150 tokens": {"chunking.max_tokens": 150}, "cut by Qwen": {"tokenizer": "qwen3"}}


def filled(project: Project, context: Context) -> Project:
    """With the raw file, and what filter would have written."""
    shutil.copytree(raw_of("squad_dev"), project.folder / RAW / "squad_dev")
    (project.folder / FILTERED / "squad_dev").mkdir(parents=True)
    own = Context("squad_dev", context.seed, SPLIT, context.tokenizer_name, context.assets)
    kept, _ = travel(parse("squad_dev", raw_of("squad_dev")), recipe_of("squad_dev"), own)
    write_rows(project.folder / FILTERED / "squad_dev" / "instances.parquet", Instance, kept)
    return project


def parity(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from stages.cli import run; run()", "parity", *arguments],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_figures_and_reruns(make: Make, context: Context) -> None:
    """Bar: row by row with the difference, and a rerun's figure; a source without a row is left out."""
    paper = {"row": "SQuAD", "reruns": {"nothing": {}, **REROUTED}}
    project = filled(make({**SMALL, "sources.squad_dev.paper": paper}), context)
    for source in ("squad_dev", "banking77"):
        done = project.stage("parity", source)
        assert done.returncode == 0, done.stderr
    (found,) = json.loads(parity(project, "--json").stdout)
    assert (found["source"], found["row"]) == ("squad_dev", "SQuAD")
    assert found["reruns"]["nothing"] == found["built"]
    built, shorter = found["built"], found["reruns"]["chunks of 150 tokens"]
    assert shorter["tokens_per_chunk"] < built["tokens_per_chunk"]
    line = next(one for one in found["lines"] if one["measure"] == "tokens_per_chunk")
    assert line["paper"] == 1078 and line["off"] == pytest.approx(100 * (line["ours"] - 1078) / 1078)
    assert "nothing" not in line["reruns"] and "chunks of 150 tokens" in line["reruns"]
    shown = parity(project).stdout
    assert shown.startswith("squad_dev beside SQuAD\n") and "chunks of 150 tokens" in shown
    metrics = json.loads((project.folder / "metrics" / "parity" / "squad_dev.json").read_text())
    assert metrics["tokens_per_chunk"] == round(line["off"], 2)


@pytest.mark.parametrize(
    ("paper", "told"),
    [
        ({"row": "SQUAD"}, ["sources.squad_dev.paper.row", "'SQUAD'", "SQuAD, HotpotQA"]),
        ({"row": "SQuAD", "reruns": {"x": {"chunking.tokens": 1}}}, ["reruns.x", "'chunking.tokens'"]),
        ({"row": "SQuAD", "reruns": {"x": {"checks.min_questions": 9}}}, ["reruns.x", "nothing is left"]),
    ],
)
def test_what_cannot_be_is_told(
    paper: dict[str, object], told: list[str], make: Make, context: Context
) -> None:
    project = filled(make({**SMALL, "sources.squad_dev.paper": paper}), context)
    project.refuses(["parity@squad_dev: ", *told], "parity", "squad_dev")


def test_before_the_stage_ran(make: Make) -> None:
    done = parity(make({"use": ["squad_dev"]}))
    assert done.returncode == 1 and "dvc repro parity@squad_dev" in done.stderr
    assert str(PARITY) in done.stderr and "Traceback" not in done.stderr
