"""Records that were saved again by a tool which gives every record all keys, null where there was none."""

import json
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.documents import Parsed
from pipeline.sources import parse
from pipeline.sources.reading import RawRecord
from tests.sources.test_golden import RECIPES, raw_of

RECORDS = sorted(
    source
    for source in RECIPES
    if not {".txt", ".in", ""} & {path.suffix for path in raw_of(source).rglob("*") if path.is_file()}
)


def models_of(source: str) -> set[type[RawRecord]]:
    """The models of a source's adapter and of the format that it is in."""
    adapter = import_module(f"pipeline.sources.{source}")
    modules = [adapter, *(part for part in vars(adapter).values() if hasattr(part, "__file__"))]
    return {
        part
        for module in modules
        for part in vars(module).values()
        if isinstance(part, type) and issubclass(part, RawRecord) and part is not RawRecord
    }


def keys_of(model: type[RawRecord], required: bool) -> set[str]:
    fields = model.model_fields.items()
    return {str(field.validation_alias or name) for name, field in fields if field.is_required() == required}


def with_nulls(value: Any, models: set[type[RawRecord]]) -> Any:
    """Every optional key that a record does not have, or with its default, as null."""
    if isinstance(value, list):
        return [with_nulls(item, models) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: with_nulls(item, models) for key, item in value.items()}
    for model in models:
        if keys_of(model, True) <= made.keys():
            for name, field in model.model_fields.items():
                key = str(field.validation_alias or name)
                if not field.is_required() and made.get(key, field.default) == field.default:
                    made[key] = None
    return made


def read(path: Path) -> Any:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) if line.endswith("}") else line for line in path.read_text().split("\n")]
    return json.loads(path.read_text())


def write(path: Path, value: Any) -> None:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(value), path)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in value))
    else:
        path.write_text(json.dumps(value))


@pytest.mark.parametrize("source", RECORDS)
def test_an_optional_key_that_is_null_counts_as_absent(source: str, tmp_path: Path) -> None:
    raw = tmp_path / source
    shutil.copytree(raw_of(source), raw)
    before = parse(source, raw)
    models = models_of(source)
    changed = 0
    for path in raw.iterdir():
        value = read(path)
        changed += with_nulls(value, models) != value
        write(path, with_nulls(value, models))
    has_all = source.startswith("mab_") or source == "perltqa"  # these have no key to add
    assert changed or has_all or not any(keys_of(model, False) for model in models)
    assert parse(source, raw) == before


def found(parsed: Parsed) -> tuple[list[Any], list[Any], list[Any]]:
    """What was read, without rejects: a record that is none cannot be saved again."""
    return parsed.documents, parsed.books, parsed.questions


SAVED = {
    "squad_dev": ("squad.json", ("data",)),
    "longmemeval": ("longmemeval_oracle.json", ()),
    "chitchat": ("dataset.json", ()),
    "perltqa": ("perltmem_en.json", ()),
}


@pytest.mark.parametrize("source", SAVED)
def test_records_that_went_through_arrow(source: str, tmp_path: Path) -> None:
    """As a library of data sets saves them: structs with the keys of all records."""
    name, where = SAVED[source]
    raw = tmp_path / source
    shutil.copytree(raw_of(source), raw)
    value = json.loads((raw / name).read_text())
    inner = value[where[0]] if where else value
    keys = list(inner) if isinstance(inner, dict) else range(len(inner))
    kept = {key: inner[key] for key in keys if saveable(inner[key])}
    assert len(kept) > len(inner) / 2
    plain, saved = list(kept.values()), pa.Table.from_pylist(list(kept.values())).to_pylist()
    assert plain != saved or source in ("squad_dev", "chitchat")
    parsed = []
    for rows in (plain, saved):
        again: Any = dict(zip(kept, rows, strict=True)) if isinstance(inner, dict) else rows
        (raw / name).write_text(json.dumps({where[0]: again} if where else again))
        parsed.append(parse(source, raw))
    assert found(parsed[0]) == found(parsed[1])
    assert len(parsed[0].documents) > 1


def saveable(record: Any) -> bool:
    """Whether Arrow finds one type for a record; numbers beside strings have none."""
    try:
        pa.Table.from_pylist([record, {"answer": "a string"}])
    except (pa.ArrowException, TypeError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("source", RECORDS)
def test_every_model_is_a_raw_record(source: str) -> None:
    """So that nulls, repeated keys and halves of characters are seen by the one gate."""
    assert models_of(source)
    for model in models_of(source):
        for field in model.model_fields.values():
            for part in (field.annotation, *get_args(field.annotation)):
                if hasattr(part, "model_fields"):
                    assert issubclass(part, RawRecord)
