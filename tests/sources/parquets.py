"""The Parquet files among the golden ones, as the dataset hub has their columns; written out of
`rows.json`.
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_TEXTS = pa.list_(pa.string())
_TURN = pa.struct([("content", pa.string()), ("has_answer", pa.bool_()), ("role", pa.string())])
_HOTPOTQA = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "question", "answer", "type", "level")),
        ("supporting_facts", pa.struct([("title", _TEXTS), ("sent_id", pa.list_(pa.int32()))])),
        ("context", pa.struct([("title", _TEXTS), ("sentences", pa.list_(_TEXTS))])),
    ]
)
_LISTS = ("keypoints", "previous_events", "qa_pair_ids", "question_dates", "question_ids", "question_types")
_METADATA = [
    ("demo", pa.string()),
    ("haystack_sessions", pa.list_(pa.list_(pa.list_(_TURN)))),
    *((name, _TEXTS) for name in _LISTS),
    ("source", pa.string()),
]


def schema_of(path: Path, rows: list[dict[str, object]]) -> pa.Schema:
    """The columns of a file, by its folder; a context is a string, or a list where the rows have lists."""
    if path.parent.parent.name == "hotpotqa":
        return _HOTPOTQA
    lists = any(isinstance(row["context"], list) for row in rows)
    return pa.schema(
        [
            ("context", _TEXTS if lists else pa.string()),
            ("questions", _TEXTS),
            ("answers", pa.list_(_TEXTS)),
            ("metadata", pa.struct(_METADATA)),
        ]
    )


def rows_of(path: Path) -> list[dict[str, object]]:
    """The rows of a golden Parquet file, as `<its name>.rows.json` beside `raw` has them."""
    rows: list[dict[str, object]] = json.loads(
        (path.parent.parent / f"{path.stem}.rows.json").read_text(encoding="utf-8")
    )
    return rows


def table(path: Path) -> pa.Table:
    """The table of a golden Parquet file."""
    rows = rows_of(path)
    return pa.Table.from_pylist(rows, schema=schema_of(path, rows))


def write(path: Path) -> None:
    """Write a golden Parquet file, in row groups of two so that a way back crosses them."""
    pq.write_table(table(path), path, row_group_size=2)
