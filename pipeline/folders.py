"""Atomic writes: files and folders are written aside and moved into place whole.

A writer has a folder aside of its own, with a lock in it that the operating system frees when the writer ends
or is killed. What a killed writer left aside is removed by the next one beside it; a living one's stays.
"""

import errno
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Any

from filelock import FileLock, Timeout

from pipeline import interrupts
from pipeline.errors import MemcurateError, system_error, writing_error

PARTIAL = ".partial"
_OWN = re.compile(r"\.[0-9a-f]{16}\Z")  # how the name of a writer's folder aside ends
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a folder to write into that becomes `target` only when the block ends without an error.

    An existing `target` is replaced, and goes only when the new one can take its place. The folder aside is
    below `.partial` beside `target`'s own parent, not inside it, because the parent may itself be the
    dependency of a stage; it is inside where nothing can be moved from there to the disk of `target`.
    Raises MemcurateError that names `target` when the disk is full, read-only or fails otherwise.
    """
    with _writing(target):
        place = _followed(target)
        place.parent.mkdir(parents=True, exist_ok=True)
        with _aside(_room(place), place) as aside:
            aside.mkdir()
            yield aside
            interrupts.raise_again()
            written = _sizes(aside)
            _put(aside, place)
            if _sizes(place) != written:
                raise MemcurateError(f"{target} was changed by another process: run this again, alone")


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a file to write aside that takes `target`'s place only when the block ends without an error.

    It has the name of `target`. Raises MemcurateError as `whole_folder` does.
    """
    with _writing(target):
        place = _followed(target)
        with _aside(place.parent / PARTIAL, place) as aside:
            yield aside
            interrupts.raise_again()
            aside.replace(place)


def write_text(path: Path, text: str) -> None:
    """Write a text file that is whole or as it was before."""
    with whole_file(path) as aside:
        aside.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write JSON that people read and git compares: sorted keys, two spaces, a final newline."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold `target` for this process; while another process holds it, wait, and say so in a line.

    Raises MemcurateError where no lock can be made.
    """
    with _writing(target):
        place = _followed(target)
        place.parent.mkdir(parents=True, exist_ok=True)
        path = _room(place) / f"{place.name}.lock"
        lock = _lock(path)
        try:
            _acquire(lock, timeout=0)
        except Timeout:
            holder = path.read_text(encoding="utf-8") if path.exists() else ""
            print(f"{target}: waiting for process {holder or 'unknown'}, which writes it", file=sys.stderr)
            _acquire(lock, timeout=-1)
    try:
        with _writing(target):
            path.write_text(str(os.getpid()), encoding="utf-8")
        yield
    finally:
        path.unlink(missing_ok=True)  # while it is held: others that wait for it then make a new one
        lock.release()
        _tidy(path.parent)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Make errors that writing meets a MemcurateError, which names `target` where it is the file aside."""
    try:
        yield
    except MemcurateError:
        raise
    except Exception as error:
        number = writing_error(error)
        if number is None:
            raise
        file = error.filename if isinstance(error, OSError) else None
        if not isinstance(file, str | bytes) or PARTIAL in Path(os.fsdecode(file)).parts:
            file = str(target)
        raise system_error(OSError(number, os.strerror(number), file)) from error


def _followed(target: Path) -> Path:
    """Give the path that links lead to, so that a link to another disk stays, and its end is replaced.

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


def _room(place: Path) -> Path:
    """Give the folder for asides of `place`, out of which they can be moved to it."""
    beside = place.parent.parent / PARTIAL / place.parent.name
    probe = f".{token_hex(8)}"
    try:
        _make(beside / probe)
        try:
            (beside / probe).rename(place.parent / probe)
            (place.parent / probe).rmdir()
        except OSError:
            (beside / probe).rmdir()
            _tidy(beside)
            raise
    except OSError:  # another disk, perhaps mounted there, or a folder that only others may write into
        return place.parent / PARTIAL
    return beside


def _make(folder: Path) -> None:
    """Make a folder, though others remove the empty ones above it."""
    for _ in range(100):
        with suppress(FileNotFoundError):
            folder.mkdir(parents=True)
            return
    folder.mkdir(parents=True)


def _tidy(room: Path) -> None:
    """Remove a folder for asides when it is empty."""
    with suppress(OSError):
        room.rmdir()
        if room.name != PARTIAL:
            room.parent.rmdir()


def _lock(path: Path) -> FileLock:
    return FileLock(path, fallback_to_soft=False)


def _acquire(lock: FileLock, timeout: float) -> None:
    """Acquire a lock, though others remove the folder that it is in when that is empty."""
    while True:
        Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            lock.acquire(timeout=timeout)
            return


@contextmanager
def _aside(room: Path, place: Path) -> Iterator[Path]:
    """Give a path named as `place` in a locked folder of this writer's own, which is removed afterwards."""
    _remove_dead(room)
    while True:
        own = room / f"{place.name}.{token_hex(8)}"
        lock = _lock(own / "lock")
        _make(own)
        with suppress(FileNotFoundError, Timeout):  # another took it for a dead one before it was locked
            lock.acquire(timeout=0)
            break
    try:
        yield own / place.name
    finally:
        lock.release()
        shutil.rmtree(own, ignore_errors=True)
        _tidy(room)


def _remove_dead(room: Path) -> None:
    """Remove what killed writers left aside: locks that nobody holds, and folders with such a lock."""
    there: list[Path] = []
    with suppress(FileNotFoundError):  # there is none, or another just removed it
        there.extend(room.iterdir())
    for left in there:
        with suppress(OSError, Timeout):
            if _OWN.search(left.name):
                with _lock(left / "lock").acquire(timeout=0):
                    shutil.rmtree(left)
            elif left.suffix == ".lock":
                with _lock(left).acquire(timeout=0):
                    left.unlink()


def _sizes(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of the files below a folder: the same before and after a move."""
    sizes = {}
    with suppress(FileNotFoundError):  # another process moved it away just now
        for path in folder.rglob("*"):
            if path.is_file():
                stat = path.stat()
                sizes[str(path.relative_to(folder))] = stat.st_size, stat.st_mtime_ns
    return sizes


def _put(aside: Path, place: Path) -> None:
    """Move a folder to its place. What stood there is back when that fails, and else is left aside."""
    for number in count():
        before = aside.with_name(f"{place.name}.before{number}")
        try:
            _move_away(place, before)
            aside.rename(place)
            return
        except BaseException as error:
            if isinstance(error, OSError) and error.errno in _TAKEN and place.exists():
                continue  # another writer that holds no lock was faster
            if before.exists() and not place.exists():
                before.rename(place)
            raise


def _move_away(place: Path, to: Path) -> None:
    try:
        place.rename(to)
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.rmtree(place)  # a layer of a container's image: nothing in it can be moved
