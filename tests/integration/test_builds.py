"""A whole build: the same bytes everywhere, those of the committed dvc.lock, in little memory."""

import json
import re
import subprocess
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from datasets import load_dataset
from dvc.utils.serialize import load_yaml

from pipeline.core.params import load_params
from tests.conftest import ROOT
from tests.integration.conftest import Build
from tests.integration.project import BIN, dvc, ran, run, tree

pytestmark = pytest.mark.slow

PER_SOURCE = ("fetch", "chunk", "question", "filter", "parity")
MOST_MEGABYTES = 1500


def data_stages(project: Path) -> set[str]:
    sources = load_params(project / "params.yaml").enabled_sources
    return {
        "assets",
        "assemble",
        "report",
        *(f"{step}@{source}" for step in PER_SOURCE for source in sources),
    }


def outs(lock: str, stages: set[str]) -> dict[str, str]:
    """The md5 of every output of the stages."""
    locked = yaml.safe_load(lock)["stages"]
    return {
        out["path"]: out["md5"] for stage in stages for out in locked[stage]["outs"] if out["hash"] == "md5"
    }


def test_two_builds_are_the_same_byte_for_byte(builds: list[Build]) -> None:
    one, two = (tree(build.project / "data") for build in builds)
    assert [path for path in one.keys() | two.keys() if one.get(path) != two.get(path)] == []
    assert {"dataset/train.parquet", "dataset/test.parquet", "dataset/README.md"} < one.keys()
    assert {"report/index.html", "evaluation/index.html"} < one.keys()
    metrics, others = (tree(build.project / "metrics") for build in builds)
    assert metrics == others


def test_every_data_stage_ran(builds: list[Build]) -> None:
    """Else nothing was compared."""
    for build in builds:
        assert ran(build.output) == data_stages(build.project), build.output


def test_the_builds_are_those_of_the_committed_lock(builds: list[Build]) -> None:
    committed = subprocess.check_output(["git", "show", "HEAD:dvc.lock"], cwd=builds[0].project, text=True)
    for build in builds:
        stages = data_stages(build.project)
        built = outs((build.project / "dvc.lock").read_text(), stages)
        assert len(built) > len(stages)
        assert built == outs(committed, stages)


def test_a_build_changes_nothing_that_git_tracks(builds: list[Build]) -> None:
    """Locks and metrics are as committed, and outputs are ignored."""
    for build in builds:
        assert run(build.project, "git", "status", "--porcelain") == ""


def test_nothing_is_done_twice(builds: list[Build]) -> None:
    """And takes under 5 s, the quickest of three; on a slow machine, the time of 130 readings of params.yaml.

    DVC reads that file once for each of the 49 stages, which is half of the time.
    """
    taken, reading = [], []
    for _ in range(3):
        start = time.perf_counter()
        load_yaml(builds[0].project / "params.yaml")
        reading.append(time.perf_counter() - start)
        start = time.perf_counter()
        output = dvc(builds[0].project, "repro", "report")
        taken.append(time.perf_counter() - start)
        assert ran(output) == set()
        assert "Stage 'report' didn't change, skipping" in output
    assert min(taken) < max(5, 130 * min(reading))


def test_memory(builds: list[Build], capsys: pytest.CaptureFixture[str]) -> None:
    table = {
        command: [build.megabytes.get(command, 0) for build in builds] for command in builds[0].megabytes
    }
    with capsys.disabled():
        print("\npeak MB of all processes together, with 1 and with 2 workers")
        for command, peaks in sorted(table.items()):
            print(f"{command.removeprefix('-m stages.'):24}", *(f"{peak:6}" for peak in peaks))
    assert len(table) == len(data_stages(builds[0].project)) + 2  # inputs and the evaluation
    assert all(0 < peak < MOST_MEGABYTES for peaks in table.values() for peak in peaks)


def test_datasets_loads_it(builds: list[Build], tmp_path: Path) -> None:
    folder = builds[0].project / "data" / "dataset"
    files = {split: folder / f"{split}.parquet" for split in ("train", "test")}
    by_file = load_dataset(
        "parquet",
        data_files={split: str(path) for split, path in files.items()},
        cache_dir=str(tmp_path / "a"),
    )
    by_card = load_dataset(str(folder), cache_dir=str(tmp_path / "b"))
    figures = json.loads((builds[0].project / "metrics" / "assemble.json").read_text())
    for loaded in (by_file, by_card):
        assert set(loaded) == {"train", "test"}
        for split, path in files.items():
            assert loaded[split].to_list() == pq.read_table(path).to_pylist()
            assert len(loaded[split]) == figures[split]


def test_chunking_is_twice_as_fast_as_a_plain_chunker(
    builds: list[Build], capsys: pytest.CaptureFixture[str]
) -> None:
    output = run(builds[0].project, BIN / "memcurate", "bench", "--only", "chunk", "--repeat", "3")
    with capsys.disabled():
        print("\n" + output)
    ratios = [float(ratio) for ratio in re.findall(r"([\d.]+) times as fast", output)]
    assert len(ratios) == 2
    assert min(ratios) >= 2


def test_the_clones_are_of_what_is_committed(builds: list[Build]) -> None:
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=ROOT)
    for build in builds:
        assert subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=build.project) == head
