"""A project with a small dataset, for the tests of export, import and push."""

from dataclasses import replace

import pytest

from pipeline.chunking import ChunkingContext
from pipeline.core.schema import Instance, Reject
from pipeline.core.storage import write_rows
from pipeline.parity.build_source import build_source
from stages.shared.paths import DATASET_DIR
from tests.pipeline.sources.factories import SPLIT, golden_raw_dir, make_source_config
from tests.pipeline.sources.reading import parse
from tests.stages.conftest import Make, Project


@pytest.fixture
def dataset_project(make: Make, context: ChunkingContext) -> Project:
    """A project with a dataset of SQuAD's golden file, with train and test."""
    project = make({})
    folder = project.folder / DATASET_DIR
    folder.mkdir(parents=True)
    own = replace(context, source="squad_dev", split=SPLIT)
    instances, _ = build_source(
        parse("squad_dev", golden_raw_dir("squad_dev")), make_source_config("squad_dev"), own
    )
    for split in ("train", "test"):
        rows = [one for one in instances if one.split == split]
        assert rows
        write_rows(folder / f"{split}.parquet", Instance, rows)
    write_rows(folder / "rejects.parquet", Reject, [])
    (folder / "README.md").write_text("---\npretty_name: made\n---\n", encoding="utf-8")
    return project
