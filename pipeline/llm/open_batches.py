"""The batches that are on a server, in the response cache, so that a killed build finds them again."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from time import time

CREATE_BATCHES_TABLES = """
create table if not exists batches (
  file text primary key, server text not null, id text, created real not null
) without rowid;
create table if not exists batch_requests (
  file text not null, custom_id text not null, primary key (file, custom_id)
) without rowid;
"""
_MAX_AGE = 30 * 86_400.0  # seconds for which servers keep results


class OpenBatches:
    """The batches of a response cache, in its database, by the id of the file with their requests.

    All methods raise MemcurateError as those of the cache do.
    """

    def __init__(
        self, database: sqlite3.Connection, explain_errors: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """`explain_errors` converts errors of SQLite."""
        self._database = database
        self._explain_errors = explain_errors

    def load(self, server: str) -> list[tuple[str, str | None, list[str]]]:
        """Return (file, id of the batch if it was made, custom ids of its requests) of a server's batches.

        Those whose results the server no longer keeps are forgotten.
        """
        query = "select file from batches where created < ?"
        with self._explain_errors():
            for (file,) in self._database.execute(query, (time() - _MAX_AGE,)).fetchall():
                self.forget(file)
            query = "select file, id from batches where server = ? order by created"
            return [
                (file, id, self._load_requests(file))
                for file, id in self._database.execute(query, (server,)).fetchall()
            ]

    def _load_requests(self, file: str) -> list[str]:
        rows = self._database.execute("select custom_id from batch_requests where file = ?", (file,))
        return [custom_id for (custom_id,) in rows]

    def record(self, server: str, file: str, custom_ids: Iterable[str]) -> None:
        """Record a file of requests, before a batch is made of it."""
        with self._explain_errors(), self._database:  # one transaction
            self._database.execute("begin immediate")
            self._database.execute("insert into batches values (?, ?, null, ?)", (file, server, time()))
            self._database.executemany(
                "insert into batch_requests values (?, ?)", ((file, custom_id) for custom_id in custom_ids)
            )

    def record_id(self, file: str, id: str) -> None:
        """Record the batch that was made of a file."""
        with self._explain_errors():
            self._database.execute("update batches set id = ? where file = ?", (id, file))

    def forget(self, file: str) -> None:
        """Forget a batch whose replies are cached."""
        with self._explain_errors():
            for table in ("batch_requests", "batches"):
                self._database.execute(f"delete from {table} where file = ?", (file,))
