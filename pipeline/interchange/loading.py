"""An exported folder of JSONL, and its README.md, by whose YAML header `datasets.load_dataset` loads it.

The header names the files of each configuration and the types of their columns. Without it, rows of different
columns in one folder clash, and a column that is null in thousands of rows at first is one of nulls.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from pipeline.errors import MemcurateError
from pipeline.folders import write_text
from pipeline.schema import Split

_OURS = "<!-- by memcurate export -->"


@dataclass(frozen=True)
class Configuration:
    """Files of one kind of rows; the first of a folder is the one that loads without a name."""

    name: str
    schema: pa.Schema
    files: Mapping[Split, str]  # of splits that have rows, below the folder: `datasets` loads no empty one


def write_readme(folder: Path, configurations: Sequence[Configuration], lines: Sequence[str]) -> None:
    """Write the README.md of a folder, with `lines` below the header."""
    header = {
        "configs": [
            {
                "config_name": one.name,
                "data_files": [{"split": split, "path": path} for split, path in one.files.items()],
                **({"default": True} if one is configurations[0] else {}),
            }
            for one in configurations
        ],
        "dataset_info": [
            {"config_name": one.name, "features": [_feature(field) for field in one.schema]}
            for one in configurations
        ],
    }
    dumped = yaml.safe_dump(header, sort_keys=False).rstrip()
    write_text(folder / "README.md", "\n".join(["---", dumped, "---", _OURS, "", *lines, ""]))


def check_readme(folder: Path) -> None:
    """Raise MemcurateError where a folder has a README.md that no export wrote."""
    path = folder / "README.md"
    if path.exists() and _OURS not in path.read_text(encoding="utf-8", errors="replace"):
        raise MemcurateError(f"{path} is not of an export, and would be replaced: name an empty folder")


def json_line(value: Any) -> str:
    """Return a value as a line of JSONL."""
    return json.dumps(value, ensure_ascii=False) + "\n"


def _feature(field: pa.Field) -> dict[str, Any]:
    return {"name": field.name, **_type(field.type)}


def _type(kind: pa.DataType) -> dict[str, Any]:
    """Return a column's type as the header of a dataset card writes it."""
    if pa.types.is_list(kind):
        item = _type(kind.value_type)
        return {"list": item["struct"] if "struct" in item else item["dtype"]}
    if pa.types.is_struct(kind):
        return {"struct": [_feature(field) for field in kind]}
    return {"dtype": str(kind)}
