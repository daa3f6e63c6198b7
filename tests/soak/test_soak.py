"""A short run, and that each invariant is broken by a dataset that was tampered with."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.core.params import Params, load_params
from tests.integration.project import change_params
from tests.soak import invariants
from tests.soak.changes import apply_change, draw_change
from tests.soak.corpus import write_corpus
from tests.soak.invariants import INVARIANTS, Build
from tests.soak.project import (
    Snapshot,
    find_error,
    find_reasonless,
    read_params,
    use_corpus,
)
from tests.soak.soak import Soak

Row = dict[str, Any]
Tamper = Callable[[Path], None]


@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> Params:
    """The params of the generated sources."""
    project = tmp_path_factory.mktemp("params")
    use_corpus(project)
    return load_params(project / "params.yaml")


def test_the_files_are_the_same_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_corpus(tmp_path / name)
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
        for name in ("one", "two")
    )
    assert one == two and len(one) > 8


def test_changes_are_the_same_for_a_seed(params: Params) -> None:
    one, two, other = (Random(seed) for seed in (0, 0, 1))
    drawn = [draw_change(params, params, one) for _ in range(50)]
    assert drawn == [draw_change(params, params, two) for _ in range(50)]
    assert drawn != [draw_change(params, params, other) for _ in range(50)]


def test_every_kind_of_key_is_drawn(params: Params) -> None:
    random = Random(0)
    changes = [draw_change(params, params, random) for _ in range(6_000)]
    keys = {key for change in changes for key in change}
    for source, block in params.sources.items():
        expected = {f"chunking.{name}" for name in type(block.chunking).model_fields if name != "strategy"}
        expected |= {f"questions.{name}" for name in ("source", "label", "summary", "cloze", "min_clozes")}
        expected |= {
            "checks.min_questions",
            "checks.max_questions",
            "checks.language",
            "language",
            "card.title",
        }
        assert {f"sources.{source}.{name}" for name in expected} <= keys
    shared = {
        "seed",
        "tokenizer",
        "shard_mb",
        "split.test_fraction",
        "dataset.near_duplicate",
        "licenses.deny",
    }
    assert shared <= keys
    assert {
        "dataset.decontamination_ngram",
        "dataset.max_train_per_source",
        "dataset.eval_only_sources",
    } <= keys
    assert {"sources.worlds.simulate.people", "sources.corrected.corrections.percent"} <= keys


def test_most_changes_are_valid(params: Params, tmp_path: Path) -> None:
    """Else a soak would test refusals alone."""
    random = Random(0)
    use_corpus(tmp_path)
    values = read_params(tmp_path)
    valid = 0
    for _ in range(100):
        try:
            Params.model_validate(apply_change(values, draw_change(params, params, random)))
        except ValueError:
            continue
        valid += 1
    assert 75 <= valid < 100


def test_the_error_of_a_rebuild() -> None:
    output = (
        "Running stage 'inputs/dvc.yaml:inputs':\n> python -m stages.inputs\n"
        "inputs: params.yaml:\n  seed: missing\n"
        "ERROR: failed to reproduce 'inputs/dvc.yaml:inputs': failed to run: python\n"
    )
    assert find_error(output) == "inputs: params.yaml:\n  seed: missing"


def test_a_stage_without_a_reason(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parents[2] / "dvc.yaml", tmp_path)
    before = Snapshot({"seed": 1}, {"data/inputs/a/checks.json": "1", "data/filtered/b/x": "1"})
    checks = Snapshot({"seed": 1}, {**before.files, "data/inputs/a/checks.json": "2"})
    assert find_reasonless(tmp_path, {"filter@a", "filter@b", "assemble"}, before, checks) == [
        "assemble",
        "filter@b",
    ]
    filtered = Snapshot({"seed": 1}, {**before.files, "data/filtered/b/x": "2"})
    assert find_reasonless(tmp_path, {"filter@a", "assemble", "report"}, before, filtered) == ["filter@a"]
    assert find_reasonless(tmp_path, {"assemble"}, before, Snapshot({"seed": 2}, before.files)) == []


@pytest.fixture(scope="module")
def soak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soak]:
    """A soak after the build of the first params."""
    made = Soak(tmp_path_factory.mktemp("soak") / "project", 2, starter=False)
    made.build_first()
    assert made.summary.findings == []
    yield made
    shutil.rmtree(made.project)


@pytest.fixture
def project(soak: Soak, tmp_path: Path) -> Path:
    """A copy of the first build, to be tampered with."""
    ignore = shutil.ignore_patterns("cache", "tmp", "__pycache__", "assets")
    copy = Path(shutil.copytree(soak.project, tmp_path / "project", ignore=ignore))
    (copy / "data" / "assets").symlink_to(soak.project / "data" / "assets")
    return copy


def edit(project: Path, table: str, change: Callable[[list[Row]], list[Row] | None]) -> None:
    """Rewrite a table below data/ with other rows; `change` may change them in place."""
    path = project / "data" / f"{table}.parquet"
    found = pq.read_table(path)
    rows = found.to_pylist()
    pq.write_table(pa.Table.from_pylist(change(rows) or rows, found.schema), path)


def edit_text(project: Path, path: str, old: str, new: str) -> None:
    text = (project / path).read_text()
    assert old in text
    (project / path).write_text(text.replace(old, new, 1))


def _lengthen(rows: list[Row]) -> None:
    rows[0]["chunks"][0]["text"] += " and more words"


def _overlap(rows: list[Row]) -> None:
    rows[0]["chunks"][0]["segments"][1]["start"] -= 5


def _shift(rows: list[Row]) -> None:
    rows[0]["chunks"][0]["segments"][0]["source_span"]["start"] += 1


def _move(rows: list[Row]) -> None:
    rows[0]["split"] = "test" if rows[0]["split"] == "train" else "train"


def _drop_question(rows: list[Row]) -> None:
    next(row for row in rows if row["questions"])["questions"].pop()


def _other_answer(rows: list[Row]) -> None:
    for row in rows:
        for question in row["questions"]:
            if question["metric"] == "contains":
                question["answers"] = ["zzz"]


def _other_evidence(rows: list[Row]) -> None:
    rows[0]["questions"][0]["evidence"] = ["books/zzz"]


def _other_fact(rows: list[Row]) -> None:
    rows[0]["facts"][0]["chunk"] += 1


def _nameless(rows: list[Row]) -> None:
    rows[0]["questions"][0]["kind"] = "None"


def _undated(rows: list[Row]) -> None:
    """Put None in the place of a time of the same length."""
    chunk = next(
        chunk for row in rows for chunk in row["chunks"] if "[Dialogue at timestamp " in chunk["text"]
    )
    head, _, rest = chunk["text"].partition("timestamp ")
    chunk["text"] = f"{head}timestamp None]{rest[5:]}"


def _copy_test(project: Path) -> None:
    held = pq.read_table(project / "data/dataset/test.parquet").to_pylist()[0]
    edit(project, "dataset/train", lambda rows: [{**held, "split": "train"}, *rows])


def _count_more(path: str, key: str) -> Tamper:
    def tamper(project: Path) -> None:
        values = json.loads((project / path).read_text())
        block = values
        *blocks, last = key.split(".")
        for name in blocks:
            block = block[name]
        block[last] += 1
        (project / path).write_text(json.dumps(values))

    return tamper


TAMPERED: list[tuple[Callable[[Build], Iterator[str]], Tamper]] = [
    (invariants.find_bad_budgets, lambda project: edit(project, "dataset/train", _lengthen)),
    (
        invariants.find_bad_budgets,
        lambda project: change_params(project, {"sources.books.chunking.max_tokens": 128}),
    ),
    (
        invariants.find_bad_chunk_counts,
        lambda project: change_params(
            project, {"sources.books.chunking": {"min_chunks": 1, "max_chunks": 1}}
        ),
    ),
    (invariants.find_bad_chunk_counts, lambda project: edit(project, "filtered/books/instances", _overlap)),
    (
        invariants.find_lost_text,
        lambda project: edit(project, "chunks/books/instances", lambda rows: rows[1:]),
    ),
    (
        invariants.find_lost_text,
        lambda project: edit(project, "chunks/notizen/instances", lambda rows: rows[1:]),
    ),
    (
        invariants.find_lost_text,
        lambda project: edit(project, "chunks/trips/instances", lambda rows: rows[1:]),
    ),
    (
        invariants.find_lost_text,
        lambda project: edit(project, "chunks/tickets/labelled_examples", lambda rows: rows[:-60]),
    ),
    (
        invariants.find_lost_questions,
        lambda project: edit(project, "chunks/worlds/document_questions", lambda rows: rows[1:]),
    ),
    (
        invariants.find_lost_questions,
        lambda project: edit(project, "chunks/trips/questions", lambda rows: rows[1:]),
    ),
    (invariants.find_lost_rows, lambda project: edit(project, "dataset/train", lambda rows: rows[1:])),
    (invariants.find_lost_rows, lambda project: edit(project, "filtered/quiz/instances", _drop_question)),
    (invariants.find_shared_documents, lambda project: edit(project, "chunks/books/instances", _move)),
    (invariants.find_leaks, _copy_test),
    (invariants.find_bad_spans, lambda project: edit(project, "dataset/test", _shift)),
    (invariants.find_bad_evidence, lambda project: edit(project, "filtered/books/instances", _other_answer)),
    (invariants.find_bad_evidence, lambda project: edit(project, "dataset/train", _other_evidence)),
    (invariants.find_bad_facts, lambda project: edit(project, "filtered/worlds/instances", _other_fact)),
    (invariants.find_bad_ids, lambda project: edit(project, "dataset/train", lambda rows: rows[::-1])),
    (invariants.find_missing_values, lambda project: edit(project, "dataset/train", _nameless)),
    (invariants.find_missing_values, lambda project: edit(project, "dataset/test", _undated)),
    (
        invariants.find_missing_values,
        lambda project: edit_text(project, "data/dataset/README.md", "Generated books", "None"),
    ),
    (invariants.find_bad_metrics, _count_more("metrics/assemble.json", "questions")),
    (invariants.find_bad_metrics, _count_more("metrics/chunk/chats.json", "rejected")),
    (invariants.find_bad_statistics, _count_more("data/filtered/quiz/statistics.json", "train.instances")),
    (invariants.find_bad_statistics, _count_more("data/dataset/statistics.json", "chats.test.instances")),
    (
        invariants.find_bad_card,
        lambda project: edit_text(
            project, "data/dataset/README.md", "| Generated books | CC0-1.0 | ", "| a | b | 9"
        ),
    ),
    (
        invariants.find_bad_report,
        lambda project: edit_text(project, "data/report/totals.csv", "books,train,", "books,train,1"),
    ),
    (
        invariants.find_bad_ablations,
        lambda project: edit_text(project, "data/parity/chats/parity.json", '"train": ', '"train": 9'),
    ),
    (invariants.find_leftovers, lambda project: (project / "data" / "parts").mkdir()),
    (invariants.find_leftovers, lambda project: (project / "data" / "dataset" / ".partial").mkdir()),
    (invariants.find_leftovers, lambda project: (project / "note.txt").touch()),
]


@pytest.mark.slow
def test_every_invariant_is_tampered_with() -> None:
    assert {*INVARIANTS} - {one for one, _ in TAMPERED} == {invariants.find_loading_errors}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("invariant", "tamper"), TAMPERED, ids=[f"{one.__name__}-{n}" for n, (one, _) in enumerate(TAMPERED)]
)
def test_a_tampered_dataset_is_found(
    invariant: Callable[[Build], Iterator[str]], tamper: Tamper, project: Path
) -> None:
    assert list(invariant(Build(project))) == []
    tamper(project)
    assert list(invariant(Build(project)))


@pytest.mark.slow
def test_rows_that_load_otherwise_are_found(project: Path) -> None:
    build = Build(project)
    assert list(invariants.find_loading_errors(build)) == []
    edit(project, "dataset/train", _nameless)  # after the build was read
    assert list(invariants.find_loading_errors(build)) == ["train: `datasets` reads other rows"]


@pytest.mark.slow
def test_a_short_run_finds_nothing_and_a_fault_of_the_code_is_found(soak: Soak) -> None:
    for _ in range(3):
        soak.step()
    soak.go_back(workers=1, use_run_cache=True)
    assert soak.summary.rebuilds == 5
    assert [line for finding in soak.summary.findings for line in finding.lines] == []
    path = soak.project / "stages" / "assemble.py"
    whole = path.read_text()
    path.write_text(whole.replace('"rejected": num_rejected}', '"rejected": num_rejected + 1}'))
    soak.go_back(workers=1, use_run_cache=True)
    path.write_text(whole)
    (finding,) = soak.summary.findings
    assert any(line.startswith("find_bad_metrics: metrics/assemble.json says") for line in finding.lines)
    assert finding.diff == ""  # the first params
