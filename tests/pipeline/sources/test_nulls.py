"""Records saved again by a tool that gives every record all keys, with null for missing ones."""

import json
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.sources.io import RawRecord
from pipeline.sources.parsed import ParsedSource
from tests.pipeline.sources.factories import CHUNKING, golden_raw_dir
from tests.pipeline.sources.reading import make_source_reader, parse

RECORD_SOURCES = sorted(
    source
    for source in CHUNKING
    if not {".txt", ".in", ""} & {path.suffix for path in golden_raw_dir(source).rglob("*") if path.is_file()}
)


def find_models(source: str) -> set[type[RawRecord]]:
    """Return the models of a source's format: of its module, and those that depend on its columns."""
    reader = make_source_reader(source)._load()
    module = import_module(type(reader).__module__)
    return {
        part
        for part in [*vars(module).values(), *vars(reader).values()]
        if isinstance(part, type) and issubclass(part, RawRecord) and part is not RawRecord
    }


def model_keys(model: type[RawRecord], required: bool) -> set[str]:
    fields = model.model_fields.items()
    return {str(field.validation_alias or name) for name, field in fields if field.is_required() == required}


def fill_with_nulls(value: Any, models: set[type[RawRecord]]) -> Any:
    """Return a value in which optional keys of records that are missing or have their default are null."""
    if isinstance(value, list):
        return [fill_with_nulls(item, models) for item in value]
    if not isinstance(value, dict):
        return value
    filled = {key: fill_with_nulls(item, models) for key, item in value.items()}
    for model in models:
        if model_keys(model, True) <= filled.keys():
            for name, field in model.model_fields.items():
                key = str(field.validation_alias or name)
                if not field.is_required() and filled.get(key, field.default) == field.default:
                    filled[key] = None
    return filled


def read_rows_file(path: Path) -> Any:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) if line.endswith("}") else line for line in path.read_text().split("\n")]
    return json.loads(path.read_text())


def write_rows_file(path: Path, value: Any) -> None:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(value), path)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in value))
    else:
        path.write_text(json.dumps(value))


@pytest.mark.parametrize("source", RECORD_SOURCES)
def test_an_optional_key_that_is_null_counts_as_absent(source: str, tmp_path: Path) -> None:
    raw = tmp_path / source
    shutil.copytree(golden_raw_dir(source), raw)
    before = parse(source, raw)
    models = find_models(source)
    changed = 0
    for path in raw.iterdir():
        value = read_rows_file(path)
        changed += fill_with_nulls(value, models) != value
        write_rows_file(path, fill_with_nulls(value, models))
    # These have no optional key, or null in the columns of the hub.
    has_all = source.startswith(("mab_", "beam_")) or source == "perltqa"
    assert changed or has_all or not any(model_keys(model, False) for model in models)
    assert parse(source, raw) == before


def accepted(parsed: ParsedSource) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the accepted contents; rejected records cannot be saved again."""
    return parsed.documents, parsed.books, parsed.questions


SAVED = {
    "squad_dev": ("squad.json", ("data",)),
    "longmemeval": ("longmemeval_oracle.json", ()),
    "chitchat": ("dataset.json", ()),
    "perltqa": ("perltmem_en.json", ()),
}


@pytest.mark.parametrize("source", SAVED)
def test_records_saved_by_arrow_are_parsed_alike(source: str, tmp_path: Path) -> None:
    """Arrow saves structs with the keys of all records."""
    name, where = SAVED[source]
    raw = tmp_path / source
    shutil.copytree(golden_raw_dir(source), raw)
    value = json.loads((raw / name).read_text())
    inner = value[where[0]] if where else value
    keys = list(inner) if isinstance(inner, dict) else range(len(inner))
    kept = {key: inner[key] for key in keys if is_saveable(inner[key])}
    assert len(kept) > len(inner) / 2
    plain, saved = list(kept.values()), pa.Table.from_pylist(list(kept.values())).to_pylist()
    assert plain != saved or source in ("squad_dev", "chitchat")
    parsed = []
    for rows in (plain, saved):
        again: Any = dict(zip(kept, rows, strict=True)) if isinstance(inner, dict) else rows
        (raw / name).write_text(json.dumps({where[0]: again} if where else again))
        parsed.append(parse(source, raw))
    assert accepted(parsed[0]) == accepted(parsed[1])
    assert len(parsed[0].documents) > 1


def is_saveable(record: Any) -> bool:
    """Return whether Arrow finds a type for a record; a list of numbers and strings has none."""
    try:
        pa.Table.from_pylist([record, {"answer": "a string"}])
    except (pa.ArrowException, TypeError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("source", RECORD_SOURCES)
def test_every_model_is_a_raw_record(source: str) -> None:
    """RawRecord handles nulls, repeated keys and lone surrogates."""
    assert find_models(source)
    for model in find_models(source):
        for field in model.model_fields.values():
            for part in (field.annotation, *get_args(field.annotation)):
                if hasattr(part, "model_fields"):
                    assert issubclass(part, RawRecord)
