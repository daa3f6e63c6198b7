"""Ids that are unique and sorted, values that are there, and files that load."""

import re
import warnings
from collections.abc import Iterator
from typing import Any

from tests.soak.invariants.build import Build, Row

_MISSING = {"None", "nan", "NaN", "null", "undefined"}
_MISSING_WORD = re.compile(r"\b(?:None|nan|NaN|undefined)\b")
# In a chunk's template, where titles of a corpus may hold such a word, too.
_MISSING_IN_TEMPLATE = re.compile(
    r"(?:timestamp |at |on |<|Title: )(?:None|nan|NaN)(?=[\]>,\n]|$)|happened on (?:None|nan|NaN)\b"
)
_CONTENT = {"text", "answers", "wrong_answers", "value", "name"}  # of the corpora, which may hold such a word
_MAY_BE_EMPTY = {"record", "detail", "section", "document", "subdir"}
_TABLES = (
    ("chunks", "instances"),
    ("chunks", "rejects"),
    ("chunks", "labelled_examples"),
    ("questions", "questions"),
    ("questions", "rejects"),
    ("filtered", "instances"),
    ("filtered", "rejects"),
    ("filtered", "pii_findings"),
)


def _iter_tables(build: Build) -> Iterator[tuple[str, str, list[Row]]]:
    """Yield (folder, table, rows)."""
    for source in build.sources:
        for stage, table in _TABLES:
            yield f"{stage}/{source}", table, build.rows(f"{stage}/{source}", table)
    for table in (*build.splits, "rejects"):
        yield "dataset", table, build.rows("dataset", table)


def find_bad_ids(build: Build) -> Iterator[str]:
    """Yield ids that stand twice or out of order, and splits of rows that are not those of their file."""
    for folder, table, rows in _iter_tables(build):
        if table in ("instances", *build.splits):
            ids = [row["id"] for row in rows]
            if ids != sorted(set(ids)):
                yield f"{folder}/{table}: ids are not unique and sorted"
        if folder == "dataset" and table != "rejects":
            yield from (f"{table} holds a row of {row['split']}" for row in rows if row["split"] != table)
        for row in rows if table in ("instances", *build.splits) else ():
            ids = [question["id"] for question in row["questions"]]
            if ids != sorted(set(ids)):
                yield f"{folder}/{table}: questions of {row['id']} are not unique and sorted"
    seen = [row["id"] for row in build.dataset()]
    if len(set(seen)) != len(seen):
        yield "dataset: an instance is in two splits"
    for source in build.sources:
        known = {row["id"] for row in build.rows(f"chunks/{source}", "instances")}
        for row in build.rows(f"questions/{source}", "questions"):
            if row["instance"] not in known:
                yield f"questions/{source}: {row['question']['id']} is of an unknown {row['instance']}"


def find_missing_values(build: Build) -> Iterator[str]:
    """Yield strings that say None or nan in place of a value, or that are blank."""
    for folder, table, rows in _iter_tables(build):
        for row in rows:
            for path, value in _iter_strings(row, ""):
                name = path.rpartition(".")[2]
                is_missing = value in _MISSING and name not in _CONTENT
                if is_missing or (not value.strip() and name not in _MAY_BE_EMPTY):
                    yield f"{folder}/{table}: {path} of {row.get('id')} is {value!r}"
    for folder, instance in build.instances():
        for chunk in instance["chunks"]:
            around = _cut_segments(chunk)
            if _MISSING_IN_TEMPLATE.search(around):
                yield f"{folder}: chunk {chunk['id']} says {around[:200]!r}"
    for path in ("data/dataset/README.md", "data/report/funnel.csv", "data/report/totals.csv"):
        found = _MISSING_WORD.search((build.project / path).read_text(encoding="utf-8"))
        if found:
            yield f"{path} says {found[0]}"


def _iter_strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _iter_strings(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _iter_strings(inner, path)


def _cut_segments(chunk: Row) -> str:
    """Return the template of a chunk: its text without the segments."""
    parts, start = [], 0
    for segment in chunk["segments"]:
        parts.append(chunk["text"][start : segment["start"]])
        start = segment["end"]
    return " ".join([*parts, chunk["text"][start:]])


def find_loading_errors(build: Build) -> Iterator[str]:
    """Yield splits that `datasets` does not read as pyarrow does."""
    from datasets import disable_progress_bars, load_dataset

    disable_progress_bars()
    folder = build.project / "data" / "dataset"
    files = {
        split: sorted(map(str, [*folder.glob(f"{split}.parquet"), *folder.glob(f"{split}-*.parquet")]))
        for split in build.splits
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for split, paths in files.items():
            loaded = load_dataset("parquet", data_files=paths, split="train", streaming=True)
            if list(loaded) != build.rows("dataset", split):
                yield f"{split}: `datasets` reads other rows"
