"""The benchmarks: ratios are right, memory is the step's own, data stays as it is, errors are for people."""

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

from pipeline.errors import MemcurateError
from pipeline.schema import Instance, Reject
from pipeline.storage import write_rows
from stages import cli
from stages.bench import browsing, comparing, plain
from stages.bench.near_duplicates import growth
from stages.bench.project import passing_project, run
from stages.bench.timing import alternate, faster, longer
from tests.conftest import ROOT
from tests.fetching.making import sha256, zip_of
from tests.graph.project import params_with, tree
from tests.questions.making import make_instance, make_question
from tests.report.making import ABOUT, write_data

Bench = Callable[..., list[str]]
SECONDS = st.floats(0.001, 1000)
BOOK = "gutenberg/carroll-alice.txt"
SMALL_BOOKS = {
    "use": ["gutenberg"],
    "sources.gutenberg.chunking.max_tokens": 128,
    "sources.gutenberg.chunking.min_chunks": 1,
    "sources.gutenberg.checks.min_questions": 0,
}


@pytest.fixture
def bench(
    tmp_path: Path, assets: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Bench:
    """Runs `memcurate bench --repeat 1 --only NAME` in a folder of its own; gives the table's lines."""
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    Path("data/assets").symlink_to(assets)
    shutil.copytree(ROOT / "reviews", "reviews")

    def made(only: str, changes: Mapping[str, object] | None = None) -> list[str]:
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

    return made


@given(st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=9))
def test_the_ratio_of_medians_lies_between_those_of_the_rounds(rounds: list[tuple[float, float]]) -> None:
    mine, others = zip(*rounds, strict=True)
    result = longer("a", "b", mine, others)
    assert result.lowest * 0.999 <= result.ratio <= result.highest * 1.001
    assert faster("a", "b", others, mine).ratio == result.ratio


def test_ratios_say_which_way_they_go() -> None:
    assert longer("a", "b", [3, 6, 30], [1, 2, 3]).ratio == 3
    assert faster("a", "b", [3, 6, 30], [6, 18, 15]).ratio == 2.5


def test_runs_alternate() -> None:
    order: list[str] = []

    def note(name: str) -> int:
        order.append(name)
        return len(order)

    assert alternate([lambda: note("a"), lambda: note("b")], 3, "notes") == [[1, 3, 5], [2, 4, 6]]
    assert order == ["a", "b", "a", "b", "a", "b"]


def test_growth_is_measured_against_n_log_n() -> None:
    """Seconds are of 4,000 texts, in parts of each size."""
    sizes = [500, 1000, 2000, 4000]
    for grown in growth(sizes, [[4000 / n * n * log(n)] * 3 for n in sizes]):
        assert grown.ratio == pytest.approx(1)
    for less, more in pairwise(growth(sizes, [[4000 / n * n**2] for n in sizes])):
        assert 1.5 < less.ratio < more.ratio
    assert [one.ratio < 1 for one in growth(sizes, [[4000 / n * n] for n in sizes])] == [True] * 3


def test_memory_is_that_of_the_step_alone(tmp_path: Path) -> None:
    """However large the process is that starts it."""
    (tmp_path / "small.py").write_text("pass")
    (tmp_path / "large.py").write_text("x = b'x' * 200_000_000")
    ballast = b"x" * 300_000_000
    small, large = run(tmp_path, "small"), run(tmp_path, "large")
    assert len(ballast) > 0
    assert 1 < small.megabytes < 100
    assert 200 < large.megabytes < 300


def test_a_stage_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text("import sys; print('1 2'); sys.exit('the disk is full')")
    with pytest.raises(MemcurateError, match="failing failed: the disk is full"):
        run(tmp_path, "failing")


def test_a_passing_project_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("seed: 1")
    Path("data/raw/books").mkdir(parents=True)
    Path("data/raw/books/one.txt").write_text("Once.")
    with passing_project(Path("data/raw/books")) as project:
        assert set(tree(project)) == {"params.yaml"}  # the books are a link
        assert (project / "data/raw/books/one.txt").read_text() == "Once."
    assert not project.exists()
    assert Path("data/raw/books/one.txt").exists()


