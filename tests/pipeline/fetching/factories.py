"""Build archives, hashes and file specs for tests, and read folders back."""

import gzip
import hashlib
import io
import stat
import tarfile
import zipfile
from pathlib import Path

from pipeline.core.params import FileLocation, FileSpec


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%s" % (len(data), data)).hexdigest()


def make_file_spec(locator: str, data: bytes, subdir: str = "") -> FileSpec:
    return FileSpec(locations=[FileLocation(locator=locator, sha256=sha256(data))], subdir=subdir)


def make_zip(members: dict[str, bytes], links: tuple[str, ...] = ()) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in members.items():
            archive.writestr(path, data)
        for path in links:
            info = zipfile.ZipInfo(path)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "elsewhere")
    return buffer.getvalue()


def make_tar_gz(members: dict[str, bytes], special: dict[str, bytes] | None = None) -> bytes:
    """Build a tar.gz. `special` maps a path to a tar type such as tarfile.SYMTYPE."""
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


def read_folder(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Self-signed key and certificate of 127.0.0.1, valid for a century, for tests only.
PEM = (
    "-----BEGIN PRIVATE KEY-----\n"  # pragma: allowlist secret
    """\
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKCL4kz87MRcCFPVJ
3DdlJ3oTIUNLNeNfz5tKiQpAryahRANCAAQ7FZNnZ9K2iuxETzljpKY6V4ndmjn+
uz3fHt2ZLftPUX9is9zDkjOYmNQPwxCvftnJA75e2F2p5AkOlqUC1R6Y
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBOzCB46ADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCTEyNy4wLjAu
MTAgFw0wMDAxMDEwMDAwMDBaGA8yMDk5MTIzMTAwMDAwMFowFDESMBAGA1UEAwwJ
MTI3LjAuMC4xMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOxWTZ2fStorsRE85
Y6SmOleJ3Zo5/rs93x7dmS37T1F/YrPcw5IzmJjUD8MQr37ZyQO+XthdqeQJDpal
AtUemKMkMCIwDwYDVR0RBAgwBocEfwAAATAPBgNVHRMBAf8EBTADAQH/MAoGCCqG
SM49BAMCA0cAMEQCIAlLPK+s43R0jHPl4/1RzvjvmAO4RDIsvKFBGlkBGanAAiBh
usxlcnZ6EBBwWcZ7dQ9IpSyXsLUYMmY/99UvEOdn8Q==
-----END CERTIFICATE-----
"""
)
