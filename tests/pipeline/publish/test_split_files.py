"""A split is one file while small, else parts; the rows and their order do not depend on it."""

from pathlib import Path

import pytest

from pipeline.core.schema import Instance
from pipeline.core.storage import find_split_files, read_parts
from pipeline.publish import split_files
from pipeline.publish.split_files import plan_parts, write_splits
from tests.pipeline.dedup.factories import write_parts
from tests.pipeline.publish.factories import make_instances


@pytest.mark.parametrize(("max_bytes", "parts"), [(1 << 20, 1), (1, 6)])
def test_a_large_split_is_divided(
    max_bytes: int, parts: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split_files, "_MAX_PART_BYTES", max_bytes)
    monkeypatch.setenv("MEMCURATE_WORKERS", "1")
    instances = make_instances({"a": 100, "b": 100, "c": 100})
    inputs = write_parts(tmp_path, instances, 3)
    numbers = [*range(0, 90, 7), *range(150, 300, 11)]  # rows of six row groups
    stats = write_splits(inputs, {"test": numbers}, tmp_path)
    files = find_split_files(tmp_path)["test"]
    assert len(files) == parts
    written = list(read_parts(files, Instance))
    assert [one.id for one in written] == [instances[number].id for number in numbers]
    assert {one.split for one in written} == {"test"}
    assert stats["made"].totals()["test"] == len(numbers)


def test_nothing_selected_makes_no_part(tmp_path: Path) -> None:
    assert plan_parts(write_parts(tmp_path, make_instances({"a": 5}), 2), []) == []
