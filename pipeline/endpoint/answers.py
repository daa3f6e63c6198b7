"""The answer cache: every answer that was given, in one SQLite file that all processes share.

An answer is on disk before anything is made of it, so a killed build pays for nothing twice. Where two
processes asked the same, the first answer stays and both go on with it.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Annotated

from pipeline.errors import MemcurateError

_VERSION = 1
_INSTEAD = "move it away, or name another file in MEMCURATE_ENDPOINT_ANSWERS"
_PATIENCE = 60.0  # seconds that another process may hold the file


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: a text, or the reason why there is none."""

    key: Annotated[str, "of the request"]
    model: Annotated[str, "that was asked"]
    text: Annotated[str | None, "the reply; null where there is none"]
    reason: Annotated[str | None, "why there is none, in a few words; null where there is one"]
    detail: Annotated[str | None, "what the server said of it"]
    final: Annotated[bool, "whether asking again would be of no use"]
    prompt_tokens: Annotated[int | None, "read, as the server counted; null where it did not say"]
    completion_tokens: Annotated[int | None, "written, likewise"]
    seconds: Annotated[float, "from the last try's start to its end"]


_COLUMNS = [field.name for field in fields(Answer)]
_TABLE = """
create table if not exists answers (
  key text primary key, model text not null, text text, reason text, detail text, final integer not null,
  prompt_tokens integer, completion_tokens integer, seconds real not null
) without rowid
"""
# What answered stays; where only a passing failure was noted, the newer one counts.
_KEEP = f"""
insert into answers values ({", ".join("?" * len(_COLUMNS))})
on conflict (key) do update set {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}
where not answers.final
"""


class AnswerCache:
    """See above. Answers of a file that was imported (`first`) go before its own, failures included."""

    def __init__(self, path: Path, first: Iterable[Answer] = ()) -> None:
        """Open the file, or make it. Raises MemcurateError when it is no answer cache of this version."""
        self._first = {answer.key: replace(answer, final=True) for answer in first}
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
            self._database.execute("pragma journal_mode = wal")
            self._database.execute("pragma synchronous = normal")  # a killed process loses nothing
            (version,) = self._database.execute("pragma user_version").fetchone()
            if version not in (0, _VERSION):
                raise MemcurateError(
                    f"{path} is an answer cache of version {version}, this memcurate reads {_VERSION}: "
                    f"{_INSTEAD}"
                )
            self._database.execute(_TABLE)
            self._database.execute(f"pragma user_version = {_VERSION}")
        except sqlite3.DatabaseError as error:
            raise MemcurateError(
                f"{path} cannot be opened as an answer cache ({error}): {_INSTEAD}"
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def get(self, key: str) -> Answer | None:
        """The answer to the request with this key."""
        if key in self._first:
            return self._first[key]
        row = self._database.execute("select * from answers where key = ?", (key,)).fetchone()
        return _answer(row) if row else None

    def keep(self, answer: Answer) -> Answer:
        """Write an answer down; the one that counts: an earlier one where there is."""
        self._database.execute(_KEEP, astuple(answer))
        return self.get(answer.key) or answer

    def __iter__(self) -> Iterator[Answer]:
        """All answers of the file, by key."""
        return map(_answer, self._database.execute("select * from answers order by key"))


def _answer(row: tuple[object, ...]) -> Answer:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Answer(**{**values, "final": bool(values["final"])})  # type: ignore[arg-type]  # as written
