"""Look up files in a mirror: a local folder with SHA256SUMS, which comes before cache and network."""

import re
from pathlib import Path, PurePosixPath

from pipeline.core.environment import folder_from_environment
from pipeline.core.errors import MemcurateError
from pipeline.fetching.verify import Pin, hash_file, verify_hash


def mirror_from_environment() -> Path | None:
    """Return the folder that MEMCURATE_MIRROR_DIR names, or None where it is not set."""
    return folder_from_environment("MEMCURATE_MIRROR_DIR")


def find_in_mirror(mirror: Path, pin: Pin, name: str) -> Path | None:
    """Find a file in the mirror by its sha256; where a git blob id is pinned, by base name and that id.

    A file with the same base name and another blob id is skipped. Raises MemcurateError when SHA256SUMS is
    missing or malformed, or when a file is missing or has another hash than listed.
    """
    for path, sha256 in _read_checksums(mirror):
        if pin.algorithm == "sha256" and sha256 == pin.digest:
            return _verify_listed_file(mirror, path, sha256)
        if pin.algorithm == "git-blob" and PurePosixPath(path).name == name:
            found = _verify_listed_file(mirror, path, sha256)
            if hash_file(found, "git-blob") == pin.digest:
                return found
    return None


def _read_checksums(mirror: Path) -> list[tuple[str, str]]:
    sums = mirror / "SHA256SUMS"
    if not sums.is_file():
        raise MemcurateError(f"mirror: {sums} does not exist; correct MEMCURATE_MIRROR_DIR, or unset it")
    listed = []
    for number, line in enumerate(sums.read_text(encoding="utf-8", errors="surrogateescape").splitlines(), 1):
        match = re.fullmatch(r"([0-9a-f]{64}) [ *](.+)", line)
        if match is None:
            raise MemcurateError(
                f"mirror: line {number} of {sums} is not `sha256  path`; write it with sha256sum"
            )
        listed.append((match[2], match[1]))
    return listed


def _verify_listed_file(mirror: Path, path: str, sha256: str) -> Path:
    found = mirror / path
    if not found.is_file():
        raise MemcurateError(
            f"mirror: {found} is in SHA256SUMS, but does not exist; restore it, or unset MEMCURATE_MIRROR_DIR"
        )
    verify_hash(found, Pin("sha256", sha256), f"mirror file {found}")
    return found
