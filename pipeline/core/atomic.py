"""Atomic writes: files and folders are written to a staging folder and moved into place whole.

Each writer has a staging folder of its own, with a lock in it that the operating system frees when the writer
ends or is killed. The next writer beside it removes the folders of killed writers; those of living ones stay.
"""

import errno
import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Any

from filelock import FileLock, Timeout

from pipeline.core import interrupts
from pipeline.core.errors import MemcurateError, find_write_errno, from_os_error

PARTIAL = ".partial"
_WRITER_SUFFIX = re.compile(r"\.[0-9a-f]{16}\Z")  # of the name of a writer's staging folder
_MAX_RACES = 100  # with processes that remove empty folders
_TARGET_EXISTS_ERRNOS = (errno.ENOTEMPTY, errno.EEXIST)

# What this process has staged, and may have to remove when it is interrupted.
_staging_dirs: set[Path] = set()
_writer_dirs: set[Path] = set()
_held_locks: set[FileLock] = set()
_logger = logging.getLogger(__name__)


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Yield a folder to write into that becomes `target` only when the block ends without an error.

    An existing `target` is replaced, and is removed only when the new one can take its place. The staging
    folder is below `.partial` beside `target`'s own parent, not inside it, because the parent may be a
    dependency of a stage; it is inside where a move to `target` from beside the parent is impossible.
    Raises MemcurateError that names `target` when the disk is full, read-only or fails otherwise.
    """
    with _convert_write_errors(target):
        destination = _resolve_links(target)
        destination.parent.mkdir(parents=True, exist_ok=True)
        with _staging_path(_staging_dir(destination), destination) as staged:
            staged.mkdir()
            yield staged
            interrupts.raise_if_interrupted()
            written = _stat_files(staged)
            _move_into_place(staged, destination)
            if _stat_files(destination) != written:
                raise MemcurateError(f"{target} was changed by another process: run this again, alone")


@contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """Yield the path of a staged file that replaces `target` only when the block ends without an error.

    It has the name of `target`. Raises MemcurateError as `atomic_folder` does.
    """
    with _convert_write_errors(target):
        destination = _resolve_links(target)
        with _staging_path(destination.parent / PARTIAL, destination) as staged:
            yield staged
            interrupts.raise_if_interrupted()
            staged.replace(destination)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8."""
    with atomic_file(path) as staged:
        staged.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically, in a form for people and git: sorted keys, two spaces, a final newline."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


@contextmanager
def hold_lock(target: Path) -> Iterator[None]:
    """Hold a lock on `target`; while another process holds it, wait, and print a line that says so.

    Raises MemcurateError where the file system cannot lock.
    """
    with _convert_write_errors(target):
        destination = _resolve_links(target)
        destination.parent.mkdir(parents=True, exist_ok=True)
        path = _staging_dir(destination) / f"{destination.name}.lock"
        lock = _make_lock(path)
        _held_locks.add(lock)
        try:
            _acquire_lock(lock, timeout=0)
        except Timeout:
            holder = path.read_text(encoding="utf-8") if path.exists() else ""
            _logger.warning("%s: waiting for process %s, which writes it", target, holder or "unknown")
            _acquire_lock(lock, timeout=-1)
    try:
        with _convert_write_errors(target):
            path.write_text(str(os.getpid()), encoding="utf-8")
        yield
    finally:
        path.unlink(missing_ok=True)  # while the lock is held: waiting processes then make a new file
        lock.release()
        _held_locks.discard(lock)
        _remove_if_empty(path.parent)


@contextmanager
def _convert_write_errors(target: Path) -> Iterator[None]:
    """Convert errors of writing to a MemcurateError, which names `target` in place of a staged file."""
    try:
        yield
    except MemcurateError:
        raise
    except Exception as error:
        number = find_write_errno(error)
        if number is None:
            raise
        file = error.filename if isinstance(error, OSError) else None
        if not isinstance(file, str | bytes) or PARTIAL in Path(os.fsdecode(file)).parts:
            file = str(target)
        raise from_os_error(OSError(number, os.strerror(number), file)) from error


def _resolve_links(target: Path) -> Path:
    """Return the path that links lead to, so that a link to another disk stays and its target is replaced.

    Raises MemcurateError where a link leads nowhere.
    """
    for path in (target, *target.parents):
        if path.is_symlink() and not path.resolve().parent.exists():
            raise MemcurateError(
                f"{path} is a link to {path.readlink()}, which is not there: mount that disk, or remove the "
                "link"
            )
    real = Path(os.path.realpath(target))
    return target if real == target.absolute() else real


