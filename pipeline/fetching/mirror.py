"""A local folder with some of the files, listed in its SHA256SUMS: asked before everything else."""

import re
from pathlib import Path, PurePosixPath

from pipeline.errors import MemcurateError
from pipeline.fetching.environment import folder_from_environment
from pipeline.fetching.verify import Pin, digest, verify


def mirror_from_environment() -> Path | None:
    """Give the folder that MEMCURATE_MIRROR names, if it is set."""
    return folder_from_environment("MEMCURATE_MIRROR")


def in_mirror(mirror: Path, pin: Pin, name: str) -> Path | None:
    """Find a file in the mirror: by its sha256, or, where a git blob id is pinned, by base name and this id.

    A file of the same base name and another blob id is another file, so it is passed over. Raises
    MemcurateError when the mirror has no list, or a file is not what the list says.
    """
    for path, sha256 in _listed(mirror):
        if pin.algorithm == "sha256" and sha256 == pin.digest:
            return _checked(mirror, path, sha256)
        if pin.algorithm == "git-blob" and PurePosixPath(path).name == name:
            found = _checked(mirror, path, sha256)
            if digest(found, "git-blob") == pin.digest:
                return found
    return None


def _listed(mirror: Path) -> list[tuple[str, str]]:
    sums = mirror / "SHA256SUMS"
    if not sums.is_file():
        raise MemcurateError(f"mirror: there is no {sums}; correct MEMCURATE_MIRROR, or unset it")
    listed = []
    for number, line in enumerate(sums.read_text(encoding="utf-8", errors="surrogateescape").splitlines(), 1):
        match = re.fullmatch(r"([0-9a-f]{64}) [ *](.+)", line)
        if match is None:
            raise MemcurateError(
                f"mirror: line {number} of {sums} is not `sha256  path`; write it with sha256sum"
            )
        listed.append((match[2], match[1]))
    return listed


def _checked(mirror: Path, path: str, sha256: str) -> Path:
    found = mirror / path
    if not found.is_file():
        raise MemcurateError(
            f"mirror: {found} is in SHA256SUMS and not there; restore it, or unset MEMCURATE_MIRROR"
        )
    verify(found, Pin("sha256", sha256), f"mirror file {found}")
    return found
