"""Sampled rows that differ, with a word diff of their texts. Rows are drawn by a hash of their ids."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from pipeline.core.schema import Instance, Reject
from pipeline.core.storage import read_columns
from pipeline.diff.row_tables import RowKind, VersionRole
from pipeline.diff.word_diff import DiffPart, diff_words, elide_equal_parts

ChangeType = Literal["changed", "added", "removed", "moved"]

_SAMPLE_SQL: Mapping[ChangeType, str] = {
    "changed": """
        SELECT pair.old_id, pair.new_id, removed.old_location, added.new_location FROM changed_{kind} AS pair
        JOIN both_{kind} AS removed ON removed.id = pair.old_id
        JOIN both_{kind} AS added ON added.id = pair.new_id
        WHERE pair.source = $1 ORDER BY hash(pair.old_id), pair.old_id LIMIT $2""",
    "added": """
        SELECT NULL, id, NULL, new_location FROM both_{kind} ANTI JOIN changed_{kind} ON new_id = id
        WHERE both_{kind}.source = $1 AND old_split IS NULL ORDER BY hash(id), id LIMIT $2""",
    "removed": """
        SELECT id, NULL, old_location, NULL FROM both_{kind} ANTI JOIN changed_{kind} ON old_id = id
        WHERE both_{kind}.source = $1 AND new_split IS NULL ORDER BY hash(id), id LIMIT $2""",
    "moved": """
        SELECT id, id, old_location, new_location FROM both_{kind}
        WHERE source = $1 AND old_split <> new_split ORDER BY hash(id), id LIMIT $2""",
}

_TEXT_COLUMNS: Mapping[RowKind, Sequence[str]] = {
    "instances": ("id", "split", "document", "index", "tokens", "chunks.list.element.id"),
    "chunks": ("chunks.list.element.id", "chunks.list.element.text"),
    "questions": (
        "questions.list.element.id",
        "questions.list.element.text",
        "questions.list.element.answers.list.element",
    ),
    "rejects": ("id", "stage", "reason", "detail", "document", "question.text"),
}


@dataclass(frozen=True, slots=True)
class RowSample:
    """A sampled row that differs."""

    kind: RowKind
    change_type: ChangeType
    old_id: str | None
    new_id: str | None
    parts: list[DiffPart]  # the word diff of its two texts, long equal parts elided


class RowSampler:
    """A sampler of differing rows that reads their texts from the files of both versions."""

    def __init__(
        self,
        database: duckdb.DuckDBPyConnection,
        files: Mapping[VersionRole, Callable[[RowKind], Sequence[Path]]],
    ) -> None:
        """Take the joined tables of both versions, and the files that `load_version` read, by row kind."""
        self._database = database
        self._files = files

    def sample_rows(self, source: str, kind: RowKind, max_rows: int) -> list[RowSample]:
        """Sample at most `max_rows` rows of a source and kind for each change type."""
        samples = []
        for change_type, query in _SAMPLE_SQL.items():
            for old_id, new_id, old_location, new_location in self._database.execute(
                query.format(kind=kind), [source, max_rows]
            ).fetchall():
                old = self._read_text("old", kind, old_id, old_location) if old_id else ""
                new = self._read_text("new", kind, new_id, new_location) if new_id else ""
                parts = elide_equal_parts(diff_words(old, new))
                samples.append(RowSample(kind, change_type, old_id, new_id, parts))
        return samples

    def _read_text(self, role: VersionRole, kind: RowKind, identity: str, location: Sequence[int]) -> str:
        """Read the text of a row; `location`: (index of its file, number of its row group)."""
        file_index, group = location
        row_type = Reject if kind == "rejects" else Instance
        path = self._files[role](kind)[file_index]
        rows = read_columns(path, row_type, group, _TEXT_COLUMNS[kind]).to_pylist()
        return next(text for row in rows for row_id, text in _row_texts(kind, row) if row_id == identity)


def _row_texts(kind: RowKind, row: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (id, text) of the rows of a kind that a row of a file holds."""
    match kind:
        case "chunks":
            return [(chunk["id"], chunk["text"]) for chunk in row["chunks"]]
        case "questions":
            return [(one["id"], f"{one['text']} → {'; '.join(one['answers'])}") for one in row["questions"]]
        case "instances":
            text = (
                f"{row['split']}, number {row['index']} of {row['document']}, {row['tokens']} tokens: "
                f"{' '.join(chunk['id'].partition('/')[2] for chunk in row['chunks'])}"
            )
            return [(row["id"], text)]
        case "rejects":
            question = f" {row['question']['text']}" if row["question"] else ""
            text = f"{row['stage']}: {row['reason']}: {row['detail']}{question}"
            return [(f"{row['id']} {row['stage']} {row['reason']}", text)]
