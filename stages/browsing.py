"""memcurate browse: any version of the dataset, its rejects and the evaluation's episodes as a local page."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

import duckdb
import pyarrow as pa
import typer
import uvicorn

from pipeline.browsing.database import load
from pipeline.browsing.server import HOST, NotHereError, app
from pipeline.comparing.comparison import Version, Wanted, compare
from pipeline.comparing.told import reasons
from pipeline.errors import MemcurateError
from pipeline.schema import Instance, to_row
from pipeline.storage import column_groups, read_row
from stages.episodes import episode_files
from stages.versions import Workspace, version
from training.schema import Episode

_WORKSPACE = "workspace"
_LISTED = ("id", "source", "correctness", "total")


def browse(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[VERSION]…", help="revisions or experiments beside the tags"),
    ] = None,
    port: Annotated[int, typer.Option(min=1024, max=65535, help="of 127.0.0.1")] = 8765,
) -> None:
    """Look at the dataset, its rejects and episodes in a browser. Nothing can be changed there."""
    library = Versions(names or [])
    print(f"http://{HOST}:{port}  (Ctrl-C ends it)", flush=True)
    uvicorn.run(app(library), host=HOST, port=port, log_level="warning")


class Versions:
    """The workspace, tags with a dataset, and versions that were asked for. browsing.server.Library.

    A version is loaded when it is first looked at, and again when its files are others. Raises MemcurateError
    where one asked for is not there.
    """

    def __init__(self, names: list[str]) -> None:
        found: dict[str, Version] = {_WORKSPACE: Workspace()}
        for name in names:
            found[name] = version(name)
        for tag in _tags():
            try:
                found.setdefault(tag, version(tag))
            except MemcurateError:
                continue  # a tag from before anything was built
        self._versions = found
        self._committed: dict[str, tuple[list[Path], list[Path]]] = {}  # what is committed stays the same
        self._loaded: dict[str, tuple[object, duckdb.DuckDBPyConnection]] = {}
        self._loading = Lock()

    def versions(self) -> list[str]:
        """See Library."""
        return list(self._versions)

    def database(self, name: str) -> duckdb.DuckDBPyConnection:
        """See Library."""
        one = self._of(name)
        with self._loading, _reading(name):
            dataset, rejects = self._files(name, one)
            now = [(path, path.stat().st_mtime_ns, path.stat().st_size) for path in (*dataset, *rejects)]
            known, database = self._loaded.get(name, (None, None))
            if database is None or known != now:
                self._loaded.pop(name, None)
                database = load(dataset, rejects)
                self._loaded[name] = (now, database)
            return database

    def instance(self, name: str, identity: str) -> Mapping[str, Any]:
        """See Library."""
        one = self._of(name)
        with _reading(name):
            for path in self._files(name, one)[0]:
                found = read_row(path, Instance, identity)
                if found is not None:
                    return to_row(found)
        raise NotHereError(f"{name} has no instance {identity!r}")

    def changes(self, old: str, new: str) -> list[Mapping[str, Any]]:
        """See Library."""
        before, after = self._of(old), self._of(new)
        with _reading(f"{old} or {new}"):
            found = compare(before, after, Wanted())
        return [{**asdict(one), "reasons": reasons(one.causes)} for one in found]

    def episodes(self) -> list[Mapping[str, Any]]:
        """See Library."""
        with _reading("the evaluation"):
            return [
                row
                for _, path in episode_files()
                for table in column_groups(path, Episode, _LISTED)
                for row in table.to_pylist()
            ]

    def episode(self, identity: str) -> Mapping[str, Any]:
        """See Library."""
        with _reading("the evaluation"):
            for _, path in episode_files():
                found = read_row(path, Episode, identity)
                if found is not None:
                    return to_row(found)
        raise NotHereError(f"there is no episode {identity!r}")

    def _of(self, name: str) -> Version:
        """A version; the workspace as it is now."""
        if name not in self._versions:
            raise MemcurateError(f"there is no version {name!r} here; there are {', '.join(self._versions)}")
        one = self._versions[name]
        if isinstance(one, Workspace) and one.is_stale():
            one = self._versions[name] = Workspace()
        return one

    def _files(self, name: str, one: Version) -> tuple[list[Path], list[Path]]:
        """The files of a version's splits, and those of its rejects."""
        found = self._committed.get(name)
        if found is None:
            found = one.dataset(), one.rejects()
            if not isinstance(one, Workspace):
                self._committed[name] = found
        return found


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Say in a line that files went or changed while they were read, as when they are built anew."""
    try:
        yield
    except MemcurateError as error:
        raise NotHereError(str(error)) from error
    except (OSError, pa.ArrowException, duckdb.Error) as error:
        first = str(error).partition("\n")[0]
        raise NotHereError(f"{what} cannot be read ({first}): is it being built? Try again then") from error


def _tags() -> list[str]:
    """The newest first."""
    listed = subprocess.run(
        ["git", "tag", "--list", "--sort=-v:refname", "--sort=-creatordate"],
        capture_output=True,
        text=True,
        check=False,
    )
    return listed.stdout.split()
