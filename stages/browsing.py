"""memcurate browse: any version of the dataset, its rejects and the evaluation's episodes as a local page."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import duckdb
import pyarrow.parquet as pq
import typer
import uvicorn

from pipeline.browsing.database import load
from pipeline.browsing.server import HOST, app
from pipeline.comparing.comparison import Version, Wanted, compare
from pipeline.comparing.told import reasons
from pipeline.errors import MemcurateError
from pipeline.schema import Instance, to_row
from pipeline.storage import read_row
from stages.running import EVALUATION, TRAINED_EVALUATION
from stages.versions import Workspace, version

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

    A version is loaded when it is first looked at. Raises MemcurateError where one asked for is not there.
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
        self._database: Callable[[str], duckdb.DuckDBPyConnection] = cache(self._loaded)

    def versions(self) -> list[str]:
        """See Library."""
        return list(self._versions)

    def database(self, name: str) -> duckdb.DuckDBPyConnection:
        """See Library."""
        return self._database(name)

    def _loaded(self, name: str) -> duckdb.DuckDBPyConnection:
        one = self._of(name)
        return load(one.dataset(), one.rejects())

    def instance(self, name: str, identity: str) -> Mapping[str, Any]:
        """See Library."""
        for path in self._of(name).dataset():
            found = read_row(path, Instance, identity)
            if found is not None:
                return to_row(found)
        raise MemcurateError(f"{name} has no instance {identity!r}")

    def changes(self, old: str, new: str) -> list[Mapping[str, Any]]:
        """See Library."""
        found = compare(self._of(old), self._of(new), Wanted())
        return [{**asdict(one), "reasons": reasons(one.causes)} for one in found]

    def episodes(self) -> list[Mapping[str, Any]]:
        """See Library."""
        return [row for path in _episodes() for row in pq.read_table(path, columns=list(_LISTED)).to_pylist()]

    def episode(self, identity: str) -> Mapping[str, Any]:
        """See Library."""
        for path in _episodes():
            for row in pq.read_table(path, filters=[("id", "==", identity)]).to_pylist():
                found: Mapping[str, Any] = row
                return found
        raise MemcurateError(f"there is no episode {identity!r}")

    def _of(self, name: str) -> Version:
        if name not in self._versions:
            raise MemcurateError(f"there is no version {name!r} here; there are {', '.join(self._versions)}")
        return self._versions[name]


def _episodes() -> list[Path]:
    folders = (EVALUATION / "episodes", TRAINED_EVALUATION / "episodes")
    return [path for folder in folders for path in sorted(folder.glob("*.parquet"))]


def _tags() -> list[str]:
    """The newest first."""
    listed = subprocess.run(
        ["git", "tag", "--list", "--sort=-creatordate"], capture_output=True, text=True, check=False
    )
    return listed.stdout.split()
