"""A few rows that differ, with their texts: drawn by their ids, the same each time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from pipeline.comparing.tables import Kind, Side
from pipeline.comparing.words import Part, compared, shortened
from pipeline.schema import Instance, Reject
from pipeline.storage import read_columns

What = Literal["changed", "added", "removed", "moved"]

_DRAWN: Mapping[What, str] = {
    "changed": """
        SELECT one.old_id, one.new_id, gone.old_at, come.new_at FROM changed_{kind} AS one
        JOIN both_{kind} AS gone ON gone.id = one.old_id JOIN both_{kind} AS come ON come.id = one.new_id
        WHERE one.source = $1 ORDER BY hash(one.old_id), one.old_id LIMIT $2""",
    "added": """
        SELECT NULL, id, NULL, new_at FROM both_{kind} ANTI JOIN changed_{kind} ON new_id = id
        WHERE both_{kind}.source = $1 AND old_split IS NULL ORDER BY hash(id), id LIMIT $2""",
    "removed": """
        SELECT id, NULL, old_at, NULL FROM both_{kind} ANTI JOIN changed_{kind} ON old_id = id
        WHERE both_{kind}.source = $1 AND new_split IS NULL ORDER BY hash(id), id LIMIT $2""",
    "moved": """
        SELECT id, id, old_at, new_at FROM both_{kind}
        WHERE source = $1 AND old_split <> new_split ORDER BY hash(id), id LIMIT $2""",
}

_COLUMNS: Mapping[Kind, Sequence[str]] = {
    "instances": ("id", "split", "document", "ordinal", "tokens", "chunks.list.element.id"),
    "chunks": ("chunks.list.element.id", "chunks.list.element.text"),
    "questions": (
        "questions.list.element.id",
        "questions.list.element.text",
        "questions.list.element.answers.list.element",
    ),
    "rejects": ("id", "stage", "reason", "detail", "document", "question.text"),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A row that differs."""

    kind: Kind
    what: What
    old_id: str | None
    new_id: str | None
    parts: list[Part]  # its text: in both versions, or in one of them


class Sampler:
    """Reads texts of rows from the files of both versions."""

    def __init__(
        self, database: duckdb.DuckDBPyConnection, files: Mapping[Side, Callable[[Kind], Sequence[Path]]]
    ) -> None:
        """`files`: those that `read_side` read, of a kind of rows."""
        self._database = database
        self._files = files

    def samples(self, source: str, kind: Kind, count: int) -> list[Sample]:
        """At most `count` rows of a source of each thing that can become of them."""
        found = []
        for what, query in _DRAWN.items():
            for old_id, new_id, old_at, new_at in self._database.execute(
                query.format(kind=kind), [source, count]
            ).fetchall():
                old = self._text("old", kind, old_id, old_at) if old_id else ""
                new = self._text("new", kind, new_id, new_at) if new_id else ""
                found.append(Sample(kind, what, old_id, new_id, shortened(compared(old, new))))
        return found

    def _text(self, side: Side, kind: Kind, identity: str, at: Sequence[int]) -> str:
        number, group = at
        shape = Reject if kind == "rejects" else Instance
        rows = read_columns(self._files[side](kind)[number], shape, group, _COLUMNS[kind]).to_pylist()
        return next(text for row in rows for name, text in _texts(kind, row) if name == identity)


def _texts(kind: Kind, row: dict[str, Any]) -> list[tuple[str, str]]:
    """(id, text) of the rows of a kind that a row of a file holds."""
    match kind:
        case "chunks":
            return [(chunk["id"], chunk["text"]) for chunk in row["chunks"]]
        case "questions":
            return [(one["id"], f"{one['text']} → {'; '.join(one['answers'])}") for one in row["questions"]]
        case "instances":
            text = (
                f"{row['split']}, number {row['ordinal']} of {row['document']}, {row['tokens']} tokens: "
                f"{' '.join(chunk['id'].partition('/')[2] for chunk in row['chunks'])}"
            )
            return [(row["id"], text)]
        case "rejects":
            question = f" {row['question']['text']}" if row["question"] else ""
            text = f"{row['stage']}: {row['reason']}: {row['detail']}{question}"
            return [(f"{row['id']} {row['stage']} {row['reason']}", text)]
