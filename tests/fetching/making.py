"""Archives, pins and files made by the tests."""

import gzip
import hashlib
import io
import stat
import tarfile
import zipfile
from pathlib import Path

from pipeline.params import File, Place


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%s" % (len(data), data)).hexdigest()


def one_file(locator: str, data: bytes, into: str = "") -> File:
    return File(places=[Place(locator=locator, sha256=sha256(data))], into=into)


def zip_of(members: dict[str, bytes], links: tuple[str, ...] = ()) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in members.items():
            archive.writestr(path, data)
        for path in links:
            info = zipfile.ZipInfo(path)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "elsewhere")
    return buffer.getvalue()


def tar_gz_of(members: dict[str, bytes], special: dict[str, bytes] | None = None) -> bytes:
    """`special` maps a path to a tar type such as tarfile.SYMTYPE."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in members.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode, info.mtime = len(data), 0o600, 1
            archive.addfile(info, io.BytesIO(data))
        for path, kind in (special or {}).items():
            info = tarfile.TarInfo(path)
            info.type, info.linkname = kind, "elsewhere"
            archive.addfile(info)
    return gzip.compress(buffer.getvalue(), mtime=0)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
