"""The comparison of two small versions: numbers of rows, causes, statistics and samples."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.core.errors import MemcurateError
from pipeline.diff.causes import ParamChange
from pipeline.diff.comparison import DiffFilter, SourceDiff, compare
from pipeline.diff.counts import RowCounts, StatisticChange
from tests.pipeline.diff.factories import (
    OLD_INSTANCES,
    SampleVersion,
    compare_samples,
    make_lock,
    make_new_instances,
    make_numbered_instance,
)
from tests.pipeline.questions.factories import make_question


def test_rows_are_counted_by_kind_and_change_type(source_diff: SourceDiff) -> None:
    assert source_diff.rows == {
        "instances": RowCounts(3, 3, added=1, removed=1, changed=1, moved=1),
        "chunks": RowCounts(4, 4, added=1, removed=1, changed=1, moved=1),
        "questions": RowCounts(4, 4, added=1, removed=1, changed=1, moved=1),
        "rejects": RowCounts(0, 2, added=2, removed=0, changed=0, moved=0),
    }


def test_changed_params_and_new_rejects_are_causes(source_diff: SourceDiff) -> None:
    assert source_diff.causes.params == [ParamChange("sources.made.chunking.max_tokens", 2, 3)]
    assert (
        source_diff.causes.code_paths == source_diff.causes.raw_files == []
        and source_diff.causes.source_status is None
    )
    assert source_diff.causes.newly_rejected == {"filter: not English": 1, "filter: too few questions": 1}
    assert source_diff.causes.newly_accepted == {}


def test_statistics_with_other_values_are_listed(source_diff: SourceDiff) -> None:
    assert StatisticChange("test", "instances", None, 1) in source_diff.statistics
    assert StatisticChange("train", "source questions", 4, 3) in source_diff.statistics
    assert all(
        change.name != "tokens per chunk" or change.split == "test" for change in source_diff.statistics
    )


def test_samples_show_ids_and_word_diffs(source_diff: SourceDiff) -> None:
    samples = {(one.kind, one.change_type): one for one in source_diff.samples}
    changed = samples["chunks", "changed"]
    assert (changed.old_id, changed.new_id) == ("made/beta", "made/betta")
    assert [(part.mark, part.text) for part in changed.parts if part.mark != "same"] == [
        ("old", "beta"),
        ("new", "betta"),
    ]
    assert [part.text for part in samples["questions", "removed"].parts] == ["What of 0 in 1? → gamma"]
    assert samples["questions", "removed"].new_id is None
    rejects = {part.text for one in source_diff.samples if one.kind == "rejects" for part in one.parts}
    assert rejects == {"filter: not English: found: is", "filter: too few questions: 0"}


def test_equal_versions_do_not_differ(tmp_path: Path) -> None:
    assert (
        compare_samples(
            tmp_path,
            {"instances": OLD_INSTANCES},
            {"instances": OLD_INSTANCES, "dvc_lock": make_lock(max_tokens=9)},
        )
        == []
    )


@pytest.mark.parametrize(
    ("diff_filter", "kinds", "differ"),
    [
        (DiffFilter(kind="chunks"), {"chunks"}, True),
        (DiffFilter(source="other"), set(), False),
        (DiffFilter(split="test", kind="instances"), {"instances"}, True),
    ],
)
def test_only_rows_of_the_filter_are_compared(
    tmp_path: Path, diff_filter: DiffFilter, kinds: set[str], differ: bool
) -> None:
    source_diffs = compare_samples(
        tmp_path, {"instances": OLD_INSTANCES}, {"instances": make_new_instances()}, diff_filter
    )
    assert bool(source_diffs) == differ and {kind for one in source_diffs for kind in one.rows} == kinds
    if diff_filter.split:
        assert source_diffs[0].rows["instances"] == RowCounts(1, 1, 0, 0, 0, moved=1)


def test_equal_texts_in_one_document_are_paired_one_by_one(tmp_path: Path) -> None:
    """Bar: three questions of one text became two others: two changed, one was removed."""
    old, new = make_numbered_instance(0, "alpha"), make_numbered_instance(0, "alpha")
    old.questions = [make_question(f"made/o{number}", "Which?", ["a"]) for number in range(3)]
    new.questions = [make_question(f"made/n{number}", "Which?", ["b"]) for number in range(2)]
    (source_diff,) = compare_samples(tmp_path, {"instances": [old]}, {"instances": [new]})
    assert source_diff.rows["questions"] == RowCounts(3, 2, added=0, removed=1, changed=2, moved=0)


def test_changed_raw_files_and_a_new_source_are_causes(tmp_path: Path) -> None:
    new_lock = make_lock()
    new_lock["stages"]["fetch@made"]["outs"][0]["md5"] = "2"
    old = {"instances": OLD_INSTANCES, "dvc_lock": make_lock(), "hashes": {"a.txt": "1", "b.txt": "1"}}
    new = {"instances": make_new_instances(), "dvc_lock": new_lock, "hashes": {"a.txt": "1", "b.txt": "2"}}
    (source_diff,) = compare_samples(tmp_path, old, new)
    assert source_diff.causes.raw_files == ["data/raw/made/b.txt"]
    (source_diff,) = compare_samples(tmp_path, old, {**new, "hashes": {}})
    assert source_diff.causes.raw_files == ["data/raw/made"]
    (source_diff,) = compare_samples(tmp_path, {**old, "instances": [], "dvc_lock": {"stages": {}}}, new)
    assert source_diff.causes.source_status == "new in `enabled_sources`"


def test_the_error_for_an_older_schema_names_the_version(tmp_path: Path) -> None:
    class OlderVersion(SampleVersion):
        def dataset_files(self) -> list[Path]:
            paths = super().dataset_files()
            table = pq.read_table(paths[0])
            pq.write_table(table.replace_schema_metadata({"memcurate.schema": "1"}), paths[0])
            return paths

    with pytest.raises(MemcurateError, match=r"version v0: .*schema version 1.*Rebuild"):
        compare(
            OlderVersion(tmp_path / "a", "v0", OLD_INSTANCES),
            SampleVersion(tmp_path / "b", "new", OLD_INSTANCES),
            DiffFilter(),
        )
