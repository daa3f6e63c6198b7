"""Exported folders load with the real `datasets`, by their README.md."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from datasets import load_dataset

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Instance, Reject, arrow_schema
from pipeline.publish.hub_folder import DatasetConfig, check_readme, dump_json_line, write_readme


def test_a_column_that_is_null_at_first_has_the_type_of_the_schema(tmp_path: Path) -> None:
    """Bar: the types are those of the schema, not those of the first rows."""
    schema = arrow_schema(Reject)
    bare = dict.fromkeys(schema.names)
    wide = {**bare, "id": "x", "detail": "d" * 200, "segments": []}
    span = {"file": "a", "record": "/1", "start": 0, "end": 3}
    lines = [dump_json_line(wide)] * 60_000 + [
        dump_json_line({**wide, "document": "Emma", "source_span": span})
    ]
    (tmp_path / "train.jsonl").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "test.jsonl").write_text(dump_json_line(wide), encoding="utf-8")
    files = {"train": "train.jsonl", "test": "test.jsonl"}
    write_readme(tmp_path, [DatasetConfig("default", schema, files)], ["# Rejects"])
    loaded = load_dataset(str(tmp_path), cache_dir=str(tmp_path / "cache"))
    assert loaded["train"][-1] == {**wide, "document": "Emma", "source_span": span}
    assert loaded["train"][0]["source_span"] in (None, dict.fromkeys(span))
    assert len(loaded["test"]) == 1 and loaded["test"].features == loaded["train"].features


def test_configurations_may_have_different_columns(tmp_path: Path) -> None:
    """The first loads without a name."""
    configs = []
    for name, schema in (("instances", arrow_schema(Instance)), ("rejects", arrow_schema(Reject))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train.jsonl").write_text(json.dumps(dict.fromkeys(schema.names)) + "\n")
        configs.append(DatasetConfig(name, schema, {"train": f"{name}/train.jsonl"}))
    write_readme(tmp_path, configs, [])
    for name in ("instances", "rejects", None):
        loaded = load_dataset(str(tmp_path), name, split="train", cache_dir=str(tmp_path / "cache"))
        assert set(loaded.column_names) == set(arrow_schema(Reject if name == "rejects" else Instance).names)


def test_changed_files_are_loaded_anew(tmp_path: Path) -> None:
    """Bar: `datasets` caches a folder with a README.md by that file alone."""
    schema = pa.schema([("text", pa.string())])
    for text in ("old", "new"):
        (tmp_path / "train.jsonl").write_text(dump_json_line({"text": text}), encoding="utf-8")
        write_readme(tmp_path, [DatasetConfig("default", schema, {"train": "train.jsonl"})], [])
        loaded = load_dataset(str(tmp_path), split="train", cache_dir=str(tmp_path / "cache"))
        assert loaded["text"][:] == [text]


def test_only_a_readme_of_an_export_is_overwritten(tmp_path: Path) -> None:
    check_readme(tmp_path)
    (tmp_path / "a").write_text("{}\n", encoding="utf-8")
    write_readme(tmp_path, [DatasetConfig("default", arrow_schema(Reject), {"train": "a"})], ["# Mine"])
    check_readme(tmp_path)
    (tmp_path / "README.md").write_bytes(b"\xff# of others")
    with pytest.raises(MemcurateError, match="name an empty folder"):
        check_readme(tmp_path)
