"""Versions of the dataset: a git revision, a tag, a DVC experiment, or the workspace.

Nothing is checked out: files are read in DVC's cache; missing ones are fetched into it from the remote.
"""

import json
import logging
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from time import sleep
from typing import Any

from dvc.exceptions import DvcException, NotDvcRepoError
from dvc.repo import Repo
from dvc.scm import RevError, resolve_rev
from dvc_data.hashfile.hash_info import HashInfo

from pipeline.core.errors import MemcurateError
from pipeline.core.storage import find_parts, find_split_files, select_split_files, select_table_files
from pipeline.core.yaml_reader import LOCK_LIMITS, parse_yaml, read_yaml
from stages.shared.paths import DATASET_DIR, RAW_DIR, REJECTS_FILE, list_reject_dirs

_DVC_LOCK = "dvc.lock"
_MAX_READS = 10  # of dvc.lock, in two seconds

_logger = logging.getLogger(__name__)


class Workspace:
    """The Version in the project's folder now."""

    name = "workspace"

    def __init__(self, dataset: Path = DATASET_DIR) -> None:
        """`dataset`: folder of the splits. Raises MemcurateError where nothing was built yet."""
        self._dataset = dataset
        try:
            self._lock_mtime_ns = Path(_DVC_LOCK).stat().st_mtime_ns
            self.dvc_lock = _read_dvc_lock()
        except FileNotFoundError:
            raise MemcurateError(f"{_DVC_LOCK} is missing: nothing was built yet; run `dvc repro`") from None

    def is_stale(self) -> bool:
        """Tell whether `dvc.lock` was written after this object was made; False while it is missing."""
        try:
            return Path(_DVC_LOCK).stat().st_mtime_ns != self._lock_mtime_ns
        except FileNotFoundError:
            return False

    def dataset_files(self) -> list[Path]:
        """Return the files of the splits. Raises MemcurateError where one is missing."""
        paths = list(chain.from_iterable(find_split_files(self._dataset).values()))
        for path in paths:
            if not path.exists():
                raise MemcurateError(
                    f"{path} is not here: run `dvc repro assemble` or `dvc pull {DATASET_DIR}`"
                )
        return paths

    def reject_files(self) -> list[Path]:
        """Return the files of the rejects that exist, of all sources and of assemble."""
        folders = list_reject_dirs(_locked_sources(self.dvc_lock), self._dataset)
        paths = chain.from_iterable(find_parts(folder / REJECTS_FILE) for folder in folders)
        return [path for path in paths if path.exists()]

    def raw_hashes(self, source: str) -> Mapping[str, str]:
        """Return the MD5 of each raw file of a source, by its path below data/raw/SOURCE."""
        return _DvcCache(Repo(".")).list_dir(_output_hash(self.dvc_lock, RAW_DIR / source))


class AssembledVersion(Workspace):
    """The Version that the stage assemble has just written, before DVC records its params in dvc.lock."""

    def __init__(self, dataset: Path) -> None:
        """`dataset`: folder of the splits. Raises MemcurateError where nothing was built before."""
        super().__init__(dataset)
        params = read_yaml(Path("params.yaml"))
        entry = self.dvc_lock["stages"].setdefault("assemble", {})
        entry["params"] = {
            "params.yaml": {
                key: params[key] for key in ("seed", "tokenizer", "enabled_sources", "licenses", "dataset")
            }
        }


