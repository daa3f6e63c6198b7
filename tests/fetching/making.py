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


# Key and certificate of 127.0.0.1, signed by itself and good for a century: to be trusted by the tests only.
PEM = """\
-----BEGIN PRIVATE KEY-----
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
