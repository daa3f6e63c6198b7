"""Files of this machine, read where they are: the user's own to change."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import MemcurateError
from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.locators import Local, parse
from pipeline.fetching.verify import Pin, digest, verify
from pipeline.params import File, Place


def local_file(locator: Local, pin: Pin | None) -> Path:
    """Give the path of a file with the pinned hash; without a pin, of the file as it is.

    Raises UnreachableError when there is no such file, MemcurateError when it is another one.
    """
    path = locator.path.absolute()
    if not path.is_file():
        raise UnreachableError(f"there is no file {path}")
    found = digest(path, pin.algorithm if pin else "sha256")
    if pin is not None and found != pin.digest:
        raise MemcurateError(
            f"{locator.text} changed: its {pin.algorithm} is {found} ({path.stat().st_size:,} bytes), but "
            f"{pin.digest} is pinned. To take the new file, run `memcurate pin` with the name of the source, "
            "or write its hash into the params; otherwise restore the old one"
        )
    verify(path, pin or Pin("sha256", found), locator.text)
    return path


def local_digests(files: Sequence[File]) -> dict[str, str | None]:
    """Hash the files of `file:` locators, by locator: None where there is no file and no pin.

    Where there is no file, its pin stands for it: it is not a change that a clone lacks private files.
    """
    return {
        place.locator: _digest(locator, place)
        for file in files
        for place in file.places
        if isinstance(locator := parse(place.locator), Local)
    }


def _digest(locator: Local, place: Place) -> str | None:
    if not locator.path.is_file():
        return place.git_blob or place.sha256
    try:
        return digest(locator.path, "git-blob" if place.git_blob else "sha256")
    except OSError as error:
        raise MemcurateError(f"{place.locator} cannot be read: {error}. Look at its permissions") from error
