"""Looks up, once, what pins a place: the revision that a branch is at now, and the hash of the file there.

The hub tells a file's hash without sending the file, an index that of its artifacts; of anything else the
bytes are loaded. What is found is what is there now: whoever pins it trusts it, and from then on any other
bytes are refused.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from pipeline.errors import MemcurateError
from pipeline.fetching import https
from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.hub import hashes_of, revision_of
from pipeline.fetching.locators import Https, Hub, Local, Locator, Pypi, parse
from pipeline.fetching.pypi import published_sha256
from pipeline.fetching.verify import digest
from pipeline.params import Place


def is_pinned(place: Place) -> bool:
    """Whether a place has a revision that stays and a hash; a local file that is there, its present hash."""
    locator = parse(place.locator)
    if not (place.sha256 or place.git_blob) or (isinstance(locator, Hub) and locator.moves):
        return False
    if isinstance(locator, Local) and locator.path.is_file():
        return pinned(place) == place
    return True


def pinned(place: Place) -> Place:
    """The place with its revision and hash. A file of this machine is the user's to change: its new hash is
    taken.

    Raises MemcurateError when nothing tells them, or when the hash of a published file is not the given one.
    """
    locator = parse(place.locator)
    try:
        if isinstance(locator, Local):
            return _of_local(locator, place)
        found = _of_hub(locator) if isinstance(locator, Hub) else _of_bytes(locator)
    except UnreachableError as error:
        raise MemcurateError(f"{place.locator} cannot be pinned: {error}") from error
    except ValidationError as error:
        raise MemcurateError(
            f"{place.locator} cannot be pinned: the hash that is told there is not one "
            f"({error.errors()[0]['input']!r:.100})"
        ) from error
    except OSError as error:
        raise MemcurateError(
            f"{place.locator} cannot be pinned: reading or writing failed: {error}"
        ) from error
    for given, now in ((place.sha256, found.sha256), (place.git_blob, found.git_blob)):
        if given is not None and now is not None and given != now:
            raise MemcurateError(
                f"{place.locator} is pinned to {given}, but the file there is {now}: find out why it "
                "changed, and remove the hash from the params if you trust the new file"
            )
    return found


def _of_local(locator: Local, place: Place) -> Place:
    """By the algorithm that the place has already."""
    if not locator.path.is_file():
        raise UnreachableError(f"there is no file {locator.path.absolute()}")
    try:
        if place.git_blob is not None:
            return Place(locator=locator.text, git_blob=digest(locator.path, "git-blob"))
        return Place(locator=locator.text, sha256=digest(locator.path, "sha256"))
    except OSError as error:
        raise UnreachableError(f"it cannot be read: {error}") from error


def _of_bytes(locator: Locator) -> Place:
    """The bytes that are there now."""
    if isinstance(locator, Pypi):
        return Place(locator=locator.text, sha256=published_sha256(locator))
    assert isinstance(locator, Https)
    with TemporaryDirectory() as scratch:
        part = Path(scratch) / "file"
        https.download(locator.url, part)
        return Place(locator=locator.text, sha256=digest(part, "sha256"))


def _of_hub(locator: Hub) -> Place:
    revision = revision_of(locator)
    sha256, git_blob = hashes_of(locator, revision)
    text = locator.text.replace(f"@{locator.revision}/", f"@{revision}/", 1)
    return Place(locator=text, sha256=sha256, git_blob=git_blob)
