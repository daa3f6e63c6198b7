"""Verify and hash files of this machine, which are read where they are and which the user may change."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation, FileSpec
from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.locators import LocalLocator, parse_locator
from pipeline.fetching.verify import Pin, hash_file, verify_hash


def verify_local_file(locator: LocalLocator, pin: Pin | None) -> Path:
    """Return the path of a file with the pinned hash; without a pin, any content will do.

    Raises UnreachableError when the file is missing, MemcurateError when its hash differs or it is empty.
    """
    path = locator.path.absolute()
    if not path.is_file():
        raise UnreachableError(f"file {path} does not exist")
    found = hash_file(path, pin.algorithm if pin else "sha256")
    if pin is not None and found != pin.digest:
        raise MemcurateError(
            f"{locator.text} changed: its {pin.algorithm} is {found} ({path.stat().st_size:,} bytes), but "
            f"{pin.digest} is pinned. To take the new file, run `memcurate pin` with the name of the source, "
            "or write its hash into the params; otherwise restore the old one"
        )
    verify_hash(path, pin or Pin("sha256", found), locator.text)
    return path


def hash_local_files(files: Sequence[FileSpec]) -> dict[str, str | None]:
    """Hash the files of `file:` locators, by locator: None where both the file and its pin are missing.

    The pin stands in for a missing file: it is not a change that a clone lacks private files.
    """
    return {
        location.locator: _hash_location(locator, location)
        for file in files
        for location in file.locations
        if isinstance(locator := parse_locator(location.locator), LocalLocator)
    }


def _hash_location(locator: LocalLocator, location: FileLocation) -> str | None:
    if not locator.path.is_file():
        return location.git_blob or location.sha256
    try:
        return hash_file(locator.path, "git-blob" if location.git_blob else "sha256")
    except OSError as error:
        raise MemcurateError(f"{location.locator} cannot be read: {error}. Check its permissions") from error
