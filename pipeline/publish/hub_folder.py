"""Folders of exported files, with a README.md by whose YAML header `datasets.load_dataset` loads them.

The header names the files of each configuration and the types of their columns. Without it, `datasets` mixes
files of different columns, infers a null type for a column whose first thousands of rows are null, takes
`evaluation` for another word for `test`, and cannot load a split without rows.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from pipeline.core.atomic import write_text
from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Split

EXPORT_MARKER = "<!-- by memcurate export -->"


@dataclass(frozen=True)
class DatasetConfig:
    """A configuration: files of rows of one schema. The first of a folder is its default."""

    name: str
    schema: pa.Schema
    files: Mapping[
        Split, str
    ]  # paths below the folder, of splits with rows: `datasets` cannot load an empty one


def write_readme(folder: Path, configs: Sequence[DatasetConfig], lines: Sequence[str]) -> None:
    """Write the README.md of a folder: the YAML header of its configurations, then `lines`.

    The files must be there: the header holds a hash of them.
    """
    header = {
        "configs": [
            config_entry(one.name, one.files)
            | {"description": hash_note(folder / name for name in one.files.values())}
            | ({"default": True} if one is configs[0] else {})
            for one in configs
        ],
        "dataset_info": [
            {"config_name": one.name, "features": [_to_feature(field) for field in one.schema]}
            for one in configs
        ],
    }
    dumped = yaml.safe_dump(header, sort_keys=False).rstrip()
    write_text(folder / "README.md", "\n".join(["---", dumped, "---", EXPORT_MARKER, "", *lines, ""]))


def hash_note(paths: Iterable[Path]) -> str:
    """Return a line for the header of a README.md with the SHA-256 of the SHA-256s of its data files.

    `datasets` knows its cached copy of a folder by the header alone: without the hash, it would load the rows
    of earlier files again.
    """
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return f"SHA-256 of the files: {digest.hexdigest()}"


def config_entry(name: str, files: Mapping[Split, str]) -> dict[str, Any]:
    """Return a configuration's entry in the YAML header of a dataset card."""
    return {
        "config_name": name,
        "data_files": [{"split": split, "path": path} for split, path in files.items()],
    }


def check_readme(folder: Path) -> None:
    """Raise MemcurateError where a folder has a README.md that `write_readme` did not write."""
    path = folder / "README.md"
    if path.exists() and EXPORT_MARKER not in path.read_text(encoding="utf-8", errors="replace"):
        raise MemcurateError(
            f"{path} was not written by memcurate, and would be overwritten: name an empty folder"
        )


def dump_json_line(value: Any) -> str:
    """Format a value as a line of JSONL."""
    return json.dumps(value, ensure_ascii=False) + "\n"


def _to_feature(field: pa.Field) -> dict[str, Any]:
    return {"name": field.name, **_feature_type(field.type)}


def _feature_type(arrow_type: pa.DataType) -> dict[str, Any]:
    """Return the entry of a column's type in the YAML header of a dataset card."""
    if pa.types.is_list(arrow_type):
        item = _feature_type(arrow_type.value_type)
        return {"list": item["struct"] if "struct" in item else item["dtype"]}
    if pa.types.is_struct(arrow_type):
        return {"struct": [_to_feature(field) for field in arrow_type]}
    return {"dtype": str(arrow_type)}
