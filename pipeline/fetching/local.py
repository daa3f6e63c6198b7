"""One file of this machine, read where it is."""

from pathlib import Path

from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.locators import Local
from pipeline.fetching.verify import Pin, verify


def local_file(locator: Local, pin: Pin) -> Path:
    """Give the verified file's path.

    Raises UnreachableError when there is no such file, MemcurateError on another hash.
    """
    path = locator.path.absolute()
    if not path.is_file():
        raise UnreachableError(f"there is no file {path}")
    verify(path, pin, locator.text)
    return path
