"""Look up the pin of a location once: the current revision of a branch, and the hash of the file there.

The hub and package indexes list hashes; files of other hosts are downloaded and hashed. The pin is that of
the current file: the user trusts it by pinning it, and any other content is refused from then on.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation
from pipeline.fetching import https
from pipeline.fetching.addresses import download_from_address
from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.hub import look_up_hashes, resolve_revision
from pipeline.fetching.locators import (
    AddressLocator,
    HttpsLocator,
    HubLocator,
    LocalLocator,
    Locator,
    PypiLocator,
    parse_locator,
)
from pipeline.fetching.pypi import look_up_sha256
from pipeline.fetching.verify import hash_file


def is_pinned(location: FileLocation) -> bool:
    """Return whether a location has a hash and a fixed revision; of a local file, its current hash."""
    locator = parse_locator(location.locator)
    if isinstance(locator, HubLocator) and locator.names_several:
        return not locator.is_mutable  # the files of a revision have the hashes that the hub lists
    if not (location.sha256 or location.git_blob) or (isinstance(locator, HubLocator) and locator.is_mutable):
        return False
    if isinstance(locator, LocalLocator) and locator.path.is_file():
        return resolve_pin(location) == location
    return True


def resolve_pin(location: FileLocation) -> FileLocation:
    """Return the location with its revision and hash; of a local file, the current hash.

    Raises MemcurateError when they cannot be found, or when a published file no longer has its pinned hash.
    """
    locator = parse_locator(location.locator)
    try:
        if isinstance(locator, LocalLocator):
            return _pin_local(locator, location)
        if isinstance(locator, HubLocator) and locator.names_several:
            raise MemcurateError(
                f"{location.locator} is not pinned: its revision is {resolve_revision(locator)} now; write "
                f"that in place of {locator.revision}"
            )
        found = _pin_hub(locator) if isinstance(locator, HubLocator) else _pin_download(locator)
    except UnreachableError as error:
        raise MemcurateError(f"{location.locator} cannot be pinned: {error}") from error
    except ValidationError as error:
        raise MemcurateError(
            f"{location.locator} cannot be pinned: the hash that it gives is malformed "
            f"({error.errors()[0]['input']!r:.100})"
        ) from error
    except OSError as error:
        raise MemcurateError(
            f"{location.locator} cannot be pinned: reading or writing failed: {error}"
        ) from error
    for pinned, current in ((location.sha256, found.sha256), (location.git_blob, found.git_blob)):
        if pinned is not None and current is not None and pinned != current:
            raise MemcurateError(
                f"{location.locator} is pinned to {pinned}, but the file there is {current}: find out why it "
                "changed, and remove the hash from the params if you trust the new file"
            )
    return found


def _pin_local(locator: LocalLocator, location: FileLocation) -> FileLocation:
    """Hash a local file by the algorithm of its present pin, else by sha256."""
    if not locator.path.is_file():
        raise UnreachableError(f"file {locator.path.absolute()} does not exist")
    try:
        if location.git_blob is not None:
            return FileLocation(locator=locator.text, git_blob=hash_file(locator.path, "git-blob"))
        return FileLocation(locator=locator.text, sha256=hash_file(locator.path, "sha256"))
    except OSError as error:
        raise UnreachableError(f"it cannot be read: {error}") from error


def _pin_download(locator: Locator) -> FileLocation:
    """Look up a package's hash, or download and hash another file."""
    if isinstance(locator, PypiLocator):
        return FileLocation(locator=locator.text, sha256=look_up_sha256(locator))
    with TemporaryDirectory() as scratch:
        part = Path(scratch) / "file"
        if isinstance(locator, AddressLocator):
            download_from_address(locator.address, part)
        else:
            assert isinstance(locator, HttpsLocator)
            https.download(locator.url, part)
        return FileLocation(locator=locator.text, sha256=hash_file(part, "sha256"))


def _pin_hub(locator: HubLocator) -> FileLocation:
    revision = resolve_revision(locator)
    sha256, git_blob = look_up_hashes(locator, revision)
    text = locator.text.replace(f"@{locator.revision}/", f"@{revision}/", 1)
    return FileLocation(locator=text, sha256=sha256, git_blob=git_blob)
