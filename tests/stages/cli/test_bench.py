"""The benchmarks: ratios, peak memory, unchanged data, errors."""

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from math import log
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Instance, Reject
from pipeline.core.storage import write_rows
from stages.cli import main as cli
from stages.cli.bench import baselines, diff, view
from stages.cli.bench.near_duplicates import compare_growth
from stages.cli.bench.project import run_module, temporary_project
from stages.cli.bench.timing import measure_slowdown, measure_speedup, run_alternating
from tests.conftest import ROOT
from tests.integration.project import params_with, tree
from tests.pipeline.fetching.factories import make_zip, sha256
from tests.pipeline.questions.factories import make_instance, make_question
from tests.pipeline.report.factories import SOURCE_CARD, write_data

Bench = Callable[..., list[str]]
SECONDS = st.floats(0.001, 1000)
BOOK = "gutenberg/carroll-alice.txt"
SMALL_BOOKS = {
    "enabled_sources": ["gutenberg"],
    "sources.gutenberg.chunking.max_tokens": 128,
    "sources.gutenberg.chunking.min_chunks": 1,
    "sources.gutenberg.checks.min_questions": 0,
}


@pytest.fixture
def bench(
    tmp_path: Path, assets: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Bench:
    """Return a function that runs `memcurate bench --repeat 1 --only NAME` and returns the table's lines."""
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    Path("data/assets").symlink_to(assets)
    shutil.copytree(ROOT / "reviews", "reviews")

    def run_benchmark(only: str, changes: Mapping[str, object] | None = None) -> list[str]:
        Path("params.yaml").write_text(params_with(changes or {}), encoding="utf-8")
        before = tree(tmp_path)
        monkeypatch.setattr(sys, "argv", ["memcurate", "bench", "--repeat", "1", "--only", only])
        status: object = 0
        try:
            cli.run()
        except SystemExit as end:
            status = end.code
        assert tree(tmp_path) == before
        out, err = capsys.readouterr()
        if status:
            raise MemcurateError(err)
        heading, *lines = out.splitlines()
        assert heading.startswith("benchmark ")
        return lines

    return run_benchmark


@given(st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=9))
def test_the_ratio_of_medians_lies_between_the_ratios_of_the_rounds(
    rounds: list[tuple[float, float]],
) -> None:
    mine, others = zip(*rounds, strict=True)
    result = measure_slowdown("a", "b", mine, others)
    assert result.min_ratio * 0.999 <= result.ratio <= result.max_ratio * 1.001
    assert measure_speedup("a", "b", others, mine).ratio == result.ratio


def test_slowdown_and_speedup_are_inverse_ratios() -> None:
    assert measure_slowdown("a", "b", [3, 6, 30], [1, 2, 3]).ratio == 3
    assert measure_speedup("a", "b", [3, 6, 30], [6, 18, 15]).ratio == 2.5


def test_runs_alternate() -> None:
    order: list[str] = []

    def note(name: str) -> int:
        order.append(name)
        return len(order)

    assert run_alternating([lambda: note("a"), lambda: note("b")], 3, "notes") == [[1, 3, 5], [2, 4, 6]]
    assert order == ["a", "b", "a", "b", "a", "b"]


def test_growth_is_compared_with_n_log_n() -> None:
    """The seconds are those of 4,000 texts, in parts of each size."""
    sizes = [500, 1000, 2000, 4000]
    for grown in compare_growth(sizes, [[4000 / n * n * log(n)] * 3 for n in sizes]):
        assert grown.ratio == pytest.approx(1)
    for less, more in pairwise(compare_growth(sizes, [[4000 / n * n**2] for n in sizes])):
        assert 1.5 < less.ratio < more.ratio
    assert [one.ratio < 1 for one in compare_growth(sizes, [[4000 / n * n] for n in sizes])] == [True] * 3


def test_peak_memory_excludes_the_parent_process(tmp_path: Path) -> None:
    """The parent process holds 300 MB."""
    (tmp_path / "small.py").write_text("pass")
    (tmp_path / "large.py").write_text("x = b'x' * 200_000_000")
    ballast = b"x" * 300_000_000
    small, large = run_module(tmp_path, "small"), run_module(tmp_path, "large")
    assert len(ballast) > 0
    assert 1 < small.peak_mb < 100
    assert 200 < large.peak_mb < 300


