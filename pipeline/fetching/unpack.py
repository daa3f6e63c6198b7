"""Unpack wheels, zips and tar.gz safely: only members that match a glob, streamed, up to a bound."""

import errno
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

import pyarrow as pa

from pipeline.core.errors import MemcurateError
from pipeline.fetching.patterns import compile_glob
from pipeline.fetching.verify import BLOCK_BYTES
from pipeline.fetching.write import safe_path, write_file

# Errors of zipfile and tarfile on bad bytes; RuntimeError: an encrypted member or an unknown method.
_ARCHIVE_ERRORS = (
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

COMPRESSED_SUFFIXES = (".gz", ".zst")

_MAX_BYTES = 1 << 28  # unpacked; beyond them the compression ratio is checked
_MAX_COMPRESSION_RATIO = 100  # unpacked to packed bytes; texts are under 20


class _Member(NamedTuple):
    path: str
    is_regular: bool
    size: int
    open: Callable[[], IO[bytes]]


def unpack(artifact: Path, glob: str, target: Path, name: str) -> list[int]:
    """Unpack the members that match the glob below `target`, and return their sizes in bytes.

    `name` names the archive in errors. Raises MemcurateError when the file is not an archive or is damaged,
    when a member leads outside `target`, is a link or device, or has the final name of another, when the
    archive unpacks to more than texts do, and when no member matches.
    """
    pattern = compile_glob(glob)
    sizes: list[int] = []
    seen = []
    max_bytes = max(_MAX_BYTES, _MAX_COMPRESSION_RATIO * artifact.stat().st_size)
    try:
        for member in _iter_members(artifact, max_bytes, name):
            path = safe_path(member.path, name)
            seen.append(path)
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if not member.is_regular:
                raise MemcurateError(
                    f"{name}: {path!r} is a link or a device, which is refused. "
                    "Narrow the glob so that it matches plain files only"
                )
            if sum(sizes) + member.size > max_bytes:
                raise _bomb_error(name, max_bytes)
            with member.open() as stream:
                size = write_file(stream, target, match["kept"], f"{name}, {path}")
            if size != member.size:
                raise EOFError(f"{path} has {size:,} bytes, not the {member.size:,} that it declares")
            sizes.append(size)
    except _ARCHIVE_ERRORS as error:
        raise _damaged_error(name, error) from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # bz2 sets no errno; a wrong offset is an invalid seek
            raise
        raise _damaged_error(name, error) from error
    if not sizes:
        examples = ", ".join(seen[:5]) + (", …" if len(seen) > 5 else "")
        raise MemcurateError(
            f"{name}: no file matches {glob!r} among its {len(seen)} ({examples}). Correct the glob"
        )
    return sizes


@contextmanager
def decompress(artifact: Path, name: str) -> Iterator[io.BufferedIOBase | io.RawIOBase]:
    """Open a file that is compressed by gzip or zstd.

    `name` ends in the suffix, and names the file in errors. Raises MemcurateError when it is damaged, or
    unpacks to more than texts do.
    """
    max_bytes = max(_MAX_BYTES, _MAX_COMPRESSION_RATIO * artifact.stat().st_size)
    try:
        if name.endswith(".gz"):
            with _BoundedGzip(artifact, max_bytes, name) as stream:
                yield stream
        else:
            with pa.input_stream(str(artifact), compression="zstd") as stream:
                yield _BoundedStream(stream, max_bytes, name)
    except _ARCHIVE_ERRORS as error:
        raise _damaged_error(name, error) from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):
            raise
        raise _damaged_error(name, error) from error


class _BoundedStream(io.RawIOBase):
    """A stream that raises an error when it gives more than `max_bytes`."""

    def __init__(self, stream: pa.NativeFile, max_bytes: int, name: str) -> None:
        self._stream = stream
        self._remaining_bytes = self._max_bytes = max_bytes
        self._archive_name = name

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes. Raises MemcurateError past the bound."""
        piece: bytes = self._stream.read(size)
        self._remaining_bytes -= len(piece)
        if self._remaining_bytes < 0:
            raise _bomb_error(self._archive_name, self._max_bytes)
        return piece


def _damaged_error(name: str, error: Exception) -> MemcurateError:
    message = str(error) or type(error).__name__
    return MemcurateError(
        f"{name}: the archive is truncated or damaged ({message}). "
        "Its hash is the pinned one, so another download will not help: pin an intact archive"
    )


def _bomb_error(name: str, max_bytes: int) -> MemcurateError:
    return MemcurateError(
        f"{name}: the archive unpacks to more than {max_bytes:,} bytes, {_MAX_COMPRESSION_RATIO} "
        "times its size, which texts never do. Narrow the glob, or pin another archive"
    )


def _iter_members(artifact: Path, max_bytes: int, name: str) -> Iterator[_Member]:
    """Yield the members; the first bytes give the format, because a cached artifact is named by its hash."""
    with artifact.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK"):
        return _iter_zip_members(artifact)
    if start.startswith(b"\x1f\x8b"):
        return _iter_tar_members(artifact, max_bytes, name)
    raise MemcurateError(
        f"{name}: it is neither a zip or wheel nor a tar.gz. Remove the `!` and the glob after it"
    )


def _iter_zip_members(artifact: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(artifact) as archive:
        for info in archive.infolist():
            if not info.filename.endswith("/"):
                kind = stat.S_IFMT(info.external_attr >> 16)
                regular = kind in (0, stat.S_IFREG)
                yield _Member(info.filename, regular, info.file_size, partial(archive.open, info))


class _BoundedGzip(gzip.GzipFile):
    """A gzip stream that raises an error when it gives more than `max_bytes`."""

    def __init__(self, artifact: Path, max_bytes: int, name: str) -> None:
        super().__init__(artifact, "rb")
        self._remaining_bytes = self._max_bytes = max_bytes
        self._archive_name = name

    def read(self, size: int | None = -1) -> bytes:
        """Read up to `size` bytes, as GzipFile does. Raises MemcurateError past the bound."""
        piece = super().read(size)
        self._remaining_bytes -= len(piece)
        if self._remaining_bytes < 0:
            raise _bomb_error(self._archive_name, self._max_bytes)
        return piece


def _iter_tar_members(artifact: Path, max_bytes: int, name: str) -> Iterator[_Member]:
    with _BoundedGzip(artifact, max_bytes, name) as unzipped:
        with tarfile.open(fileobj=unzipped, mode="r|") as archive:
            for info in archive:
                if not info.isdir():
                    regular = info.isreg() and not info.issparse()
                    yield _Member(info.name, regular, info.size, partial(_open_tar_member, archive, info))
        while unzipped.read(BLOCK_BYTES):
            pass  # gzip checks its checksum at the end, after the last member


def _open_tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(info)
    if stream is None:
        raise tarfile.ReadError(f"{info.name} has no content")
    return stream
