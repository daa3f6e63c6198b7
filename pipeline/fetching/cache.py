"""A download cache of verified files, named by their hash and shared by sources, runs and processes."""

import logging
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from pipeline.core.environment import folder_from_environment
from pipeline.core.errors import MemcurateError
from pipeline.fetching.verify import Pin, hash_file, verify_hash

_logger = logging.getLogger(__name__)


def default_cache() -> Path:
    """Return the folder that MEMCURATE_CACHE_DIR names, else one in the user's cache folder.

    Raises MemcurateError where the home folder is not known.
    """
    folder = folder_from_environment("MEMCURATE_CACHE_DIR")
    if folder is None:
        folder = user_cache_path("memcurate", appauthor=False) / "downloads"
        if not folder.is_absolute():
            raise MemcurateError(
                "the home folder is not known: set MEMCURATE_CACHE_DIR to a folder for downloads"
            )
    return folder


def find_in_cache(cache: Path, pin: Pin) -> Path | None:
    """Return the cached file with the pinned hash, or None. A damaged file is deleted."""
    entry = _entry_path(cache, pin)
    if not entry.exists():
        return None
    # Without the lock, which a read-only cache cannot hold: an intact file never changes.
    if _is_intact(entry, pin):
        return entry
    with _entry_lock(cache, pin):
        return _find_undamaged(cache, pin)


def download_once(cache: Path, pin: Pin, label: str, download: Callable[[Path], None]) -> Path:
    """Let `download` write a file that the cache lacks, verify it, and return its path in the cache.

    `label` names the file in messages. Other processes that need the same file wait for it. Raises the errors
    of `download`, and MemcurateError on another hash; then nothing is kept.
    """
    cache.mkdir(parents=True, exist_ok=True)
    entry = _entry_path(cache, pin)
    with _entry_lock(cache, pin):
        if cached := _find_undamaged(cache, pin):
            return cached
        partial = cache / f".{entry.name}.partial"
        try:
            download(partial)
            verify_hash(partial, pin, label)
            partial.replace(entry)
        finally:
            partial.unlink(missing_ok=True)
    _logger.info("downloaded %s: %.1f MB", label, entry.stat().st_size / 1e6)
    return entry


def _entry_path(cache: Path, pin: Pin) -> Path:
    return cache / f"{pin.algorithm}-{pin.digest}"


def _entry_lock(cache: Path, pin: Pin) -> FileLock:
    return FileLock(cache / f".{pin.algorithm}-{pin.digest}.lock")


def _find_undamaged(cache: Path, pin: Pin) -> Path | None:
    """Look up an entry with the lock held, so that no process deletes a file that another just replaced."""
    entry = _entry_path(cache, pin)
    if not entry.exists():
        return None
    if _is_intact(entry, pin):
        return entry
    _logger.warning("the cached %s is damaged: deleted", entry)
    entry.unlink()
    return None


def _is_intact(entry: Path, pin: Pin) -> bool:
    try:
        return hash_file(entry, pin.algorithm) == pin.digest
    except FileNotFoundError:  # another process just deleted a damaged file
        return False