def _staging_dir(destination: Path) -> Path:
    """Return the staging folder of `destination`, from which a rename to it works."""
    candidate = destination.parent.parent / PARTIAL / destination.parent.name
    _staging_dirs.add(candidate)
    for _ in range(_MAX_RACES):
        try:
            candidate.mkdir(parents=True, exist_ok=True)
            if _can_move(candidate, destination.parent):
                return candidate
        except FileNotFoundError:  # another process just removed it, since it was empty
            continue
        except OSError:  # a folder without permission to write
            pass
        break
    _remove_if_empty(candidate)
    return destination.parent / PARTIAL


def _can_move(source: Path, target: Path) -> bool:
    """Return whether what is in one folder can be moved to the other, without moving anything.

    A move of what is not there fails with ENOENT, but with another error between two disks or mounts. Raises
    FileNotFoundError where a folder is not there.
    """
    may_write = all(os.access(folder, os.W_OK | os.X_OK) for folder in (source, target))
    name = token_hex(8)
    try:
        (source / name).rename(target / name)
    except OSError as error:
        is_missing = error.errno == errno.ENOENT
    return source.stat().st_dev == target.stat().st_dev and may_write and is_missing


def _make_folder(folder: Path) -> None:
    """Make a folder, though other processes remove empty folders above it."""
    for _ in range(_MAX_RACES):
        with suppress(FileNotFoundError):
            folder.mkdir(parents=True)
            return
    folder.mkdir(parents=True)


def _remove_if_empty(staging_dir: Path) -> None:
    """Remove a staging folder when it is empty, or the one around it where it is gone."""
    with suppress(OSError):
        with suppress(FileNotFoundError):
            staging_dir.rmdir()
        if staging_dir.name != PARTIAL:
            staging_dir.parent.rmdir()


def _make_lock(path: Path) -> FileLock:
    return FileLock(path, fallback_to_soft=False, thread_local=False)  # another thread may release it


def _acquire_lock(lock: FileLock, timeout: float) -> None:
    """Acquire a lock, though other processes remove its folder when that is empty."""
    while True:
        Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            lock.acquire(timeout=timeout)
            return


@contextmanager
def _staging_path(staging_dir: Path, destination: Path) -> Iterator[Path]:
    """Yield a path named as `destination` in a locked folder of this writer, which is removed afterwards."""
    _staging_dirs.add(staging_dir)
    _remove_stale(staging_dir)
    while True:
        writer_dir = staging_dir / f"{destination.name}.{token_hex(8)}"
        _writer_dirs.add(writer_dir)
        lock = _make_lock(writer_dir / "lock")
        _make_folder(writer_dir)
        with suppress(FileNotFoundError, Timeout):  # removed as stale before it was locked
            lock.acquire(timeout=0)
            break
    try:
        yield writer_dir / destination.name
    finally:
        lock.release()
        shutil.rmtree(writer_dir, ignore_errors=True)
        _writer_dirs.discard(writer_dir)
        _remove_if_empty(staging_dir)


def _remove_stale(staging_dir: Path) -> None:
    """Remove leftovers of killed writers: locks that no process holds, and folders with such a lock."""
    entries: list[Path] = []
    with suppress(FileNotFoundError):  # the folder is missing, or another process just removed it
        entries.extend(staging_dir.iterdir())
    for entry in entries:
        with suppress(OSError, Timeout):
            if _WRITER_SUFFIX.search(entry.name):
                with _make_lock(entry / "lock").acquire(timeout=0):
                    shutil.rmtree(entry)
            elif entry.suffix == ".lock":
                with _make_lock(entry).acquire(timeout=0):
                    entry.unlink()


def _remove_own_leftovers() -> None:
    """Remove what this process has staged, after an interrupt that came before a block or after it."""
    for writer_dir in tuple(_writer_dirs):
        shutil.rmtree(writer_dir, ignore_errors=True)
    for lock in tuple(_held_locks):
        lock.release(force=True)
    for staging_dir in tuple(_staging_dirs):
        _remove_stale(staging_dir)
        _remove_if_empty(staging_dir)


interrupts.clean_up_by(_remove_own_leftovers)


def _stat_files(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of the files below a folder, which a move does not change."""
    sizes = {}
    with suppress(FileNotFoundError):  # another process just moved it away
        for path in folder.rglob("*"):
            if path.is_file():
                stat = path.stat()
                sizes[str(path.relative_to(folder))] = stat.st_size, stat.st_mtime_ns
    return sizes


def _move_into_place(staged: Path, destination: Path) -> None:
    """Move a folder to its destination. The old one is restored on failure, else left among staged files."""
    for number in count():
        backup = staged.with_name(f"{destination.name}.before{number}")
        try:
            _move_away(destination, backup)
            staged.rename(destination)
            return
        except BaseException as error:
            if isinstance(error, OSError) and error.errno in _TARGET_EXISTS_ERRNOS and destination.exists():
                continue  # a writer without the lock was faster
            if backup.exists() and not destination.exists():
                backup.rename(destination)
            raise


def _move_away(path: Path, backup: Path) -> None:
    try:
        path.rename(backup)
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.rmtree(path)  # folders of a container image's layer cannot be moved
