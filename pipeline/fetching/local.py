"""Verify and hash files of this machine, which are read where they are and which the user may change."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation, FileSpec
from pipeline.core.unicode import is_well_formed
from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.locators import LocalLocator, parse_locator
from pipeline.fetching.verify import Pin, hash_file, verify_hash

_WILDCARD = re.compile(r"[*?]")


def verify_local_file(locator: LocalLocator, pin: Pin | None) -> Path:
    """Return the path of a file with the pinned hash; without a pin, any content will do.

    Raises UnreachableError when the file is missing, MemcurateError when its hash differs or it is empty.
    """
    path = locator.path.absolute()
    if not path.is_file():
        raise UnreachableError(f"file {path} does not exist")
    if pin is None:
        return path
    found = hash_file(path, pin.algorithm)
    if found != pin.digest:
        raise MemcurateError(
            f"{locator.text} changed: its {pin.algorithm} is {found} ({path.stat().st_size:,} bytes), but "
            f"{pin.digest} is pinned. To take the new file, run `memcurate pin` with the name of the source, "
            "or write its hash into the params; otherwise restore the old one"
        )
    verify_hash(path, pin, locator.text)
    return path


def expand_local_files(files: Sequence[FileSpec]) -> list[FileSpec]:
    """Return the files, with one for each file that a pattern or folder of a `file:` locator names.

    `*` and `?` match within a folder, `**` across folders. Hidden files are left out. Such a file keeps the
    folders below the pattern's fixed part. Raises MemcurateError when none is there.
    """
    return [one for file in files for one in _expand(file)]


def _expand(file: FileSpec) -> list[FileSpec]:
    locator = parse_locator(file.locations[0].locator)
    if len(file.locations) > 1 or not isinstance(locator, LocalLocator):
        return [file]
    path = locator.path
    if path.is_file():  # whatever its name is
        return [file]
    parts = path.parts
    fixed = next((number for number, part in enumerate(parts) if _WILDCARD.search(part)), None)
    if fixed is None and not path.is_dir():
        return [file]
    base = path if fixed is None else Path(*parts[:fixed])
    pattern = "**/*" if fixed is None else str(Path(*parts[fixed:]))
    found = sorted(base.glob(f"{pattern}/*" if pattern.endswith("**") else pattern))
    visible = [one for one in found if one.is_file() and not _is_hidden(one.relative_to(base))]
    for one in visible:
        if not is_well_formed(str(one)):
            raise MemcurateError(f"{str(one)!r}: the file's name is not UTF-8: rename it")
    if not visible:
        raise MemcurateError(f"{locator.text}: no file is there; patterns are of *, ? and **")
    return [
        FileSpec(
            locations=[FileLocation(locator=f"file:{one}{'!' + locator.glob if locator.glob else ''}")],
            subdir=str(PurePosixPath(file.subdir, *one.relative_to(base).parts[:-1])).removeprefix("."),
        )
        for one in visible
    ]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def hash_local_files(files: Sequence[FileSpec]) -> dict[str, str | None]:
    """Hash the files of `file:` locators, by locator: None where both the file and its pin are missing.

    The pin stands in for a missing file: it is not a change that a clone lacks private files.
    """
    return {
        location.locator: _hash_location(locator, location)
        for file in expand_local_files(files)
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
