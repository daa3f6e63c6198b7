"""The examples: the commands of their README, run with the real dvc, and the notebook over their result."""

import json
import re
import shutil
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from pipeline.core.schema import Instance
from pipeline.core.storage import read_rows
from tests.conftest import ROOT
from tests.integration.project import change_params, copy_repository, ran, run

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "examples" / "own_data"
SOURCES = ["chats", "notes", "tickets", "qa"]
MAX_BYTES = 120_000  # of the example's files
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read_blocks() -> list[tuple[str, str]]:
    """Return (language, text) of the README's blocks; "" is commands and what they print."""
    return _BLOCK.findall((EXAMPLE / "README.md").read_text(encoding="utf-8"))


def run_block(project: Path, block: str) -> str:
    """Run the commands of a block, whose output has the lines that are shown, but for figures and "…"."""
    outputs = []
    for part in block.removeprefix("$ ").split("\n$ "):
        command, *shown = part.strip().split("\n")
        outputs.append(run(project, "sh", "-c", command))
        for line in shown:
            pattern = ".*".join(re.escape(piece.strip()) for piece in mask(line).split("…"))
            assert re.search(pattern, mask(outputs[-1])), (
                f"`{command}` prints no {line!r}, but:\n{outputs[-1]}"
            )
    return "".join(outputs)


def mask(text: str) -> str:
    """Return the text without the values of numbers, and with single spaces."""
    return re.sub(r"\d[\d,.]*", "0", re.sub(" +", " ", text))


def check_instances(project: Path, source: str) -> int:
    """Check that both splits have instances, each with three questions or more; return their number."""
    path = project / "data" / "filtered" / source / "instances.parquet"
    instances = list(read_rows(path, Instance))
    assert {one.split for one in instances} == {"train", "test"}, source
    assert all(len(one.questions) >= 3 for one in instances), source
    return len(instances)


def read_cells() -> list[str]:
    """Return the code cells of the notebook. Raises AssertionError for stored outputs."""
    notebook = json.loads((EXAMPLE / "look.ipynb").read_text(encoding="utf-8"))
    cells = notebook["cells"]
    assert notebook["nbformat"] == 4 and len({cell["id"] for cell in cells}) == len(cells)
    assert not any(cell.get("outputs") for cell in cells)
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def test_own_data_as_its_readme_says(raw: Path, tmp_path: Path) -> None:
    """Bar: both splits and three questions per instance of each file; the notebook runs on the dataset."""
    project = copy_repository(tmp_path / "project")
    shutil.copytree(EXAMPLE, project / "examples" / "own_data")
    (_, add), (_, build), (language, edit), (_, rebuild) = read_blocks()
    run_block(project, add)
    stages = {f"{stage}@{source}" for stage in ("fetch", "chunk", "question", "filter") for source in SOURCES}
    assert ran(run_block(project, build)) == stages
    num_instances = {source: check_instances(project, source) for source in SOURCES}

    assert language == "yaml"
    changes = yaml.safe_load(edit)
    assert changes["enabled_sources"] == SOURCES
    change_params(project, {"enabled_sources": SOURCES, "sources.chats": changes["sources"]["chats"]})
    rerun = {f"{stage}@chats" for stage in ("chunk", "question", "filter")}
    rerun |= {"assemble", "report"} | {f"parity@{source}" for source in SOURCES}
    assert ran(run_block(project, rebuild)) == rerun
    assert check_instances(project, "chats") > num_instances["chats"]

    rows = list(read_rows(project / "data" / "dataset" / "train.parquet", Instance))
    assert {one.source for one in rows} == set(SOURCES)
    script = "\n".join(read_cells())
    folder = project / "examples" / "own_data"
    printed = run(folder, sys.executable, "-c", script, env={"HF_HOME": str(tmp_path / "hub")})
    assert f"num_rows: {len(rows)}" in printed
    assert "chat with one speaker" in printed and rows[0].source in printed


def test_the_example_is_small_and_not_packaged() -> None:
    """Its files suit a repository, and a wheel holds the rooms of the code alone."""
    files = [path for path in EXAMPLE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MAX_BYTES
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert not any(fnmatch(EXAMPLE.parent.name, pattern) for pattern in patterns)
