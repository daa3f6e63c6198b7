"""Safe unpacking of wheels, zips and tar.gz: the members that match a glob, one by one, streamed."""

import gzip
import lzma
import stat
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
)


class _Member(NamedTuple):
    path: str
    regular: bool
    size: int
    open: Callable[[], IO[bytes]]


def unpack(artifact: Path, glob: str, target: Path, name: str) -> list[int]:
    """Unpack the members that match the glob below `target`, and give their sizes.

    Raises MemcurateError, which calls the archive `name`, when it is no archive or damaged, when a member
    leads outside, is a link or device, or has the final name of another, and when nothing matches.
    """
    pattern = compile_glob(glob)
    sizes = []
    seen = []
    try:
        for member in _members(artifact, name):
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
            with member.open() as stream:
                size = write_file(stream, target, match["kept"], f"{name}, {path}")
            if size != member.size:
                raise EOFError(f"{path} has {size:,} bytes, not the {member.size:,} that it declares")
            sizes.append(size)
    except _DAMAGED as error:
        raise MemcurateError(
            f"{name}: the archive is truncated or damaged ({error or type(error).__name__}). "
            "Its hash is the pinned one, so loading it again won't help: pin a whole archive"
        ) from error
    if not sizes:
        some = ", ".join(seen[:5]) + (", …" if len(seen) > 5 else "")
        raise MemcurateError(
            f"{name}: no file matches {glob!r} among its {len(seen)} ({some}). Correct the glob"
        )
    return sizes


def _members(artifact: Path, name: str) -> Iterator[_Member]:
    """Tell the kind by the first bytes, because an artifact of the cache is named by its hash."""
    with artifact.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK"):
        return _zip_members(artifact)
    if start.startswith(b"\x1f\x8b"):
        return _tar_members(artifact)
    raise MemcurateError(f"{name}: neither a zip or wheel nor a tar.gz. Leave out the `!` and what follows")


def _zip_members(artifact: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(artifact) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                kind = stat.S_IFMT(info.external_attr >> 16)
                regular = kind in (0, stat.S_IFREG)
                yield _Member(info.filename, regular, info.file_size, partial(archive.open, info))


def _tar_members(artifact: Path) -> Iterator[_Member]:
    with gzip.open(artifact) as unzipped:
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
