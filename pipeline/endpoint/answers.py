"""The answer cache: every answer that was given, in one SQLite file that all processes share.

An answer is on disk before anything is made of it, so a killed build pays for nothing twice that it received.
A request in flight is claimed, so that processes which share the file do not ask the same at once; where two
did, the first answer stays and both go on with it.
"""

import errno
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from pipeline.endpoint.claims import TABLE, Claims
from pipeline.errors import MemcurateError
from pipeline.text.well_formed import well_formed_value

_VERSION = 1
_ELSEWHERE = "name another file in MEMCURATE_ENDPOINT_ANSWERS"
_PATIENCE = 60.0  # seconds that another process may hold the file
_RECOVER = (
    "it may be damaged, and what can be read of it is worth keeping: `sqlite3 FILE .recover | sqlite3 NEW`, "
    "and name NEW in MEMCURATE_ENDPOINT_ANSWERS"
)
_WRITABLE = f"make it a file that you may write, in such a folder, or {_ELSEWHERE}"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# What to do by the error that SQLite names; its answers stay in every case.
_ADVICE = {
    sqlite3.SQLITE_FULL: "make room on its disk, and run again",
    sqlite3.SQLITE_IOERR: "look at its disk, make room if it is full, and run again",
    sqlite3.SQLITE_READONLY: _WRITABLE,
    sqlite3.SQLITE_PERM: _WRITABLE,
    sqlite3.SQLITE_CANTOPEN: _WRITABLE,
    sqlite3.SQLITE_BUSY: "another process holds it: run again",
    sqlite3.SQLITE_LOCKED: "another process holds it: run again",
    sqlite3.SQLITE_NOTADB: f"it is another kind of file: {_ELSEWHERE}",
}


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
_SELECT = f"select {', '.join(_COLUMNS)} from answers"
_SHAPE = TypeAdapter(Answer)
_TABLE = """
create table if not exists answers (
  key text primary key, model text not null, text text, reason text, detail text, final integer not null,
  prompt_tokens integer, completion_tokens integer, seconds real not null
) without rowid
"""
# What answered stays; where only a passing failure was noted, the newer one counts.
_KEEP = f"""
insert into answers ({", ".join(_COLUMNS)}) values ({", ".join("?" * len(_COLUMNS))})
on conflict (key) do update set {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}
where not answers.final
"""


class AnswerCache:
    """See above. Answers of a file that was imported (`first`) go before its own, failures included.

    All methods raise MemcurateError where the file cannot be read or written: it says what to do, and no
    answer in the file is lost by doing it.
    """

    def __init__(self, path: Path, first: Iterable[Answer] = ()) -> None:
        """Open the file, or make it. Raises MemcurateError too when it is no answer cache of this version."""
        self._path = path
        self._first = {answer.key: replace(answer, final=True) for answer in first}
        locks = path.with_name(f".{path.name}.locks")
        with self._explained("opened"):
            locks.mkdir(parents=True, exist_ok=True)
            # SQLite waits for nobody while it changes how it keeps a file, so they do it one by one.
            setup = FileLock(locks / "setup", timeout=_PATIENCE)
            with setup:
                self._database = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
                self._set_up()
        self._claims = Claims(self._database, locks, setup)

    def _set_up(self) -> None:
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")  # a killed process loses nothing
        (version,) = self._database.execute("pragma user_version").fetchone()
        if version not in (0, _VERSION):
            raise MemcurateError(
                f"{self._path} is an answer cache of version {version}, this memcurate reads {_VERSION}: "
                f"{_ELSEWHERE}"
            )
        self._database.execute(_TABLE)
        self._database.execute(TABLE)
        self._database.execute(_SELECT + " limit 0")
        self._database.execute(f"pragma user_version = {_VERSION}")

    def close(self) -> None:
        """Let go of the file."""
        self.release_all()
        self._database.close()

    def get(self, key: str) -> Answer | None:
        """The answer to the request with this key."""
        if key in self._first:
            return self._first[key]
        with self._explained():
            row = self._database.execute(f"{_SELECT} where key = ?", (key,)).fetchone()
            return _answer(row) if row else None

    def keep(self, answer: Answer) -> Answer:
        """Write an answer down, its texts well-formed; the one that counts: an earlier one where there is."""
        values = well_formed_value([getattr(answer, name) for name in _COLUMNS])
        with self._explained():
            self._database.execute(_KEEP, values)
        kept = Answer(*values)
        return self.get(kept.key) or kept

    def claim(self, key: str) -> bool:
        """Claim a request before it is sent; False where another process has, or its answer has come."""
        with self._explained():
            return self._claims.take(key)

    def release(self, key: str) -> None:
        """Give up a claim: the answer is kept, or there is none."""
        with self._explained():
            self._claims.release(key)

    def release_all(self) -> None:
        """Give up all claims of this process."""
        with self._explained():
            self._claims.release_all()

    def __iter__(self) -> Iterator[Answer]:
        """All answers of the file, by key."""
        with self._explained():
            yield from map(_answer, self._database.execute(f"{_SELECT} order by key"))

    @contextmanager
    def _explained(self, done: str = "used") -> Iterator[None]:
        """Raise a MemcurateError that says what to do in place of what SQLite and file locks raise."""
        try:
            yield
        except Timeout:
            raise MemcurateError(
                f"{self._path}: another process has been opening it for {_PATIENCE:.0f} s: run again"
            ) from None
        except OSError as error:
            advice = _ADVICE[sqlite3.SQLITE_FULL] if error.errno in _NO_ROOM else _WRITABLE
            raise MemcurateError(
                f"{self._path} cannot be {done} as an answer cache ({error}): {advice}"
            ) from error
        except (sqlite3.Error, ValidationError) as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF  # without its details
            said = "a row that is not an answer" if isinstance(error, ValidationError) else error
            raise MemcurateError(
                f"{self._path} cannot be {done} as an answer cache ({said}): {_ADVICE.get(code, _RECOVER)}"
            ) from error


def _answer(row: tuple[object, ...]) -> Answer:
    return _SHAPE.validate_python(dict(zip(_COLUMNS, row, strict=True)))
