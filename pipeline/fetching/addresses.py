"""Download a file from an address of fsspec, such as an object of S3."""

from pathlib import Path

from pipeline.core.errors import MemcurateError
from pipeline.core.remote import RemotePath
from pipeline.fetching.errors import UnreachableError


def download_from_address(address: str, part: Path) -> None:
    """Copy the file at an address into `part`. Raises UnreachableError when it cannot be read."""
    try:
        RemotePath(address).download(part)
    except MemcurateError as error:
        raise UnreachableError(str(error)) from error
