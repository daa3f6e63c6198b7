"""Backend of the viewer: versions of the dataset, their rejects, and the evaluation's episodes."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.core.columns import to_row
from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Instance
from pipeline.core.storage import iter_row_groups, read_row
from pipeline.diff.comparison import DiffFilter, Version, compare
from pipeline.diff.text_report import format_causes
from pipeline.viewer.database import load_tables
from pipeline.viewer.server import NotFoundError
from stages.shared.paths import list_episode_files
from stages.shared.versions import Workspace, open_version
from training.memory.schema import Episode

_WORKSPACE_NAME = "workspace"
_EPISODE_COLUMNS = ("id", "source", "correctness", "total")  # of the list of episodes


class ProjectBackend:
    """The ViewerBackend of a project: the workspace, named versions, and the tags with a dataset.

    A version is loaded when it is first viewed, and again when its files have changed.
    """

    def __init__(self, names: list[str]) -> None:
        """Open the versions `names`. Raises MemcurateError where one does not exist."""
        versions: dict[str, Version] = {_WORKSPACE_NAME: Workspace()}
        for name in names:
            versions[name] = open_version(name)
        for tag in _list_tags():
            try:
                versions.setdefault(tag, open_version(tag))
            except MemcurateError:
                continue  # a tag from before anything was built
        self._versions = versions
        # Files of splits and of rejects; those of a commit never change.
        self._committed_files: dict[str, tuple[list[Path], list[Path]]] = {}
        self._databases: dict[str, tuple[object, duckdb.DuckDBPyConnection]] = {}
        self._load_lock = Lock()

    def versions(self) -> list[str]:
        """Return the names of the versions, the workspace first."""
        return list(self._versions)

    def database(self, name: str) -> duckdb.DuckDBPyConnection:
        """Return the database of a version's rows and rejects."""
        version = self._get_version(name)
        with self._load_lock, _report_read_errors(name):
            dataset, rejects = self._version_files(name, version)
            state = [(path, path.stat().st_mtime_ns, path.stat().st_size) for path in (*dataset, *rejects)]
            loaded_state, database = self._databases.get(name, (None, None))
            if database is None or loaded_state != state:
                self._databases.pop(name, None)
                database = load_tables(dataset, rejects)
                self._databases[name] = (state, database)
            return database

    def instance(self, name: str, identity: str) -> Mapping[str, Any]:
        """Return an instance of a version. Raises NotFoundError where it has none of this id."""
        version = self._get_version(name)
        with _report_read_errors(name):
            for path in self._version_files(name, version)[0]:
                instance = read_row(path, Instance, identity)
                if instance is not None:
                    return to_row(instance)
        raise NotFoundError(f"{name} has no instance {identity!r}")

    def changes(self, old: str, new: str) -> list[Mapping[str, Any]]:
        """Return the differences between two versions, one item per source."""
        before, after = self._get_version(old), self._get_version(new)
        with _report_read_errors(f"{old} or {new}"):
            diffs = compare(before, after, DiffFilter())
        return [{**asdict(diff), "reasons": format_causes(diff.causes)} for diff in diffs]

    def episodes(self) -> list[Mapping[str, Any]]:
        """Return the id, source and scores of every episode of the evaluations."""
        with _report_read_errors("the evaluation"):
            return [
                row
                for _, path in list_episode_files()
                for table in iter_row_groups(path, Episode, _EPISODE_COLUMNS)
                for row in table.to_pylist()
            ]

    def episode(self, identity: str) -> Mapping[str, Any]:
        """Return an episode. Raises NotFoundError where no episode has this id."""
        with _report_read_errors("the evaluation"):
            for _, path in list_episode_files():
                episode = read_row(path, Episode, identity)
                if episode is not None:
                    return to_row(episode)
        raise NotFoundError(f"unknown episode {identity!r}")

    def _get_version(self, name: str) -> Version:
        """Return a version; the workspace is opened again after a build."""
        if name not in self._versions:
            raise MemcurateError(f"unknown version {name!r}; the versions are {', '.join(self._versions)}")
        version = self._versions[name]
        if isinstance(version, Workspace) and version.is_stale():
            version = self._versions[name] = Workspace()
        return version

    def _version_files(self, name: str, version: Version) -> tuple[list[Path], list[Path]]:
        """Return the files of a version's splits, and those of its rejects."""
        files = self._committed_files.get(name)
        if files is None:
            files = version.dataset_files(), version.reject_files()
            if not isinstance(version, Workspace):
                self._committed_files[name] = files
        return files


@contextmanager
def _report_read_errors(label: str) -> Iterator[None]:
    """Raise NotFoundError, with `label`, where files vanish or change during a read, as in a build."""
    try:
        yield
    except MemcurateError as error:
        raise NotFoundError(str(error)) from error
    except (OSError, pa.ArrowException, duckdb.Error) as error:
        first = str(error).partition("\n")[0]
        raise NotFoundError(
            f"{label} cannot be read ({first}): try again when the build that writes it has ended"
        ) from error


def _list_tags() -> list[str]:
    """Return the tags of the git repository, the newest first."""
    listing = subprocess.run(
        ["git", "tag", "--list", "--sort=-v:refname", "--sort=-creatordate"],
        capture_output=True,
        text=True,
        check=False,
    )
    return listing.stdout.split()
