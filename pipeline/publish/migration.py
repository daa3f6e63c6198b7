"""Migrate files of instances from an older schema version to the current one.

| version | difference |
|---|---|
| 1 | no `summary` of a question |
| 1, 2 | other names of two columns and of three origins |
| 1 to 3 | no `wrong_answers` and `after_chunk` of a question, no `facts` of an instance |

A field that a version lacks gets its default. Ids stay, so files of two versions name the same rows.
"""

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from pipeline.core.atomic import atomic_file
from pipeline.core.errors import MemcurateError
from pipeline.core.parquet import ParquetReader
from pipeline.core.schema import SCHEMA_VERSION, Instance, describe_fields
from pipeline.core.storage import write_rows

OLDER_VERSIONS = ("1", "2", "3")

_OLD_NAMES = {"source_span": "raw", "index": "ordinal"}
_NEW_ORIGINS = {"carried": "source", "held-out": "label", "written": "generated"}


def migrate_file(old: Path, new: Path) -> int:
    """Write the instances of a file in the current schema, and return their number.

    Raises MemcurateError where the file has another version than the older ones, or lacks a column.
    """
    with ParquetReader(old, "Restore it.") as file, atomic_file(new) as aside:
        version = file.metadata().get("memcurate.schema")
        if version not in OLDER_VERSIONS:
            reason = "it needs no migration" if version == SCHEMA_VERSION else "no such version is known"
            raise MemcurateError(f"{old}: schema version {version or 'none'}: {reason}")
        return write_rows(aside, Instance, _iter_instances(file))


def _iter_instances(file: ParquetReader) -> Iterator[Instance]:
    for batch in file.iter_batches():
        for row in batch.to_pylist():
            yield _upgrade(Instance, row, file.path)


def _upgrade(row_type: Any, old: dict[str, Any], path: Path) -> Any:
    """Return the dataclass of an older row. Raises MemcurateError where a column is missing."""
    values: dict[str, Any] = {}
    for name, inner, is_list in describe_fields(row_type):
        old_name = name if name in old else _OLD_NAMES.get(name, name)
        if old_name not in old:
            continue
        value = old[old_name]
        if inner is not None and value is not None:
            value = [_upgrade(inner, one, path) for one in value] if is_list else _upgrade(inner, value, path)
        values[name] = _NEW_ORIGINS.get(value, value) if name == "origin" else value
    missing = [one.name for one in fields(row_type) if one.name not in values and _is_required(one)]
    if missing:
        raise MemcurateError(f"{path}: {row_type.__name__} lacks {', '.join(missing)}: restore the file")
    return row_type(**values)


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
