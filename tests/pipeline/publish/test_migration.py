"""A file of each schema version that was ever written opens, or is migrated, or says what to do."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import SCHEMA_VERSION, Instance
from pipeline.core.storage import read_rows
from pipeline.publish.migration import OLDER_VERSIONS, migrate_file
from stages.cli.migrate import migrate

# Written by the code of each version: an instance with questions of all origins, a labelled example, a turn.
KEPT = Path(__file__).with_name("schema_versions")


def read_current() -> Instance:
    (instance,) = read_rows(KEPT / f"{SCHEMA_VERSION}.parquet", Instance)
    return instance


def test_a_file_of_each_version_is_kept() -> None:
    versions = {path.stem for path in KEPT.iterdir()}
    assert versions == {str(number + 1) for number in range(int(SCHEMA_VERSION))}
    assert versions == {*OLDER_VERSIONS, SCHEMA_VERSION}


@pytest.mark.parametrize("version", OLDER_VERSIONS)
def test_an_older_file_is_migrated_to_the_rows_of_the_current_one(version: str, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "train.parquet").symlink_to(KEPT / f"{version}.parquet")
    with pytest.raises(MemcurateError, match=f"schema version {version}.*memcurate migrate"):
        list(read_rows(tmp_path / "old" / "train.parquet", Instance))
    migrate(tmp_path / "old", tmp_path / "new")
    (instance,) = read_rows(tmp_path / "new" / "train.parquet", Instance)
    current = read_current()
    if version == "1":  # it had no summaries
        current.questions = [replace(one, summary=None) for one in current.questions]
    assert instance == current
    assert {one.origin for one in instance.questions} == {"source", "label", "cloze", "summary", "generated"}


def test_what_needs_no_migration_or_lacks_a_column_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MemcurateError, match="schema version 4: it needs no migration"):
        migrate_file(KEPT / "4.parquet", tmp_path / "new.parquet")
    lacking = pq.read_table(KEPT / "3.parquet").drop_columns(["chunks"])
    pq.write_table(lacking, tmp_path / "3.parquet")
    with pytest.raises(MemcurateError, match=r"3\.parquet: Instance lacks chunks: restore the file"):
        migrate_file(tmp_path / "3.parquet", tmp_path / "new.parquet")
    foreign = pa.table({"a": [1]})
    pq.write_table(foreign, tmp_path / "foreign.parquet")
    with pytest.raises(MemcurateError, match="schema version none: no such version is known"):
        migrate_file(tmp_path / "foreign.parquet", tmp_path / "new.parquet")
    assert not (tmp_path / "new.parquet").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"), [("none", "new", "has no train.parquet"), ("old", "old", "is the folder that")]
)
def test_a_folder_without_a_dataset_or_the_same_one_is_an_error(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "test.parquet").symlink_to(KEPT / "2.parquet")
    with pytest.raises(MemcurateError, match=message):
        migrate(tmp_path / old, tmp_path / new)
