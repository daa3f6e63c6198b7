"""A backend of three small versions and an episode, for tests of the viewer."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from pipeline.core.columns import to_row
from pipeline.core.errors import MemcurateError
from pipeline.core.schema import DRAWN_SPLITS, Instance, Reject, Span
from pipeline.core.storage import read_row, write_rows
from pipeline.viewer.database import load_tables
from pipeline.viewer.server import NotFoundError
from tests.pipeline.questions.factories import make_instance, make_question

SCRIPT = "<script>document.title = 'run'</script>"


def _make_instances(city: str, id_letter: str = "i") -> list[Instance]:
    """Make three instances; each has a character of two UTF-16 units and a script before its evidence.

    `city`: the one in the second instance. `id_letter`: the letter that ids have before the number.
    """
    instances = []
    for number, (source, split, home) in enumerate(
        [("chats", "train", "Rome"), ("chats", "test", city), ("books", "train", "Oslo")]
    ):
        name = f"{source}/{id_letter}{number}"
        texts = {f"{name}s0": f"🦉 {SCRIPT} She lives in {home}.", f"{name}s1": "She has an owl. " * 30}
        one = make_instance(name, texts, {f"{name}s2": f"Later, of {home} again."}, index=number)
        one.source, one.split = source, split  # type: ignore[assignment]  # any string
        question = f"Where does she of {source}/i{number} live?"
        one.questions = [make_question(f"{name}q", question, [home], [f"{name}s0"], [0])]
        instances.append(one)
    return instances


def _make_rejects() -> list[Reject]:
    rejected = make_question("chats/lost", "Is this asked?", ["no"], [], [])
    return [
        Reject(
            "chats/lost",
            "chats",
            "filter",
            "question",
            "not English",
            "found: xx",
            "train",
            "chats/i0",
            None,
            [],
            rejected,
        ),
        Reject(
            "books/r", "books", "chunk", "record", "too short", "2 words", None, None, Span("a.txt", "", 0, 5)
        ),
    ]


EPISODE = {
    "id": "scripted:chats/i1",
    "source": "chats",
    "correctness": 1.0,
    "tool_format": 1.0,
    "compression": 0.5,
    "content": 1.0,
    "total": 2.1,
    "memory_tokens": 7,
    "core": "Owls.",
    "entries": [{"id": "s1", "text": "She lives in Rome."}],
    "steps": [
        {
            "chunk": f"{SCRIPT} She lives in Rome.",
            "memory_tokens": 7,
            "calls": [
                {
                    "tool": "new_memory_insert",
                    "memory_type": "semantic",
                    "content": "She lives in Rome.",
                    "applied": True,
                    "note": "stored as s1",
                },
                {"tool": None, "memory_type": None, "content": "{", "applied": False, "note": "cut off"},
            ],
        }
    ],
    "answers": [
        {
            "text": "Where does she live?",
            "gold_answers": ["Rome"],
            "answer": "Rome",
            "score": 1.0,
            "retrieved": ["s1"],
        }
    ],
}


class SampleBackend:
    """A backend of versions v0 to v2, which differ in one city; v0 also has other ids of instances.

    It implements `ViewerBackend`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.database = cache(self._load_database)
        for name, city, id_letter in (("v2", "Lima", "i"), ("v1", "Bonn", "i"), ("v0", "Kyiv", "j")):
            (folder / name).mkdir(parents=True)
            instances = _make_instances(city, id_letter)
            for split in DRAWN_SPLITS:
                write_rows(
                    folder / name / f"{split}.parquet",
                    Instance,
                    [one for one in instances if one.split == split],
                )
            write_rows(folder / name / "rejects.parquet", Reject, _make_rejects())

    def versions(self) -> list[str]:
        return ["v2", "v1", "v0"]

    def dataset_files(self, version: str) -> Sequence[Path]:
        if version not in self.versions():
            raise MemcurateError(f"there is no version {version!r} here")
        return [self._folder / version / f"{split}.parquet" for split in DRAWN_SPLITS]

    def _load_database(self, version: str) -> duckdb.DuckDBPyConnection:
        return load_tables(self.dataset_files(version), [self._folder / version / "rejects.parquet"])

    def instance(self, version: str, identity: str) -> Mapping[str, Any]:
        for path in self.dataset_files(version):
            instance = read_row(path, Instance, identity)
            if instance is not None:
                return to_row(instance)
        raise NotFoundError(f"{version} has no instance {identity!r}")

    def changes(self, old: str, new: str) -> list[Mapping[str, Any]]:
        counts = dict.fromkeys(("old", "new", "added", "removed", "moved"), 0) | {"changed": 1}
        parts = [{"mark": "old", "text": "Bonn"}, {"mark": "new", "text": "Lima"}]
        sample = {"kind": "chunks", "change_type": "changed", "old_id": "a", "new_id": "b", "parts": parts}
        return [
            {"source": "chats", "rows": {"chunks": counts}, "reasons": ["seed: 1 → 2"], "samples": [sample]}
        ]

    def episodes(self) -> list[Mapping[str, Any]]:
        return [{name: EPISODE[name] for name in ("id", "source", "correctness", "total")}]

    def episode(self, identity: str) -> Mapping[str, Any]:
        if identity != EPISODE["id"]:
            raise NotFoundError(f"there is no episode {identity!r}")
        return EPISODE
