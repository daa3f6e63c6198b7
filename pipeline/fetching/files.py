"""Fetch the files of one source from the mirror, the cache or a location, and store them in its folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation, FileSpec
from pipeline.fetching import https
from pipeline.fetching.addresses import download_from_address
from pipeline.fetching.cache import download_once, find_in_cache
from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.hub import download_from_hub, expand_hub_files
from pipeline.fetching.local import expand_local_files, verify_local_file
from pipeline.fetching.locators import (
    AddressLocator,
    HubLocator,
    LocalLocator,
    Locator,
    PypiLocator,
    parse_locator,
)
from pipeline.fetching.mirror import find_in_mirror
from pipeline.fetching.pypi import download_artifact
from pipeline.fetching.unpack import COMPRESSED_SUFFIXES, decompress, unpack
from pipeline.fetching.verify import Pin
from pipeline.fetching.write import safe_path, write_file


@dataclass(frozen=True)
class FetchCounts:
    """Number and size of the files that a fetch wrote."""

    files: int
    bytes: int


def fetch(file_specs: Sequence[FileSpec], target: Path, *, mirror: Path | None, cache: Path) -> FetchCounts:
    """Fill the existing folder `target` with files; on an error the caller removes it.

    Raises MemcurateError when a locator is malformed, no location gives a file, a hash is not the pinned one,
    an archive cannot be unpacked safely and completely, two files have one name, or reading or writing fails.
    """
    # All locators are parsed before the first download, so that an error in the last one costs nothing.
    planned = [
        (_target_folder(target, file.subdir), [_parse_location(location) for location in file.locations])
        for file in expand_hub_files(expand_local_files(file_specs))
    ]
    sizes: list[int] = []
    try:
        for folder, locations in planned:
            locator, artifact = _obtain_file(locations, mirror, cache)
            sizes += _store_files(artifact, locator, folder)
    except OSError as error:
        raise MemcurateError(
            f"reading or writing failed: {error}. Check the space and permissions of {target} "
            f"and of the download cache {cache} (MEMCURATE_CACHE_DIR)"
        ) from error
    return FetchCounts(len(sizes), sum(sizes))


def _target_folder(target: Path, subdir: str) -> Path:
    return target / safe_path(subdir.rstrip("/"), "`subdir`") if subdir else target


def _parse_location(location: FileLocation) -> tuple[Locator, Pin | None]:
    locator = parse_locator(location.locator)
    if isinstance(locator, LocalLocator) and not (location.sha256 or location.git_blob):
        return locator, None
    pin = Pin.from_location(location)
    if isinstance(locator, HubLocator) and locator.is_mutable:
        raise MemcurateError(
            f"locator {locator.text!r}: {locator.revision!r} is a branch, a tag or a short revision, which "
            "can move, so it is unpinned: write the whole revision, or let `memcurate pin SOURCE` look it up"
        )
    if isinstance(locator, PypiLocator) and pin.algorithm != "sha256":
        raise MemcurateError(f"locator {locator.text!r}: an index knows its artifacts by sha256; pin that")
    return locator, pin


def _obtain_file(
    locations: list[tuple[Locator, Pin | None]], mirror: Path | None, cache: Path
) -> tuple[Locator, Path]:
    """Return the verified file and the locator whose pin it has; local copies come before the network."""
    pinned = [(locator, pin) for locator, pin in locations if pin is not None]
    if found := _find_local_copy(pinned, mirror, cache):
        for other, other_pin in pinned:
            if isinstance(other, LocalLocator) and other.path.is_file():
                verify_local_file(other, other_pin)  # else the copy would hide that the user changed it
        return found
    failures = []
    for locator, pin in locations:
        try:
            return locator, _fetch_from(locator, pin, cache)
        except UnreachableError as error:
            failures.append(f"  {locator.text}\n    {error}")
    searched = f"the cache {cache}" + (f" or the mirror {mirror}" if mirror else "")
    if all(isinstance(locator, LocalLocator) for locator, _ in locations):
        paths = " and ".join(locator.text.removeprefix("file:") for locator, _ in locations)
        copies = f", and no copy with its hash is in {searched}" if pinned else ""
        raise MemcurateError(
            f"{paths} does not exist{copies}: restore it, or take it out of its source in params.yaml"
        )
    raise MemcurateError(
        f"{locations[0][0].name} is not in {searched}, and no location gave it:\n"
        + "\n".join(failures)
        + "\n"
        "Check the network and the locators; or set MEMCURATE_MIRROR_DIR to a folder that has the file and "
        "a SHA256SUMS that lists it; or set MEMCURATE_CACHE_DIR to a download cache that was filled elsewhere"
    )


def _find_local_copy(
    pinned: list[tuple[Locator, Pin]], mirror: Path | None, cache: Path
) -> tuple[Locator, Path] | None:
    if mirror is not None:
        for locator, pin in pinned:
            if found := find_in_mirror(mirror, pin, locator.name):
                return locator, found
    for locator, pin in pinned:
        if found := find_in_cache(cache, pin):
            return locator, found
    return None


def _fetch_from(locator: Locator, pin: Pin | None, cache: Path) -> Path:
    if isinstance(locator, LocalLocator):
        return verify_local_file(locator, pin)
    assert pin is not None
    if isinstance(locator, PypiLocator):
        download = partial(download_artifact, locator, pin.digest)
    elif isinstance(locator, HubLocator):
        download = partial(download_from_hub, locator)
    elif isinstance(locator, AddressLocator):
        download = partial(download_from_address, locator.address)
    else:
        download = partial(https.download, locator.url)
    return download_once(cache, pin, locator.text, download)


def _store_files(artifact: Path, locator: Locator, folder: Path) -> list[int]:
    if locator.glob is not None:
        return unpack(artifact, locator.glob, folder, locator.name)
    if locator.name.endswith(".zip"):
        return unpack(artifact, "**", folder, locator.name)
    if locator.name.endswith(COMPRESSED_SUFFIXES) and not locator.name.endswith((".tar.gz", ".tar.zst")):
        with decompress(artifact, locator.name) as stream:
            return [write_file(stream, folder, locator.name.rpartition(".")[0], locator.text)]
    with artifact.open("rb") as stream:
        return [write_file(stream, folder, locator.name, locator.text)]