class CommittedVersion:
    """The Version of a commit."""

    def __init__(self, name: str, repo: Repo, revision: str) -> None:
        """`name`: the user's name of `revision`. Raises MemcurateError where it has no dvc.lock."""
        self.name = name
        self._store = _DvcCache(repo)
        self._revision = revision
        process = subprocess.run(
            ["git", "show", f"{revision}:./{_DVC_LOCK}"],
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",  # the YAML reader rejects what is not UTF-8
            check=False,
        )
        if process.returncode:
            raise MemcurateError(
                f"version {name} has no {_DVC_LOCK}: nothing was built there. Choose a later revision; "
                f"`git log -- {_DVC_LOCK}` lists the revisions with a build"
            )
        self.dvc_lock: Mapping[str, Any] = parse_yaml(
            process.stdout, f"{_DVC_LOCK} of version {name}", LOCK_LIMITS
        )

    def dataset_files(self) -> list[Path]:
        """Return the files of the splits. Raises MemcurateError where one is in no cache and no remote."""
        names = self._store.list_dir(_output_hash(self.dvc_lock, DATASET_DIR))
        files = self._find_files(DATASET_DIR, select_split_files(names))
        if files is None:
            raise MemcurateError(
                f"{DATASET_DIR} of version {self.name} is in no cache or remote. Where it was built, "
                "`dvc push` it to a remote of this project; or build it again: "
                f"`git checkout {self._revision[:10]} && dvc repro assemble`"
            )
        return files

    def reject_files(self) -> list[Path]:
        """Return the files of all rejects, and log a warning for each that is in no cache and no remote."""
        paths = []
        for folder in list_reject_dirs(_locked_sources(self.dvc_lock)):
            if _output_hash(self.dvc_lock, folder) is None:
                continue
            names = self._store.list_dir(_output_hash(self.dvc_lock, folder))
            rejects = select_table_files(names, Path(REJECTS_FILE).stem)
            files = self._find_files(folder, rejects) if rejects else None
            if files is None:
                _logger.warning("rejects of %s at %s are in no cache or remote", folder, self.name)
            paths += files or []
        return paths

    def raw_hashes(self, source: str) -> Mapping[str, str]:
        """Return the MD5 of each raw file of a source, by its path below data/raw/SOURCE."""
        return self._store.list_dir(_output_hash(self.dvc_lock, RAW_DIR / source))

    def _find_files(self, folder: Path, names: list[str]) -> list[Path] | None:
        """Return files of a stage's output folder; None where one is in no cache and no remote."""
        listing = self._store.list_dir(_output_hash(self.dvc_lock, folder))
        fetched = [self._store.fetch_file(listing[name]) for name in names if name in listing]
        paths = [path for path in fetched if path is not None]
        return paths if len(paths) == len(names) else None


class _DvcCache:
    """DVC's cache; a missing file is fetched from the remote."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo

    def fetch_file(self, md5: str) -> Path | None:
        """Return the path of the content of this hash; None where neither cache nor remote has it."""
        path = Path(self._repo.cache.local.oid_to_path(md5))
        if not path.exists():
            # `Repo.fetch` would look for a remote in the settings of the revision, not of the workspace.
            with suppress(DvcException, OSError):
                self._repo.cloud.pull([HashInfo("md5", md5)])
        return path if path.exists() else None

    def list_dir(self, md5: str | None) -> dict[str, str]:
        """Return the hashes of a folder's files, by path; empty where the listing cannot be fetched."""
        path = self.fetch_file(md5) if md5 else None
        if path is None:
            return {}
        return {one["relpath"]: one["md5"] for one in json.loads(path.read_text(encoding="utf-8"))}


def open_version(name: str | None) -> Workspace | CommittedVersion:
    """Open the version of a revision, tag or experiment; None: the workspace.

    Raises MemcurateError where the name is unknown, nothing was built there, or this folder is not a project.
    """
    if name is None:
        return Workspace()
    try:
        repo = Repo(".")
    except NotDvcRepoError as error:
        raise MemcurateError(
            "this folder is not in a project of git and DVC: run the command where dvc.yaml is"
        ) from error
    logging.getLogger("dvc").setLevel(logging.ERROR)  # it warns of missing files, as we do
    try:
        return CommittedVersion(name, repo, resolve_rev(repo.scm, name))
    except RevError as error:
        raise MemcurateError(
            f"unknown revision, tag or experiment {name!r}: `git tag`, `git log --oneline` and "
            "`dvc exp list` show the existing ones"
        ) from error


def _read_dvc_lock() -> dict[str, Any]:
    """Read the project's dvc.lock, again for up to 2 seconds while DVC writes it in place.

    Raises MemcurateError where it stays unreadable, FileNotFoundError where there is none.
    """
    for reads_left in reversed(range(_MAX_READS)):
        try:
            lock = read_yaml(Path(_DVC_LOCK), LOCK_LIMITS)
            if isinstance(lock.get("stages"), dict):
                return lock
            reason = f"{_DVC_LOCK} has no stages"
        except MemcurateError as error:
            if not Path(_DVC_LOCK).exists():
                raise FileNotFoundError(_DVC_LOCK) from error
            reason = str(error)
        if reads_left:
            sleep(0.2)
    raise MemcurateError(f"{reason}: if `dvc repro` is writing it, try again")


def _locked_sources(lock: Mapping[str, Any]) -> list[str]:
    """Return the sources that a version was assembled of; dvc.lock keeps stages of sources disabled since."""
    stages = lock.get("stages", {})
    locked = {name.removeprefix("fetch@") for name in stages if name.startswith("fetch@")}
    enabled = stages.get("assemble", {}).get("params", {}).get("params.yaml", {}).get("enabled_sources")
    return sorted(locked if enabled is None else locked.intersection(enabled))


def _output_hashes(lock: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for stage in lock.get("stages", {}).values():
        for out in stage.get("outs", []):
            yield out["path"], out["md5"]


def _output_hash(lock: Mapping[str, Any], folder: Path) -> str | None:
    return dict(_output_hashes(lock)).get(folder.as_posix())
