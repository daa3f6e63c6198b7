"""A library of two made versions and an episode, for the reading room."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from pipeline.browsing.database import load
from pipeline.browsing.server import NotHereError
from pipeline.errors import MemcurateError
from pipeline.schema import SIDES, Instance, Question, Reject, Span, to_row
from pipeline.storage import read_row, write_rows
from tests.questions.making import make_instance, make_question

SCRIPT = "<script>document.title = 'run'</script>"


def _instances(changed: str, name_of: str = "i") -> list[Instance]:
    """Three; the first has a letter of two UTF-16 units before its evidence, and a script as a text.

    `name_of`: a letter, by which they are named.
    """
    made = []
    for number, (source, split, place) in enumerate(
        [("chats", "train", "Rome"), ("chats", "test", changed), ("books", "train", "Oslo")]
    ):
        name = f"{source}/{name_of}{number}"
        texts = {f"{name}s0": f"🦉 {SCRIPT} She lives in {place}.", f"{name}s1": "She has an owl. " * 30}
        one = make_instance(name, texts, {f"{name}s2": f"Later, of {place} again."}, ordinal=number)
        one.source, one.split = source, split  # type: ignore[assignment]  # any string
        one.questions = [_question(name, place, f"Where does she of {source}/i{number} live?")]
        made.append(one)
    return made


def _question(name: str, place: str, text: str) -> Question:
    return make_question(f"{name}q", text, [place], [f"{name}s0"], [0])


def _rejects() -> list[Reject]:
    lost = make_question("chats/lost", "Is this asked?", ["no"], [], [])
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
            lost,
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
        {"text": "Where does she live?", "gold": ["Rome"], "answer": "Rome", "score": 1.0, "recalled": ["s1"]}
    ],
}


class Made:
    """Library. In v0 the ids of instances and questions are others, their places and texts the same."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.database = cache(self._database)
        for name, place, name_of in (("v2", "Lima", "i"), ("v1", "Bonn", "i"), ("v0", "Kyiv", "j")):
            (folder / name).mkdir(parents=True)
            instances = _instances(place, name_of)
            for split in SIDES:
                write_rows(
                    folder / name / f"{split}.parquet",
                    Instance,
                    [one for one in instances if one.split == split],
                )
            write_rows(folder / name / "rejects.parquet", Reject, _rejects())

    def versions(self) -> list[str]:
        return ["v2", "v1", "v0"]

    def files(self, version: str) -> Sequence[Path]:
        if version not in self.versions():
            raise MemcurateError(f"there is no version {version!r} here")
        return [self._folder / version / f"{split}.parquet" for split in SIDES]

    def _database(self, version: str) -> duckdb.DuckDBPyConnection:
        return load(self.files(version), [self._folder / version / "rejects.parquet"])

    def instance(self, version: str, identity: str) -> Mapping[str, Any]:
        for path in self.files(version):
            found = read_row(path, Instance, identity)
            if found is not None:
                return to_row(found)
        raise NotHereError(f"{version} has no instance {identity!r}")

    def changes(self, old: str, new: str) -> list[Mapping[str, Any]]:
        counts = dict.fromkeys(("old", "new", "added", "removed", "moved"), 0) | {"changed": 1}
        parts = [{"mark": "old", "text": "Bonn"}, {"mark": "new", "text": "Lima"}]
        sample = {"kind": "chunks", "what": "changed", "old_id": "a", "new_id": "b", "parts": parts}
        return [
            {"source": "chats", "rows": {"chunks": counts}, "reasons": ["seed: 1 → 2"], "samples": [sample]}
        ]

    def episodes(self) -> list[Mapping[str, Any]]:
        return [{name: EPISODE[name] for name in ("id", "source", "correctness", "total")}]

    def episode(self, identity: str) -> Mapping[str, Any]:
        if identity != EPISODE["id"]:
            raise NotHereError(f"there is no episode {identity!r}")
        return EPISODE
