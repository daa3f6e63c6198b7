"""Safe unpacking of wheels, zips and tar.gz: the members that match a glob, one by one, streamed, and no more
of them than such an archive can hold.
"""

import errno
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

from pipeline.errors import MemcurateError
from pipeline.fetching.patterns import compile_glob
from pipeline.fetching.verify import PIECE
from pipeline.fetching.write import safe_path, write_file

# What the two archive libraries raise on bytes they can't read; RuntimeError is theirs for an encrypted
# member and, through NotImplementedError, for an unknown compression.
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    OverflowError,
    MemoryError,
    struct.error,
)

_MOST_BYTES = 1 << 28  # unpacked from an archive whatever its size
_MOST_RATIO = 100  # beyond them: of unpacked to packed bytes; texts are under 20


class _Member(NamedTuple):
    path: str
    regular: bool
    size: int
    open: Callable[[], IO[bytes]]


def unpack(artifact: Path, glob: str, target: Path, name: str) -> list[int]:
    """Unpack the members that match the glob below `target`, and give their sizes.

    Raises MemcurateError, which calls the archive `name`, when it is no archive or damaged, when a member
    leads outside, is a link or device, or has the final name of another, when it unpacks to more than texts
    do, and when nothing matches.
    """
    pattern = compile_glob(glob)
    sizes: list[int] = []
    seen = []
    most = max(_MOST_BYTES, _MOST_RATIO * artifact.stat().st_size)
    try:
        for member in _members(artifact, most, name):
            path = safe_path(member.path, name)
            seen.append(path)
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if not member.regular:
                raise MemcurateError(
                    f"{name}: {path!r} is a link or a device, which is refused. "
                    "Narrow the glob so that it matches plain files only"
                )
            if sum(sizes) + member.size > most:
                raise _bomb(name, most)
            with member.open() as stream:
                size = write_file(stream, target, match["kept"], f"{name}, {path}")
            if size != member.size:
                raise EOFError(f"{path} has {size:,} bytes, not the {member.size:,} that it declares")
            sizes.append(size)
    except _DAMAGED as error:
        raise _damaged(name, error) from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # bz2 has no number, a wrong offset is an invalid seek
            raise
        raise _damaged(name, error) from error
    if not sizes:
        some = ", ".join(seen[:5]) + (", …" if len(seen) > 5 else "")
        raise MemcurateError(
            f"{name}: no file matches {glob!r} among its {len(seen)} ({some}). Correct the glob"
        )
    return sizes


def _damaged(name: str, error: Exception) -> MemcurateError:
    told = str(error) or type(error).__name__
    return MemcurateError(
        f"{name}: the archive is truncated or damaged ({told}). "
        "Its hash is the pinned one, so loading it again won't help: pin a whole archive"
    )


def _bomb(name: str, most: int) -> MemcurateError:
    return MemcurateError(
        f"{name}: the archive unpacks to more than {most:,} bytes, {_MOST_RATIO} times its size, which no "
        "text does. Narrow the glob, or pin another archive"
    )


def _members(artifact: Path, most: int, name: str) -> Iterator[_Member]:
    """Tell the kind by the first bytes, because an artifact of the cache is named by its hash."""
    with artifact.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK"):
        return _zip_members(artifact)
    if start.startswith(b"\x1f\x8b"):
        return _tar_members(artifact, most, name)
    raise MemcurateError(f"{name}: neither a zip or wheel nor a tar.gz. Leave out the `!` and what follows")


def _zip_members(artifact: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(artifact) as archive:
        for info in archive.infolist():
            if not info.filename.endswith("/"):
                kind = stat.S_IFMT(info.external_attr >> 16)
                regular = kind in (0, stat.S_IFREG)
                yield _Member(info.filename, regular, info.file_size, partial(archive.open, info))


class _BoundedGzip(gzip.GzipFile):
    """A gzip stream that ends in an error where it gives more than `most` bytes."""

    def __init__(self, artifact: Path, most: int, name: str) -> None:
        super().__init__(artifact, "rb")
        self._left = self._most = most
        self._called = name

    def read(self, size: int | None = -1) -> bytes:
        """See GzipFile. Raises MemcurateError past the bound."""
        piece = super().read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise _bomb(self._called, self._most)
        return piece


def _tar_members(artifact: Path, most: int, name: str) -> Iterator[_Member]:
    with _BoundedGzip(artifact, most, name) as unzipped:
        with tarfile.open(fileobj=unzipped, mode="r|") as archive:
            for info in archive:
                if not info.isdir():
                    regular = info.isreg() and not info.issparse()
                    yield _Member(info.name, regular, info.size, partial(_tar_stream, archive, info))
        while unzipped.read(PIECE):
            pass  # gzip checks its sum at the very end, past the last member


def _tar_stream(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(info)
    if stream is None:
        raise tarfile.ReadError(f"{info.name} has no content")
    return stream
