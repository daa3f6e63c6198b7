"""The files of one source: had from the mirror, the cache or a place, and put where they belong."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.errors import MemcurateError
from pipeline.fetching import https
from pipeline.fetching.cache import download_once, in_cache
from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.hub import download_from_hub
from pipeline.fetching.local import local_file
from pipeline.fetching.locators import Hub, Local, Locator, Pypi, parse
from pipeline.fetching.mirror import in_mirror
from pipeline.fetching.pypi import download_artifact
from pipeline.fetching.unpack import unpack
from pipeline.fetching.verify import Pin
from pipeline.fetching.write import safe_path, write_file
from pipeline.params import File, Place


@dataclass(frozen=True)
class FetchCounts:
    """What a fetch wrote."""

    files: int
    bytes: int


def fetch(files: Sequence[File], target: Path, *, mirror: Path | None, cache: Path) -> FetchCounts:
    """Fill the existing folder `target` with files; one that is filled in part is the caller's to remove.

    Raises MemcurateError when a locator is malformed, no place gives a file, bytes are not the pinned ones,
    an archive can't be unpacked safely and whole, two files have one name, or the disk refuses.
    """
    # All are read first, so that a mistake in the last is told before the first is downloaded.
    wanted = [(_folder(target, file.into), [_read(place) for place in file.places]) for file in files]
    sizes: list[int] = []
    try:
        for folder, places in wanted:
            locator, artifact = _obtain(places, mirror, cache)
            sizes += _put(artifact, locator, folder)
    except OSError as error:
        raise MemcurateError(
            f"reading or writing failed: {error}. Look at the space and permissions of {target} "
            f"and of the download cache {cache} (MEMCURATE_CACHE)"
        ) from error
    return FetchCounts(len(sizes), sum(sizes))


def _folder(target: Path, into: str) -> Path:
    return target / safe_path(into.rstrip("/"), "`into`") if into else target


def _read(place: Place) -> tuple[Locator, Pin | None]:
    locator = parse(place.locator)
    if isinstance(locator, Local) and not (place.sha256 or place.git_blob):
        return locator, None
    pin = Pin.of(place)
    if isinstance(locator, Hub) and locator.moves:
        raise MemcurateError(
            f"locator {locator.text!r}: {locator.revision!r} is a branch, a tag or a short revision, which "
            "can move, so it is unpinned: write the whole revision, or let `memcurate pin SOURCE` look it up"
        )
    if isinstance(locator, Pypi) and pin.algorithm != "sha256":
        raise MemcurateError(f"locator {locator.text!r}: an index knows its artifacts by sha256; pin that")
    return locator, pin


def _obtain(
    places: list[tuple[Locator, Pin | None]], mirror: Path | None, cache: Path
) -> tuple[Locator, Path]:
    """Give the verified file and the place whose pin it has; this machine is asked before the network."""
    pinned = [(locator, pin) for locator, pin in places if pin is not None]
    if found := _copy(pinned, mirror, cache):
        for other, hashed in pinned:
            if isinstance(other, Local) and other.path.is_file():
                local_file(other, hashed)  # else the copy would hide that the user changed it
        return found
    failures = []
    for locator, pin in places:
        try:
            return locator, _bring(locator, pin, cache)
        except UnreachableError as error:
            failures.append(f"  {locator.text}\n    {error}")
    asked = f"the cache {cache}" + (f" or the mirror {mirror}" if mirror else "")
    raise MemcurateError(
        f"{places[0][0].name} is not in {asked}, and no place gave it:\n" + "\n".join(failures) + "\n"
        "Look at the network and the locators; or set MEMCURATE_MIRROR to a folder that has the file and a "
        "SHA256SUMS that lists it; or set MEMCURATE_CACHE to a download cache that was filled elsewhere"
    )


def _copy(pinned: list[tuple[Locator, Pin]], mirror: Path | None, cache: Path) -> tuple[Locator, Path] | None:
    if mirror is not None:
        for locator, pin in pinned:
            if found := in_mirror(mirror, pin, locator.name):
                return locator, found
    for locator, pin in pinned:
        if found := in_cache(cache, pin):
            return locator, found
    return None


def _bring(locator: Locator, pin: Pin | None, cache: Path) -> Path:
    if isinstance(locator, Local):
        return local_file(locator, pin)
    assert pin is not None
    if isinstance(locator, Pypi):
        download = partial(download_artifact, locator, pin.digest)
    elif isinstance(locator, Hub):
        download = partial(download_from_hub, locator)
    else:
        download = partial(https.download, locator.url)
    return download_once(cache, pin, locator.text, download)


def _put(artifact: Path, locator: Locator, folder: Path) -> list[int]:
    if locator.glob is not None:
        return unpack(artifact, locator.glob, folder, locator.name)
    with artifact.open("rb") as stream:
        return [write_file(stream, folder, locator.name, locator.text)]
