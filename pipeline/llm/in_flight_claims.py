"""Claims of requests in flight, so that processes which share a cache do not pay twice for the same request.

A claim is a row that names its owner, and an owner holds a file lock as long as it lives. The operating
system frees the lock of a killed process, so the next process that wants the claim finds it stale at once.
"""

import sqlite3
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

CREATE_CLAIMS_TABLE = (
    "create table if not exists claims (key text primary key, owner text not null) without rowid"
)
_INSERT_CLAIM = """
insert or ignore into claims
select :key, :owner where not exists (select 1 from answers where key = :key and final)
"""


class RequestClaims:
    """The claims of a response cache, in its database.

    All methods raise the errors of sqlite3 and of file locks.
    """

    def __init__(self, database: sqlite3.Connection, lock_dir: Path, setup_lock: FileLock) -> None:
        """Claim nothing yet.

        `lock_dir` holds the owners' locks. `setup_lock` is held while an owner is registered, so that its
        lock does not seem free before it is taken.
        """
        self._database = database
        self._lock_dir = lock_dir
        self._setup_lock = setup_lock
        self._owner: str | None = None
        self._owner_lock: FileLock | None = None

    def acquire(self, key: str) -> bool:
        """Claim a request; return False where another process claims it, or it has a final response."""
        if self._owner is None:
            self._register_owner()
        acquired = self._database.execute(_INSERT_CLAIM, {"key": key, "owner": self._owner}).rowcount == 1
        if not acquired:
            row = self._database.execute("select owner from claims where key = ?", (key,)).fetchone()
            if row is not None:
                self._remove_stale_claims(row[0])
        return acquired

    def release(self, key: str) -> None:
        """Give up a claim of this process."""
        self._database.execute("delete from claims where key = ? and owner = ?", (key, self._owner))

    def release_all(self) -> None:
        """Give up all claims of this process, and stop being an owner."""
        if self._owner_lock is not None:
            lock, owner = self._owner_lock, self._owner
            self._owner = self._owner_lock = None
            try:
                self._database.execute("delete from claims where owner = ?", (owner,))
            finally:
                Path(lock.lock_file).unlink(missing_ok=True)
                lock.release()

    def _register_owner(self) -> None:
        with self._setup_lock:
            for path in self._lock_dir.glob("*.owner"):
                self._remove_stale_claims(path.stem)
            owner = uuid4().hex
            lock = FileLock(self._lock_path(owner))
            lock.acquire()
        self._owner, self._owner_lock = owner, lock

    def _remove_stale_claims(self, owner: str) -> None:
        """Remove the claims of an owner whose lock is free."""
        if owner == self._owner:
            return
        lock = FileLock(self._lock_path(owner))
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return
        try:
            self._database.execute("delete from claims where owner = ?", (owner,))
        finally:
            self._lock_path(owner).unlink(missing_ok=True)
            lock.release()

    def _lock_path(self, owner: str) -> Path:
        return self._lock_dir / f"{owner}.owner"
