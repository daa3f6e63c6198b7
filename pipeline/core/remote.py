"""Folders at addresses of fsspec, such as `s3://bucket/folder`, used as folders of this machine are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from pipeline.core.atomic import atomic_folder
from pipeline.core.environment import folder_from_environment
from pipeline.core.errors import MemcurateError

# Schemes of files that are fetched otherwise, and of unencrypted connections.
_OTHER_SCHEMES = {"file", "ftp", "hf", "http", "https", "local", "pypi"}


def is_address(text: str) -> bool:
    """Return whether a text is an address of fsspec, such as `s3://bucket/path`."""
    scheme, separator, _ = text.partition("://")
    is_scheme = scheme.isascii() and scheme.isalnum() and scheme.islower()
    return bool(separator) and is_scheme and scheme not in _OTHER_SCHEMES


@dataclass(frozen=True, slots=True)
class RemotePath:
    """A file or folder at an address. All methods raise MemcurateError when it cannot be used."""

    address: str

    def __truediv__(self, name: str) -> "RemotePath":
        """Return the file or folder of this name in the folder."""
        return RemotePath(f"{self.address.rstrip('/')}/{name}")

    def exists(self) -> bool:
        """Return whether a file is there, or a folder with files."""
        with self._file_system() as (files, path):
            return bool(files.exists(path))

    def read_bytes(self) -> bytes:
        """Return the content of the file."""
        with self._file_system() as (files, path):
            return bytes(files.cat_file(path))

    def download(self, target: Path) -> None:
        """Copy the file into a file of this machine."""
        with self._file_system() as (files, path):
            files.get_file(path, str(target))

    def upload(self, source: Path) -> None:
        """Copy a file of this machine to the address."""
        with self._file_system() as (files, path):
            files.put_file(str(source), path)

    def remove(self, first: str) -> None:
        """Remove the folder with all that is in it, if it is there: first the files named `first`."""
        with self._file_system() as (files, path):
            for file in files.find(path):
                if file.rpartition("/")[2] == first:
                    files.rm_file(file)
            if files.exists(path):
                files.rm(path, recursive=True)

    @contextmanager
    def _file_system(self) -> Iterator[tuple[Any, str]]:
        """Yield (the file system of the address, the path in it), and explain errors."""
        # Imported here: it takes a tenth of a second, and is rarely needed.
        import fsspec

        try:
            # Other processes change the folders, so a listing is never kept.
            yield fsspec.core.url_to_fs(self.address, use_listings_cache=False)
        except ImportError as error:
            raise MemcurateError(
                f"{self.address}: its library is not installed ({error}); that of s3:// comes with "
                "`pip install 'memcurate[s3]'`"
            ) from error
        # Each file system raises errors of its own.
        except Exception as error:
            raise MemcurateError(
                f"{self.address} cannot be used ({type(error).__name__}: {error}): check the address, the "
                "network, and the variables that hold its endpoint and keys, such as AWS_ENDPOINT_URL"
            ) from error


AnyPath: TypeAlias = Path | RemotePath


def path_from_environment(variable: str) -> AnyPath | None:
    """Return the folder or address that a variable names, or None where it is not set.

    Raises MemcurateError where the home folder, which `~` stands for, is not known.
    """
    value = os.environ.get(variable, "")
    return RemotePath(value) if is_address(value) else folder_from_environment(variable)


@contextmanager
def new_folder(path: AnyPath, last: str | None = None) -> Iterator[Path]:
    """Yield an empty folder of this machine, whose files are moved or copied to `path` at the end.

    A folder of this machine appears at once. To an address the files go one by one, the one named `last` at
    the end: where it is, the others are.
    """
    if isinstance(path, Path):
        with atomic_folder(path) as staged:
            yield staged
        return
    with TemporaryDirectory() as temporary:
        staged = Path(temporary)
        yield staged
        for file in sorted(staged.iterdir(), key=lambda file: (file.name == last, file.name)):
            (path / file.name).upload(file)
