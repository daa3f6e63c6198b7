"""The stage parity and `memcurate parity`, on the golden file of SQuAD."""

import json
import os
import shutil
import subprocess
import sys
from random import Random

import pytest

from pipeline.chunking import ChunkingContext
from pipeline.core.schema import Instance
from pipeline.core.storage import write_rows
from pipeline.parity.build_source import build_source
from stages.shared.paths import FILTERED_DIR, PARITY_DIR, RAW_DIR
from tests.conftest import ROOT
from tests.integration.project import change_params
from tests.pipeline.sources.factories import SPLIT, golden_raw_dir, make_source_config
from tests.pipeline.sources.reading import parse
from tests.soak.corpus import SOURCES
from tests.soak.words import Writer
from tests.stages.conftest import Make, Project

SMALL = {
    "enabled_sources": ["squad_dev", "banking77"],
    "split.test_fraction": SPLIT.test_fraction,
    "split.max_document_fraction": SPLIT.max_document_fraction,
    "sources.squad_dev.chunking": make_source_config("squad_dev").chunking.model_dump(),
    "sources.squad_dev.checks": make_source_config("squad_dev").checks.model_dump(),
}
CHANGED_ABLATIONS = {
    "chunks of 150 tokens": {"chunking.max_tokens": 150},
    "cut by Qwen": {"tokenizer": "qwen3"},
}


def fill_project(project: Project, context: ChunkingContext) -> Project:
    """Write the raw file, and the instances as filter would."""
    shutil.copytree(golden_raw_dir("squad_dev"), project.folder / RAW_DIR / "squad_dev")
    (project.folder / FILTERED_DIR / "squad_dev").mkdir(parents=True)
    own = ChunkingContext("squad_dev", context.seed, SPLIT, context.tokenizer_name, context.assets)
    kept, _ = build_source(
        parse("squad_dev", golden_raw_dir("squad_dev")), make_source_config("squad_dev"), own
    )
    write_rows(project.folder / FILTERED_DIR / "squad_dev" / "instances.parquet", Instance, kept)
    return project


def run_parity(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from stages.cli.main import run; run()", "parity", *arguments],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_figures_and_ablations_stand_beside_the_paper(make: Make, context: ChunkingContext) -> None:
    """A line per measure with the difference and the ablations; a source without a row is left out."""
    paper = {"row": "SQuAD", "ablations": {"nothing": {}, **CHANGED_ABLATIONS}}
    project = fill_project(make({**SMALL, "sources.squad_dev.parity": paper}), context)
    for source in ("squad_dev", "banking77"):
        done = project.stage("parity", source)
        assert done.returncode == 0, done.stderr
    (found,) = json.loads(run_parity(project, "--json").stdout)
    assert (found["source"], found["row"]) == ("squad_dev", "SQuAD")
    assert found["ablations"]["nothing"] == found["built"]
    built, shorter = found["built"], found["ablations"]["chunks of 150 tokens"]
    assert shorter["tokens_per_chunk"] < built["tokens_per_chunk"]
    line = next(one for one in found["lines"] if one["measure"] == "tokens_per_chunk")
    assert line["paper"] == 1078 and line["off"] == pytest.approx(100 * (line["ours"] - 1078) / 1078)
    assert "nothing" not in line["ablations"] and "chunks of 150 tokens" in line["ablations"]
    shown = run_parity(project).stdout
    assert shown.startswith("squad_dev beside SQuAD\n") and "chunks of 150 tokens" in shown
    metrics = json.loads((project.folder / "metrics" / "parity" / "squad_dev.json").read_text())
    differences = [abs(one["off"]) for one in found["lines"]]
    assert metrics == {"percent_off": round(sum(differences) / len(differences), 1)}


def test_an_ablation_of_nothing_is_the_source_as_it_is_built(make: Make) -> None:
    """Its short documents are joined, and its language is not English."""
    paper = {"row": "SQuAD", "ablations": {"nothing": {}}}
    project = make({"enabled_sources": ["notizen"], "sources.notizen": {}})
    block = SOURCES["notizen"](project.folder, Writer(Random(0)))
    change_params(project.folder, {"sources.notizen": {**block, "files": ["file:chat.txt"], "parity": paper}})
    for stage in ("fetch", "chunk", "question", "filter", "parity"):
        done = project.stage(stage, "notizen")
        assert done.returncode == 0, done.stderr
    found = json.loads((project.folder / PARITY_DIR / "notizen" / "parity.json").read_text())
    assert found["ablations"]["nothing"] == found["built"]
    assert found["built"]["questions_per_instance"] > 1


def test_a_source_without_instances_has_no_ablations(make: Make, context: ChunkingContext) -> None:
    paper = {"row": "SQuAD", "ablations": {"nothing": {}}}
    project = fill_project(make({**SMALL, "sources.squad_dev.parity": paper}), context)
    write_rows(project.folder / FILTERED_DIR / "squad_dev" / "instances.parquet", Instance, [])
    assert project.stage("parity", "squad_dev").returncode == 0
    found = json.loads((project.folder / PARITY_DIR / "squad_dev" / "parity.json").read_text())
    assert (found["built"], found["ablations"]) == ({}, {})


@pytest.mark.parametrize(
    ("paper", "expected"),
    [
        ({"row": "SQUAD"}, ["sources.squad_dev.parity.row", "'SQUAD'", "SQuAD, HotpotQA"]),
        ({"row": "SQuAD", "ablations": {"x": {"chunking.tokens": 1}}}, ["ablations.x", "'chunking.tokens'"]),
        (
            {"row": "SQuAD", "ablations": {"x": {"checks.min_questions": 9}}},
            ["ablations.x", "no instance is left"],
        ),
    ],
)
def test_a_wrong_row_or_ablation_is_an_error(
    paper: dict[str, object], expected: list[str], make: Make, context: ChunkingContext
) -> None:
    project = fill_project(make({**SMALL, "sources.squad_dev.parity": paper}), context)
    project.refuses(["parity@squad_dev: ", *expected], "parity", "squad_dev")


def test_the_command_before_the_stage_is_an_error(make: Make) -> None:
    done = run_parity(make({"enabled_sources": ["squad_dev"]}))
    assert done.returncode == 1 and "dvc repro parity@squad_dev" in done.stderr
    assert str(PARITY_DIR) in done.stderr and "Traceback" not in done.stderr
