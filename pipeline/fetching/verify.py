"""Verify files by hash: sha256, or the id of a git blob."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation

BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Pin:
    """The hash that a file must have."""

    algorithm: Literal["sha256", "git-blob"]
    digest: str

    @classmethod
    def from_location(cls, location: FileLocation) -> "Pin":
        """Return the hash that pins a location of params.yaml. Raises MemcurateError when it has none."""
        if location.sha256:
            return cls("sha256", location.sha256)
        if location.git_blob:
            return cls("git-blob", location.git_blob)
        raise MemcurateError(
            f"locator {location.locator!r} has no sha256 and no git_blob, so it is unpinned: `memcurate pin "
            "SOURCE` looks it up, once, and writes it into the params"
        )


def hash_file(path: Path, algorithm: Literal["sha256", "git-blob"]) -> str:
    """Return the hash of a file, which is read block by block."""
    if algorithm == "sha256":
        state = hashlib.sha256()
    else:
        state = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(BLOCK_BYTES):
            state.update(piece)
    return state.hexdigest()


def verify_hash(path: Path, pin: Pin, label: str) -> None:
    """Check that a file has the pinned hash; `label` names it in errors.

    Raises MemcurateError on another hash, and on an empty file.
    """
    found = hash_file(path, pin.algorithm)
    if found != pin.digest:
        raise MemcurateError(
            f"{label}: its {pin.algorithm} is {found} ({path.stat().st_size:,} bytes), "
            f"but {pin.digest} is pinned. The file differs from the pinned one, so nothing was kept: "
            "find out why it changed; correct the pin only if you trust the new file"
        )
    if path.stat().st_size == 0:
        raise MemcurateError(
            f"{label}: the file is empty, and the pin is that of an empty file. Correct the pin"
        )
