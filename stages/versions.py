"""Versions of the data: a git revision, a tag or a DVC experiment, or what is in the workspace.

Nothing is checked out: files are read where DVC's cache holds them, and fetched into it from the remote where
it does not.
"""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Any

from dvc.exceptions import DvcException, NotDvcRepoError
from dvc.repo import Repo
from dvc.scm import RevError, resolve_rev
from dvc_data.hashfile.hash_info import HashInfo

from pipeline.errors import MemcurateError
from pipeline.schema import SIDES
from pipeline.storage import split_files
from pipeline.yaml_values import LOCK, parse_yaml, read_yaml
from stages.running import CHUNKS, DATASET, FILTERED, QUESTIONS, RAW

_LOCK = "dvc.lock"
_TRIES = 10  # in two seconds
_REJECTING = (CHUNKS, QUESTIONS, FILTERED)
_SIDES = [f"{split}.parquet" for split in SIDES]
_EVALUATION = "evaluation.parquet"  # of evaluation sets, where there are any
_REJECTS = "rejects.parquet"


class Workspace:
    """What lies in the project now. Version."""

    name = "workspace"

    def __init__(self, dataset: Path = DATASET) -> None:
        """`dataset`: where its files lie. Raises MemcurateError where nothing was built yet."""
        self._dataset = dataset
        try:
            self._written = Path(_LOCK).stat().st_mtime_ns
            self.lock = _read_lock()
        except FileNotFoundError:
            raise MemcurateError(
                f"there is no {_LOCK} here: nothing was built yet; run `dvc repro`"
            ) from None

    def is_stale(self) -> bool:
        """Tell whether `dvc.lock` was written since; not while it is not there."""
        try:
            return Path(_LOCK).stat().st_mtime_ns != self._written
        except FileNotFoundError:
            return False

    def dataset(self) -> list[Path]:
        """See Version."""
        paths = [self._dataset / name for name in _SIDES]
        for path in paths:
            if not path.exists():
                raise MemcurateError(f"{path} is not here: run `dvc repro assemble` or `dvc pull {DATASET}`")
        return list(split_files(self._dataset).values())

    def rejects(self) -> list[Path]:
        """See Version."""
        by_source = [folder / source for folder in _REJECTING for source in _sources(self.lock)]
        folders = [*by_source, self._dataset]
        return [path for folder in folders if (path := folder / _REJECTS).exists()]

    def raw(self, source: str) -> Mapping[str, str]:
        """See Version."""
        return _Store(Repo(".")).listing(_hash(self.lock, RAW / source))


class Assembled(Workspace):
    """A dataset that the assemble stage has just written, before DVC notes with which params. Version."""

    def __init__(self, dataset: Path) -> None:
        """See Workspace."""
        super().__init__(dataset)
        now = read_yaml(Path("params.yaml"))
        entry = self.lock["stages"].setdefault("assemble", {})
        entry["params"] = {
            "params.yaml": {key: now[key] for key in ("seed", "tokenizer", "use", "licences", "dataset")}
        }


