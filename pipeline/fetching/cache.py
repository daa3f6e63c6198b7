"""The download cache: whole, verified files named by their hash, shared by sources, runs and processes."""

import sys
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from pipeline.errors import MemcurateError
from pipeline.fetching.environment import folder_from_environment
from pipeline.fetching.verify import Pin, digest, verify


def default_cache() -> Path:
    """Give the folder that MEMCURATE_CACHE names, else one in the user's cache folder.

    Raises MemcurateError where there is no home folder.
    """
    folder = folder_from_environment("MEMCURATE_CACHE")
    if folder is None:
        folder = user_cache_path("memcurate", appauthor=False) / "downloads"
        if not folder.is_absolute():
            raise MemcurateError(
                "the home folder is not known: set MEMCURATE_CACHE to a folder for downloads"
            )
    return folder


def in_cache(cache: Path, pin: Pin) -> Path | None:
    """Give the cached file with the pinned hash, if there is one. A damaged one is deleted."""
    entry = _entry(cache, pin)
    if not entry.exists():
        return None
    # Without the lock, which a cache that is only read has no room for: what is whole never changes.
    if _is_whole(entry, pin):
        return entry
    with _lock(cache, pin):
        return _undamaged(cache, pin)


def download_once(cache: Path, pin: Pin, what: str, download: Callable[[Path], None]) -> Path:
    """Let `download` write the file that the cache lacks, verify it, and give its path in the cache.

    Other processes that want the same file wait for it. Raises what `download` raises, and MemcurateError
    on another hash; nothing is kept then.
    """
    cache.mkdir(parents=True, exist_ok=True)
    entry = _entry(cache, pin)
    with _lock(cache, pin):
        if found := _undamaged(cache, pin):
            return found
        part = cache / f".{entry.name}.partial"
        try:
            download(part)
            verify(part, pin, what)
            part.replace(entry)
        finally:
            part.unlink(missing_ok=True)
    print(f"downloaded {what}: {entry.stat().st_size / 1e6:.1f} MB", file=sys.stderr)
    return entry


def _entry(cache: Path, pin: Pin) -> Path:
    return cache / f"{pin.algorithm}-{pin.digest}"


def _lock(cache: Path, pin: Pin) -> FileLock:
    return FileLock(cache / f".{pin.algorithm}-{pin.digest}.lock")


def _undamaged(cache: Path, pin: Pin) -> Path | None:
    """Look an entry up, with the lock held, so that no process deletes what another has just replaced."""
    entry = _entry(cache, pin)
    if not entry.exists():
        return None
    if _is_whole(entry, pin):
        return entry
    print(f"the cached {entry} is damaged: deleted", file=sys.stderr)
    entry.unlink()
    return None


def _is_whole(entry: Path, pin: Pin) -> bool:
    try:
        return digest(entry, pin.algorithm) == pin.digest
    except FileNotFoundError:  # another process has just deleted a damaged one
        return False
