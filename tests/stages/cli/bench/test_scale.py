"""The benchmark of scale: options, ratios, memory of all processes, a run on small books."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import load_params
from stages.cli import main as cli
from stages.cli.bench import scale
from stages.cli.bench.project import run_module
from stages.cli.bench.scale import ROWS, StageUsage, compare_sizes, compare_workers, parse_numbers
from tests.conftest import ROOT
from tests.integration.project import params_with, tree


def test_numbers_are_read_sorted() -> None:
    assert parse_numbers("120,1.2, 12,12", "--sizes", float) == [1.2, 12, 120]
    assert parse_numbers("2,1", "--workers", int) == [1, 2]


@pytest.mark.parametrize("text", ["", "12,", "0,1", "-1", "nan", "1,inf", "twelve"])
def test_other_sizes_are_an_error(text: str) -> None:
    with pytest.raises(MemcurateError, match=r"--sizes is .*: give numbers above 0"):
        parse_numbers(text, "--sizes", float)


def test_workers_are_whole_numbers() -> None:
    with pytest.raises(MemcurateError, match=r"--workers is '1\.5': give whole numbers above 0"):
        parse_numbers("1.5", "--workers", int)


def test_ratios_of_sizes_and_workers() -> None:
    usages = [
        StageUsage("chunk", size, workers, size / workers, size, 100 + size)
        for size in (10, 100)
        for workers in (1, 2)
    ]
    assert [line.split() for line in compare_sizes(usages)] == [
        [
            *"chunk 100.0 MB / 10.0 MB,".split(),
            str(count),
            word,
            *"10.00 (at most 11.0) 10.00 1.82 (at most 1.15)".split(),
        ]
        for count, word in ((1, "worker"), (2, "workers"))
    ]
    assert [line.split() for line in compare_workers(usages)] == [
        [*"chunk 1 worker / 2 workers,".split(), size, *"MB 2.00 (at least 1.7) 1.00 1.00".split()]
        for size in ("10.0", "100.0")
    ]


def test_time_and_memory_of_child_processes_count(tmp_path: Path) -> None:
    """Two child processes hold 150 MB each, for a second, and compute for half of it."""
    (tmp_path / "child.py").write_text(
        "import time\nx = b'x' * 150_000_000\nstart = time.process_time()\n"
        "while time.process_time() - start < 0.5: pass\ntime.sleep(1)"
    )
    (tmp_path / "parent.py").write_text(
        "import subprocess, sys\n"
        "for child in [subprocess.Popen([sys.executable, 'child.py']) for _ in '12']: child.wait()"
    )
    usage = run_module(tmp_path, "parent")
    assert 150 < usage.peak_mb < 200
    assert 300 < usage.total_peak_mb < 400
    assert 1 < usage.processor_seconds < 3


def test_bench_scale(
    tmp_path: Path,
    assets: Path,
    raw: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data/raw").mkdir(parents=True)
    Path("data/raw/gutenberg").symlink_to(raw / "gutenberg")
    Path("data/assets").symlink_to(assets)
    shutil.copytree(ROOT / "reviews", "reviews")
    # The corpus is a few of the shortest books.
    changes = {"split.test_fraction": 0.5, "split.max_document_fraction": 1.0}
    Path("params.yaml").write_text(params_with(changes), encoding="utf-8")
    before = tree(tmp_path)
    options = ["--only", "scale", "--repeat", "1", "--sizes", "0.4", "--workers", "1"]
    monkeypatch.setattr(sys, "argv", ["memcurate", "bench", *options])
    cli.run()
    out, _ = capsys.readouterr()
    assert tree(tmp_path) == before
    assert [line.split()[:3] for line in out.splitlines()[1:6]] == [[row, "0.3", "1"] for row in ROWS]


def test_params_keep_all_books(tmp_path: Path) -> None:
    path = shutil.copy(ROOT / "params.yaml", tmp_path)
    scale._write_params(Path(path))
    json.loads(Path(path).read_text())
    params = load_params(Path(path))
    assert params.enabled_sources == ["gutenberg"] and params.dataset.max_train_per_source > 1000
