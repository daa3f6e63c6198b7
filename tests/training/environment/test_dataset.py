"""The instances of a split, read one by one."""

from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.parquet import ParquetReader
from pipeline.core.storage import ROWS_PER_GROUP, name_parts, read_rows, write_rows
from tests.training.environment.datasets import make_rows, write_dataset
from training.environment import InstanceTable
from training.memory.schema import EpisodeInput


def test_instances_are_those_of_the_files_in_order(tmp_path: Path) -> None:
    rows = make_rows(ROWS_PER_GROUP * 2 + 5)
    for path, part in zip(name_parts(tmp_path / "train.parquet", 2), (rows[:70], rows[70:]), strict=True):
        write_rows(path, EpisodeInput, part)
    table = InstanceTable(tmp_path, "train")
    assert table.ids == [row.id for row in rows] and len(table) == len(rows)
    order = [0, 69, 70, 132, 3, 64, 63]
    assert [table[index] for index in order] == [rows[index] for index in order]
    assert table[-1] == rows[-1] and table[2:4] == rows[2:4]
    assert list(table) == list(read_rows(tmp_path / "train.parquet", EpisodeInput))
    with pytest.raises(IndexError):
        table[len(rows)]


def test_sources_select_instances(tmp_path: Path) -> None:
    write_dataset(tmp_path, 10)
    table = InstanceTable(tmp_path, "train", ["odd"])
    assert [one.source for one in table] == ["odd"] * 5
    with pytest.raises(MemcurateError, match=r"no instance of nowhere; it has even \(5\), odd \(5\)"):
        InstanceTable(tmp_path, "train", ["odd", "nowhere"])


def test_a_missing_split_is_named(tmp_path: Path) -> None:
    with pytest.raises(MemcurateError, match=r"has no split 'train'; it has none\. Give the folder"):
        InstanceTable(tmp_path, "train")
    write_dataset(tmp_path, 2)
    with pytest.raises(MemcurateError, match=r"has no split 'test'; it has train"):
        InstanceTable(tmp_path, "test")


def test_other_rows_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "train.parquet").write_text("not Parquet")
    with pytest.raises(MemcurateError, match="cannot be read as Parquet"):
        InstanceTable(tmp_path, "train")


def test_only_the_row_group_of_an_instance_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dataset(tmp_path, ROWS_PER_GROUP * 3)
    table = InstanceTable(tmp_path, "train")
    read: list[tuple[int, tuple[str, ...]]] = []
    read_row_group = ParquetReader.read_row_group

    def spy(reader: ParquetReader, group_index: int, columns: list[str] | None = None) -> object:
        read.append((group_index, tuple(columns or ())))
        return read_row_group(reader, group_index, columns)

    monkeypatch.setattr(ParquetReader, "read_row_group", spy)
    for index in (0, 1, ROWS_PER_GROUP, ROWS_PER_GROUP + 1, 2):
        assert table[index].id == table.ids[index]
    assert [group for group, _ in read] == [0, 1, 0]
