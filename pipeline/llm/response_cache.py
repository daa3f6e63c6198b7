"""The response cache: every response of a model, in one SQLite file that all processes share.

A response is on disk before it is used, so a killed build does not pay for it twice. Requests in flight are
claimed, so that processes which share the file do not send the same request at once. If two do, the first
response stays and both use it.
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

from pipeline.core.errors import MemcurateError
from pipeline.core.unicode import to_well_formed_value
from pipeline.llm.in_flight_claims import CREATE_CLAIMS_TABLE, RequestClaims
from pipeline.llm.open_batches import CREATE_BATCHES_TABLES, OpenBatches
from pipeline.llm.rate_limit import CREATE_NEXT_REQUESTS_TABLE, take_turn

_SCHEMA_VERSION = 1
_OTHER_FILE_ADVICE = "name another file in MEMCURATE_ENDPOINT_CACHE_PATH"
_LOCK_TIMEOUT = 60.0  # seconds that another process may hold the file
_RECOVER_ADVICE = (
    "it may be damaged, but its readable responses are worth keeping: run `sqlite3 FILE .recover | sqlite3 "
    "NEW`, and name NEW in MEMCURATE_ENDPOINT_CACHE_PATH"
)
_WRITABLE_ADVICE = (
    f"make it a file that you may write, in a folder that you may write, or {_OTHER_FILE_ADVICE}"
)
_DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT)
# No advice costs a response that is in the file.
_ADVICE_BY_ERROR = {
    sqlite3.SQLITE_FULL: "free space on its disk, and run again",
    sqlite3.SQLITE_IOERR: "look at its disk, free space if it is full, and run again",
    sqlite3.SQLITE_READONLY: _WRITABLE_ADVICE,
    sqlite3.SQLITE_PERM: _WRITABLE_ADVICE,
    sqlite3.SQLITE_CANTOPEN: _WRITABLE_ADVICE,
    sqlite3.SQLITE_BUSY: "another process holds it: run again",
    sqlite3.SQLITE_LOCKED: "another process holds it: run again",
    sqlite3.SQLITE_NOTADB: f"it is another kind of file: {_OTHER_FILE_ADVICE}",
}


@dataclass(frozen=True, slots=True)
class LLMResponse:
    """A response to a request: a text, or the reason why there is none."""

    key: Annotated[str, "key of the request"]
    model: Annotated[str, "model of the request"]
    text: Annotated[str | None, "the reply; null where there is none"]
    reason: Annotated[str | None, "why there is none, in a few words; null where there is one"]
    detail: Annotated[str | None, "the server's message about it"]
    final: Annotated[bool, "whether the same request would not get another response"]
    prompt_tokens: Annotated[int | None, "tokens read, as the server counted; null where it did not"]
    completion_tokens: Annotated[int | None, "tokens written, likewise"]
    seconds: Annotated[float, "duration of the last attempt"]


_COLUMNS = [field.name for field in fields(LLMResponse)]
_SELECT_RESPONSES = f"select {', '.join(_COLUMNS)} from answers"
_RESPONSE_ADAPTER = TypeAdapter(LLMResponse)
_CREATE_TABLE = """
create table if not exists answers (
  key text primary key, model text not null, text text, reason text, detail text, final integer not null,
  prompt_tokens integer, completion_tokens integer, seconds real not null
) without rowid
"""
# A final response stays; another one is replaced by a newer one.
_UPSERT = f"""
insert into answers ({", ".join(_COLUMNS)}) values ({", ".join("?" * len(_COLUMNS))})
on conflict (key) do update set {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}
where not answers.final
"""


class ResponseCache:
    """A response cache in a SQLite file, behind responses that are pinned by params.

    Pinned responses (`preloaded`) take precedence over the file, failures included. All methods raise
    MemcurateError when the file cannot be read or written; following its advice loses no response.
    """

    def __init__(self, path: Path, preloaded: Iterable[LLMResponse] = ()) -> None:
        """Open or create the file. Raises MemcurateError when it is not a response cache of this version."""
        self._path = path
        self._preloaded = {one.key: replace(one, final=True) for one in preloaded}
        locks = path.with_name(f".{path.name}.locks")
        with self._explain_errors("opened"):
            locks.mkdir(parents=True, exist_ok=True)
            # SQLite does not wait for its lock while it changes the journal mode.
            setup = FileLock(locks / "setup", timeout=_LOCK_TIMEOUT)
            with setup:
                self._database = sqlite3.connect(path, timeout=_LOCK_TIMEOUT, isolation_level=None)
                self._set_up()
        self._claims = RequestClaims(self._database, locks, setup)
        self.batches = OpenBatches(self._database, self._explain_errors)

    def _set_up(self) -> None:
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")  # a killed process loses nothing
        (version,) = self._database.execute("pragma user_version").fetchone()
        if version not in (0, _SCHEMA_VERSION):
            raise MemcurateError(
                f"{self._path} is a response cache of version {version}, this memcurate reads "
                f"{_SCHEMA_VERSION}: {_OTHER_FILE_ADVICE}"
            )
        self._database.execute(_CREATE_TABLE)
        self._database.execute(CREATE_CLAIMS_TABLE)
        self._database.execute(CREATE_NEXT_REQUESTS_TABLE)
        self._database.executescript(CREATE_BATCHES_TABLES)
        self._database.execute(_SELECT_RESPONSES + " limit 0")
        self._database.execute(f"pragma user_version = {_SCHEMA_VERSION}")

    def close(self) -> None:
        """Release all claims, and close the file."""
        self.release_all()
        self._database.close()

    def get(self, key: str) -> LLMResponse | None:
        """Return the response to the request with this key, or None."""
        if key in self._preloaded:
            return self._preloaded[key]
        with self._explain_errors():
            row = self._database.execute(f"{_SELECT_RESPONSES} where key = ?", (key,)).fetchone()
            return _parse_row(row) if row else None

    def put(self, response: LLMResponse) -> LLMResponse:
        """Store a response, its texts made well-formed; return an earlier final response if there is one."""
        values = to_well_formed_value([getattr(response, name) for name in _COLUMNS])
        with self._explain_errors():
            self._database.execute(_UPSERT, values)
        stored = LLMResponse(*values)
        return self.get(stored.key) or stored

    def claim(self, key: str) -> bool:
        """Claim a request before it is sent.

        Returns False when another process claims it, or it has a final response.
        """
        with self._explain_errors():
            return self._claims.acquire(key)

    def release(self, key: str) -> None:
        """Give up a claim, after the response is stored or failed."""
        with self._explain_errors():
            self._claims.release(key)

    def take_turn(self, server: str, interval: float) -> float:
        """Take the next time to send a request to a server if it has come; else return the seconds until it.

        `interval`: seconds between requests, of all processes that share the file.
        """
        with self._explain_errors():
            return take_turn(self._database, server, interval)

    def release_all(self) -> None:
        """Give up all claims of this process."""
        with self._explain_errors():
            self._claims.release_all()

    def __iter__(self) -> Iterator[LLMResponse]:
        """Iterate over the responses in the file, by key."""
        with self._explain_errors():
            yield from map(_parse_row, self._database.execute(f"{_SELECT_RESPONSES} order by key"))

    @contextmanager
    def _explain_errors(self, action: str = "used") -> Iterator[None]:
        """Convert errors of SQLite and file locks into a MemcurateError that says what to do."""
        try:
            yield
        except Timeout:
            raise MemcurateError(
                f"{self._path}: another process has been opening it for {_LOCK_TIMEOUT:.0f} s: run again"
            ) from None
        except OSError as error:
            advice = (
                _ADVICE_BY_ERROR[sqlite3.SQLITE_FULL]
                if error.errno in _DISK_FULL_ERRNOS
                else _WRITABLE_ADVICE
            )
            raise MemcurateError(
                f"{self._path} cannot be {action} as a response cache ({error}): {advice}"
            ) from error
        except (sqlite3.Error, ValidationError) as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF  # the primary code
            problem = "a row that is not a response" if isinstance(error, ValidationError) else error
            raise MemcurateError(
                f"{self._path} cannot be {action} as a response cache ({problem}): "
                f"{_ADVICE_BY_ERROR.get(code, _RECOVER_ADVICE)}"
            ) from error


def _parse_row(row: tuple[object, ...]) -> LLMResponse:
    return _RESPONSE_ADAPTER.validate_python(dict(zip(_COLUMNS, row, strict=True)))