def test_the_plain_copy_is_whole(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.parquet" for name in "ab"]
    for path in files:
        rows = [make_instance(f"{path.stem}{n}", {f"{path.stem}{n}s": "A text."}) for n in range(100)]
        write_rows(path, Instance, rows, {"of": path.stem})
    assert plain.copy(tmp_path / "copy.parquet", files) == 200 == plain.read(files)
    copied = pq.read_table(tmp_path / "copy.parquet").to_pylist()
    assert copied == [row for path in files for row in pq.read_table(path).to_pylist()]


def test_fetching(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    artifact = zip_of({"a/one.txt": b"one", "a/two.txt": b"two"})
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("MEMCURATE_CACHE", str(cache))
    place = {"locator": "pypi:made==1.0!a/*.txt", "sha256": sha256(artifact)}
    changes = {"use": ["gutenberg"], "sources.gutenberg.files": [{"places": [place]}]}
    with pytest.raises(MemcurateError, match=r"pypi:made==1\.0!a/\*\.txt is not in the download cache"):
        bench("fetching", changes)
    (cache / f"sha256-{sha256(artifact)}").write_bytes(artifact)
    (line,) = bench("fetching", changes)
    assert "all sources, verified and unpacked" in line
    assert "times as long" in line


def test_chunking(bench: Bench) -> None:
    with pytest.raises(MemcurateError, match="data/raw/gutenberg"):
        bench("chunking", SMALL_BOOKS)
    _raw_books()
    lines = bench("chunking", SMALL_BOOKS)
    assert ["times as fast" in line for line in lines] == [True, True]
    with pytest.raises(MemcurateError, match="no source in `use` has chunking"):
        bench("chunking", {"use": ["squad_dev"]})


def test_questions(bench: Bench) -> None:
    with pytest.raises(MemcurateError, match="data/raw/gutenberg is missing: build it with `dvc repro`"):
        bench("questions", SMALL_BOOKS)
    _raw_books()
    (line,) = bench("questions", SMALL_BOOKS)
    assert "question and filter of gutenberg" in line
    assert 20 < int(line.split()[-1]) < 1500


def test_near_duplicates(bench: Bench) -> None:
    Path("data/filtered/gutenberg").mkdir(parents=True)
    path = Path("data/filtered/gutenberg/instances.parquet")
    write_rows(path, Instance, [_instance(0, 15)])
    with pytest.raises(MemcurateError, match="data/filtered holds 15 chunks: too few to measure"):
        bench("near-duplicates", {"use": ["gutenberg"]})
    write_rows(path, Instance, [_instance(number, 10) for number in range(4)])
    lines = bench("near-duplicates", {"use": ["gutenberg"]})
    assert [line.split()[3] for line in lines] == ["10", "20", "40"]
    assert all("5 texts, grown by n log n" in line for line in lines)


def test_assembling_and_reporting(bench: Bench) -> None:
    use = {"use": ["gutenberg", "chitchat"]}
    for name in ("assembling", "reporting"):
        with pytest.raises(MemcurateError, match="is missing: build it with `dvc repro`"):
            bench(name, use)
    write_data(Path("data"))
    (line,) = bench("reporting", use)
    assert 20 < int(line.split()[-1]) < 1500
    sides = [_instance(0, 5), replace(_instance(1, 5), split="test")]
    write_rows(Path("data/filtered/gutenberg/instances.parquet"), Instance, sides, ABOUT)
    (line,) = bench("assembling", use)
    assert 20 < int(line.split()[-1]) < 1500


def test_comparing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MemcurateError, match="data/dataset is missing: build it with `dvc repro`"):
        bench("comparing")
    Path("data/dataset").mkdir()
    sides = [_instance(0, 5), replace(_instance(1, 5), split="test")]
    for side in sides:
        write_rows(Path(f"data/dataset/{side.split}.parquet"), Instance, [side])
    write_rows(Path("data/dataset/rejects.parquet"), Reject, [])
    monkeypatch.setattr(comparing, "BYTES", 500_000)
    (line,) = bench("comparing")
    assert "diff of two versions of 0.0005 GB" in line and 20 < int(line.split()[-1]) < 1500


def test_browsing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MemcurateError, match="data/dataset is missing: build it with `dvc repro`"):
        bench("browsing")
    Path("data/dataset").mkdir()
    asked = replace(_instance(0, 5), questions=[make_question("gutenberg/q")])
    write_rows(Path("data/dataset/train.parquet"), Instance, [asked])
    write_rows(Path("data/dataset/test.parquet"), Instance, [])
    monkeypatch.setattr(browsing, "QUESTIONS", 500)
    lines = bench("browsing")
    assert ["of 500 questions" in line for line in lines] == [True, True]


def test_a_benchmark_that_there_is_not(bench: Bench) -> None:
    with pytest.raises(MemcurateError, match="there is no benchmark 'speed'; --only takes fetching, "):
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
