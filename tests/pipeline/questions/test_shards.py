"""Questions and checks by shards: a source in several files gives the rows of the source in one file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.checks.shards import FILTER_TABLES, FilterParams, filter_shard, plan_filter_tasks
from pipeline.chunking import ChunkedSource
from pipeline.core.output_files import FileGroup, write_output_files
from pipeline.core.params import Params
from pipeline.core.parts import iter_groups
from pipeline.core.schema import Instance, InstanceQuestion, Question, Reject, Segment
from pipeline.core.storage import find_parts, name_parts, read_rows, write_rows
from pipeline.core.tasks import run_tasks
from pipeline.questions import shards
from pipeline.questions.chunk_inputs import find_chunk_inputs
from pipeline.questions.question_parts import QUESTION_TABLES
from pipeline.questions.rules import shards as rule_shards
from pipeline.sources.parsed import ParsedSource

SOURCE = "gutenberg"
NUM_INSTANCES = 24


@pytest.fixture(scope="module")
def instances(chunked: Callable[[str], tuple[ParsedSource, ChunkedSource]]) -> list[Instance]:
    made = chunked(SOURCE)[1].instances
    return sorted(made[:: len(made) // NUM_INSTANCES], key=lambda one: one.id)


def write_chunk_files(folder: Path, instances: list[Instance], num_files: int) -> Path:
    folder.mkdir()
    for path, rows in zip(
        name_parts(folder / "instances.parquet", num_files),
        iter_groups([1] * len(instances), -(-len(instances) // num_files)),
        strict=True,
    ):
        write_rows(path, Instance, instances[rows.start : rows.stop])
    for name, row_type in (
        ("questions", Question),
        ("document_questions", InstanceQuestion),
        ("labelled_examples", Segment),
    ):
        for path in name_parts(folder / f"{name}.parquet", num_files):
            write_rows(path, row_type, [])
    return folder


def run_stages(folder: Path, instances: list[Instance], num_files: int, params: Params, assets: Path) -> Path:
    """Run both stages on a source in some files; return the folder of the filtered source."""
    folder.mkdir()
    chunks = write_chunk_files(folder / "chunks", instances, num_files)
    corpus = params.sources[SOURCE]
    (folder / "questions").mkdir()
    groups, _ = shards.make_question_parts(
        find_chunk_inputs(chunks), corpus.questions, 20, SOURCE, assets, folder / "parts"
    )
    write_output_files(folder / "questions", QUESTION_TABLES, groups, {})
    filter_params = FilterParams(SOURCE, corpus.checks, 50, {}, 20, params.tokenizer, assets, "en")
    by_file = plan_filter_tasks(
        filter_params, chunks / "instances.parquet", folder / "questions" / "questions.parquet"
    )
    groups = [
        FileGroup([result.folder for result in run_tasks(filter_shard, tasks, folder / "parts", "shards")])
        for tasks in by_file
    ]
    (folder / "filtered").mkdir()
    write_output_files(folder / "filtered", FILTER_TABLES, groups, {"key": "value"})
    return folder / "filtered"


def test_several_files_give_the_rows_of_one_file(
    instances: list[Instance],
    params: Params,
    assets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEMCURATE_WORKERS", "1")
    one = run_stages(tmp_path / "one", instances, 1, params, assets)
    monkeypatch.setattr(rule_shards, "_INSTANCES_PER_TASK", 1)
    several = run_stages(tmp_path / "several", instances, 3, params, assets)
    assert len(find_parts(several / "instances.parquet")) == 3
    for name, row_type in (("instances", Instance), ("rejects", Reject)):
        expected = list(read_rows(one / f"{name}.parquet", row_type))
        found = list(read_rows(several / f"{name}.parquet", row_type))
        assert sorted(found, key=lambda row: row.id) == sorted(expected, key=lambda row: row.id)
    assert sum(len(each.questions) for each in read_rows(one / "instances.parquet", Instance)) > 100
