"""The paper's params by the real dvc: its sources and two benchmarks, on small files in their formats."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from datasets import load_dataset

from pipeline.core.schema import Instance
from pipeline.core.storage import read_rows
from tests.conftest import ROOT
from tests.integration.paper.conftest import PAPER
from tests.integration.project import BIN, clone, dvc, params_with, run
from tests.pipeline.sources.factories import SPLIT, golden_raw_dir, make_source_config

pytestmark = pytest.mark.slow

BENCHMARKS = ["beam_100k", "halumem_medium"]
SOURCES = [*PAPER.enabled_sources, *BENCHMARKS]


def files_of(source: str) -> list[dict[str, Any]]:
    """The golden raw files, pinned."""
    raw = golden_raw_dir(source)
    return [
        {
            "locations": [
                {"locator": f"file:{path}", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            ],
            "subdir": "" if path.parent == raw else str(path.parent.relative_to(raw)),
        }
        for path in sorted(raw.rglob("*"))
        if path.is_file()
    ]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone after `dvc repro report` of the paper's params, with budgets as small as the files.

    The benchmarks that the params define are enabled too.
    """
    made = clone(ROOT, tmp_path_factory.mktemp("paper") / "project")
    changes: dict[str, object] = {
        "split.test_fraction": SPLIT.test_fraction,
        "split.max_document_fraction": SPLIT.max_document_fraction,
        "enabled_sources": SOURCES,
        "dataset.eval_only_sources": [*PAPER.dataset.eval_only_sources, *BENCHMARKS],
    }
    for source in SOURCES:
        recipe = make_source_config(source)
        changes[f"sources.{source}.files"] = files_of(source)
        changes[f"sources.{source}.chunking"] = recipe.chunking.model_dump()
        changes[f"sources.{source}.questions"] = recipe.questions.model_dump()
        changes[f"sources.{source}.checks"] = recipe.checks.model_dump()
        if PAPER.sources[source].parity is not None:
            changes[f"sources.{source}.parity.ablations"] = {}  # they would leave nothing of so little
    (made / "params.yaml").write_text(params_with(changes, ROOT / "params.paper.yaml"), encoding="utf-8")
    dvc(made, "repro", "report")
    return made


def instances(project: Path, split: str) -> list[Instance]:
    return list(read_rows(project / "data" / "dataset" / f"{split}.parquet", Instance))


def test_evaluation_sets_are_whole_and_apart(project: Path) -> None:
    """Bar: their own split, never training."""
    benchmarks = {*PAPER.dataset.eval_only_sources, *BENCHMARKS}
    evaluated = instances(project, "evaluation")
    assert {one.source for one in evaluated} == benchmarks
    assert {one.split for one in evaluated} == {"evaluation"}
    for source in benchmarks:
        filtered = project / "data" / "filtered" / source / "instances.parquet"
        kept = {one.id for one in read_rows(filtered, Instance)}
        assert kept == {one.id for one in evaluated if one.source == source}
    trained = instances(project, "train") + instances(project, "test")
    assert {one.source for one in trained} == set(SOURCES) - benchmarks


def test_the_card_and_the_splits_load(project: Path) -> None:
    folder = project / "data" / "dataset"
    assert "train / test / evaluation" in (folder / "README.md").read_text()
    loaded = load_dataset(str(folder))
    assert {split: rows.num_rows for split, rows in loaded.items()} == {
        split: len(instances(project, split)) for split in ("train", "test", "evaluation")
    }
    totals = pd.read_csv(project / "data" / "report" / "totals.csv")
    evaluated = totals[totals.split == "evaluation"]
    assert evaluated.instances.sum() == len(instances(project, "evaluation"))


def test_parity_has_every_row(project: Path) -> None:
    found = json.loads(run(project, BIN / "memcurate", "parity", "--json"))
    assert [one["source"] for one in found] == PAPER.enabled_sources
    assert all(one["lines"] for one in found)
    assert "The paper" in (project / "data" / "report" / "index.html").read_text()


def test_they_are_evaluated_and_exported(project: Path) -> None:
    """The scripted writer plays them beside test, and they leave in the published schema."""
    dvc(project, "repro", "--single-item", "evaluate")
    assert "mab_ruler_qa1" in set(pd.read_csv(project / "data" / "evaluation" / "results.csv").source)
    run(project, BIN / "memcurate", "export", "out", "--format", "mem-alpha")
    rows = load_dataset("parquet", data_files=str(project / "out" / "evaluation.parquet"), split="train")
    assert "ruler_qa1_197K" in set(rows["data_source"])
    segment = instances(project, "evaluation")[0].chunks[0].segments[0].id
    assert "raw" in run(project, BIN / "memcurate", "show", segment)