def test_a_failed_stage_is_an_error_with_its_output(tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text("import sys; print('1 2'); sys.exit('the disk is full')")
    with pytest.raises(MemcurateError, match="failing failed: the disk is full"):
        run_module(tmp_path, "failing")


def test_a_temporary_project_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("seed: 1")
    Path("data/raw/books").mkdir(parents=True)
    Path("data/raw/books/one.txt").write_text("Once.")
    with temporary_project(Path("data/raw/books")) as project:
        assert set(tree(project)) == {"params.yaml"}  # the books are a link
        assert (project / "data/raw/books/one.txt").read_text() == "Once."
    assert not project.exists()
    assert Path("data/raw/books/one.txt").exists()


def test_the_baseline_copies_every_row(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.parquet" for name in "ab"]
    for path in files:
        rows = [make_instance(f"{path.stem}{n}", {f"{path.stem}{n}s": "A text."}) for n in range(100)]
        write_rows(path, Instance, rows, {"of": path.stem})
    assert baselines.copy(tmp_path / "copy.parquet", files) == 200 == baselines.read(files)
    copied = pq.read_table(tmp_path / "copy.parquet").to_pylist()
    assert copied == [row for path in files for row in pq.read_table(path).to_pylist()]


def test_bench_fetch(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    artifact = make_zip({"a/one.txt": b"one", "a/two.txt": b"two"})
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("MEMCURATE_CACHE_DIR", str(cache))
    place = {"locator": "pypi:made==1.0!a/*.txt", "sha256": sha256(artifact)}
    changes = {"enabled_sources": ["gutenberg"], "sources.gutenberg.files": [{"locations": [place]}]}
    with pytest.raises(MemcurateError, match=r"pypi:made==1\.0!a/\*\.txt is not in the download cache"):
        bench("fetch", changes)
    (cache / f"sha256-{sha256(artifact)}").write_bytes(artifact)
    (line,) = bench("fetch", changes)
    assert "all sources, verified and unpacked" in line
    assert "times as long" in line


def test_bench_chunk(bench: Bench) -> None:
    with pytest.raises(MemcurateError, match="data/raw/gutenberg"):
        bench("chunk", SMALL_BOOKS)
    _raw_books()
    lines = bench("chunk", SMALL_BOOKS)
    assert ["times as fast" in line for line in lines] == [True, True]
    with pytest.raises(MemcurateError, match="no source in `enabled_sources` has chunking"):
        bench("chunk", {"enabled_sources": ["squad_dev"]})


def test_bench_question(bench: Bench) -> None:
    with pytest.raises(MemcurateError, match="data/raw/gutenberg is missing: build it with `dvc repro`"):
        bench("question", SMALL_BOOKS)
    _raw_books()
    (line,) = bench("question", SMALL_BOOKS)
    assert "question and filter of gutenberg" in line
    assert 20 < int(line.split()[-1]) < 1500


def test_bench_near_duplicates(bench: Bench) -> None:
    Path("data/filtered/gutenberg").mkdir(parents=True)
    path = Path("data/filtered/gutenberg/instances.parquet")
    write_rows(path, Instance, [_instance(0, 15)])
    with pytest.raises(MemcurateError, match="data/filtered holds 15 chunks: too few to measure"):
        bench("near_duplicates", {"enabled_sources": ["gutenberg"]})
    write_rows(path, Instance, [_instance(number, 10) for number in range(4)])
    lines = bench("near_duplicates", {"enabled_sources": ["gutenberg"]})
    assert [line.split()[3] for line in lines] == ["10", "20", "40"]
    assert all("5 texts, grown by n log n" in line for line in lines)


def test_bench_assemble_and_report(bench: Bench) -> None:
    changes = {"enabled_sources": ["gutenberg", "chitchat"]}
    for name in ("assemble", "report"):
        with pytest.raises(MemcurateError, match="is missing: build it with `dvc repro`"):
            bench(name, changes)
    write_data(Path("data"))
    (line,) = bench("report", changes)
    assert 20 < int(line.split()[-1]) < 1500
    instances = [_instance(0, 5), replace(_instance(1, 5), split="test")]
    write_rows(Path("data/filtered/gutenberg/instances.parquet"), Instance, instances, SOURCE_CARD)
    (line,) = bench("assemble", changes)
    assert 20 < int(line.split()[-1]) < 1500


def test_bench_diff(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MemcurateError, match="data/dataset is missing: build it with `dvc repro`"):
        bench("diff")
    Path("data/dataset").mkdir()
    instances = [_instance(0, 5), replace(_instance(1, 5), split="test")]
    for instance in instances:
        write_rows(Path(f"data/dataset/{instance.split}.parquet"), Instance, [instance])
    write_rows(Path("data/dataset/rejects.parquet"), Reject, [])
    monkeypatch.setattr(diff, "VERSION_BYTES", 500_000)
    (line,) = bench("diff")
    assert "diff of two versions of 0.0005 GB" in line and 20 < int(line.split()[-1]) < 1500


def test_bench_view(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MemcurateError, match="data/dataset is missing: build it with `dvc repro`"):
        bench("view")
    Path("data/dataset").mkdir()
    instance = replace(_instance(0, 5), questions=[make_question("gutenberg/q")])
    write_rows(Path("data/dataset/train.parquet"), Instance, [instance])
    write_rows(Path("data/dataset/test.parquet"), Instance, [])
    monkeypatch.setattr(view, "NUM_QUESTIONS", 500)
    lines = bench("view")
    assert ["of 500 questions" in line for line in lines] == [True, True]


def test_an_unknown_benchmark_is_an_error(bench: Bench) -> None:
    with pytest.raises(MemcurateError, match="unknown benchmark 'speed': --only takes fetch, "):
        bench("speed")


def _raw_books() -> None:
    Path("data/raw", BOOK).parent.mkdir(parents=True)
    text = " ".join(
        f"In the year {1800 + n} Mr. Darcy went to the town of Bath with Jane." for n in range(60)
    )
    chapters = "\n\n".join(f"CHAPTER {number}\n\n{text}" for number in ("I", "II", "III"))
    Path("data/raw", BOOK).write_text(chapters, encoding="utf-8")


def _instance(number: int, chunks: int) -> Instance:
    words = [[f"word{number}x{n}x{place}" for place in range(30)] for n in range(chunks)]
    texts = [{f"{number}/{n}": " ".join(text)} for n, text in enumerate(words)]
    return replace(make_instance(f"i{number}", *texts), source="gutenberg")