class Committed:
    """What was committed at a revision. Version."""

    def __init__(self, name: str, repo: Repo, revision: str) -> None:
        """Raises MemcurateError where the revision has no dvc.lock."""
        self.name = name
        self._store = _Store(repo)
        self._revision = revision
        shown = subprocess.run(
            ["git", "show", f"{revision}:./{_LOCK}"],
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",  # the reader refuses what is not UTF-8
            check=False,
        )
        if shown.returncode:
            raise MemcurateError(
                f"version {name} has no {_LOCK}: nothing was built there. Choose a later revision; "
                f"`git log -- {_LOCK}` lists those where something was"
            )
        self.lock: Mapping[str, Any] = parse_yaml(shown.stdout, f"{_LOCK} of version {name}", LOCK)

    def dataset(self) -> list[Path]:
        """See Version. Raises MemcurateError where the data is in no cache and no remote."""
        evaluated = _EVALUATION in self._store.listing(_hash(self.lock, DATASET))
        found = self._files(DATASET, [*_SIDES, _EVALUATION] if evaluated else _SIDES)
        if found is None:
            raise MemcurateError(
                f"{DATASET} of version {self.name} is in no cache or remote. Where it was built, `dvc push` "
                "it to a remote of this project; or build it again: "
                f"`git checkout {self._revision[:10]} && dvc repro assemble`"
            )
        return found

    def rejects(self) -> list[Path]:
        """See Version. What cannot be had is told, and left out."""
        paths = []
        for folder in (*(kind / source for kind in _REJECTING for source in _sources(self.lock)), DATASET):
            if _hash(self.lock, folder) is None:
                continue
            found = self._files(folder, [_REJECTS])
            if found is None:
                print(f"rejects of {folder} at {self.name} are in no cache or remote", file=sys.stderr)
            paths += found or []
        return paths

    def raw(self, source: str) -> Mapping[str, str]:
        """See Version."""
        return self._store.listing(_hash(self.lock, RAW / source))

    def _files(self, folder: Path, names: list[str]) -> list[Path] | None:
        """Files of a folder that a stage wrote; None where any is not to be had."""
        listing = self._store.listing(_hash(self.lock, folder))
        paths = [self._store.path(listing[name]) for name in names if name in listing]
        found = [path for path in paths if path is not None]
        return found if len(found) == len(names) else None


class _Store:
    """DVC's cache, which gets from the remote what it lacks."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo

    def path(self, hashed: str) -> Path | None:
        """Where the content of this hash lies; None where neither has it."""
        path = Path(self._repo.cache.local.oid_to_path(hashed))
        if not path.exists():
            # From the workspace's remote: `Repo.fetch` looks for one in the settings of the revision.
            with suppress(DvcException, OSError):
                self._repo.cloud.pull([HashInfo("md5", hashed)])
        return path if path.exists() else None

    def listing(self, hashed: str | None) -> dict[str, str]:
        """Hashes of a folder's files, by path; empty where that is not to be had."""
        path = self.path(hashed) if hashed else None
        if path is None:
            return {}
        return {one["relpath"]: one["md5"] for one in json.loads(path.read_text(encoding="utf-8"))}


def version(name: str | None) -> Workspace | Committed:
    """The version of a revision, tag or experiment; None: the workspace.

    Raises MemcurateError where there is none of that name, nothing was built there, or here is no project.
    """
    if name is None:
        return Workspace()
    try:
        repo = Repo(".")
    except NotDvcRepoError as error:
        raise MemcurateError(
            "this folder is in no project of git and DVC: run it where dvc.yaml is"
        ) from error
    logging.getLogger("dvc").setLevel(logging.ERROR)  # it warns of what is in no remote; so do we
    try:
        return Committed(name, repo, resolve_rev(repo.scm, name))
    except RevError as error:
        raise MemcurateError(
            f"there is no revision, tag or experiment {name!r}; `git tag`, `git log --oneline` and "
            "`dvc exp list` show those that there are"
        ) from error


def _read_lock() -> dict[str, Any]:
    """Read the project's dvc.lock; one that is not whole yet, as DVC writes it in place, for up to 2 seconds.

    Raises MemcurateError where it stays unreadable.
    """
    for left in reversed(range(_TRIES)):
        try:
            found = read_yaml(Path(_LOCK), LOCK)
            if isinstance(found.get("stages"), dict):
                return found
            reason = f"{_LOCK} has no stages"
        except MemcurateError as error:
            if not Path(_LOCK).exists():
                raise FileNotFoundError(_LOCK) from error
            reason = str(error)
        if left:
            sleep(0.2)
    raise MemcurateError(f"{reason}: if `dvc repro` is writing it, try again")


def _sources(lock: Mapping[str, Any]) -> list[str]:
    return sorted(name.removeprefix("fetch@") for name in lock.get("stages", {}) if name.startswith("fetch@"))


def _outs(lock: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for stage in lock.get("stages", {}).values():
        for out in stage.get("outs", []):
            yield out["path"], out["md5"]


def _hash(lock: Mapping[str, Any], folder: Path) -> str | None:
    return dict(_outs(lock)).get(folder.as_posix())
