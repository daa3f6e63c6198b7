"""Which requests are in flight, so that processes which share a cache do not pay for the same one.

A claim is a row that names its owner, and an owner lives as long as it holds a file lock: the system frees
the lock of a process that is killed, and whoever then wants the claim finds that out at once.
"""

import sqlite3
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

TABLE = "create table if not exists claims (key text primary key, owner text not null) without rowid"
_TAKE = """
insert or ignore into claims
select :key, :owner where not exists (select 1 from answers where key = :key and final)
"""


class Claims:
    """The claims beside the answers of a database. Raises what sqlite3 and file locks raise."""

    def __init__(self, database: sqlite3.Connection, folder: Path, setup: FileLock) -> None:
        """`folder`: of the owners' locks; `setup`: held while one is made, so that none is seen free."""
        self._database = database
        self._folder = folder
        self._setup = setup
        self._owner: str | None = None
        self._lock: FileLock | None = None

    def take(self, key: str) -> bool:
        """Claim a request; False where another process has it, or where its answer has come."""
        if self._owner is None:
            self._become_owner()
        taken = self._database.execute(_TAKE, {"key": key, "owner": self._owner}).rowcount == 1
        if not taken:
            row = self._database.execute("select owner from claims where key = ?", (key,)).fetchone()
            if row is not None:
                self._forget_if_dead(row[0])
        return taken

    def release(self, key: str) -> None:
        """Give up an own claim."""
        self._database.execute("delete from claims where key = ? and owner = ?", (key, self._owner))

    def release_all(self) -> None:
        """Give up all own claims, and stop being an owner."""
        if self._lock is not None:
            lock, owner = self._lock, self._owner
            self._owner = self._lock = None
            try:
                self._database.execute("delete from claims where owner = ?", (owner,))
            finally:
                Path(lock.lock_file).unlink(missing_ok=True)
                lock.release()

    def _become_owner(self) -> None:
        with self._setup:
            for left in self._folder.glob("*.owner"):
                self._forget_if_dead(left.stem)
            owner = uuid4().hex
            lock = FileLock(self._path(owner))
            lock.acquire()
        self._owner, self._lock = owner, lock

    def _forget_if_dead(self, owner: str) -> None:
        """Remove the claims of an owner whose lock is free."""
        if owner == self._owner:
            return
        lock = FileLock(self._path(owner))
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return
        try:
            self._database.execute("delete from claims where owner = ?", (owner,))
        finally:
            self._path(owner).unlink(missing_ok=True)
            lock.release()

    def _path(self, owner: str) -> Path:
        return self._folder / f"{owner}.owner"
