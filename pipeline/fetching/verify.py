"""Hashes decide: sha256 of the bytes, or the id that git gives them as a blob."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.errors import MemcurateError
from pipeline.params import Place

PIECE = 1 << 20


@dataclass(frozen=True)
class Pin:
    """The hash that a file must have."""

    algorithm: Literal["sha256", "git-blob"]
    digest: str

    @classmethod
    def of(cls, place: Place) -> "Pin":
        """Take the one hash that a place of params.yaml is pinned by. Raises MemcurateError when it has
        none.
        """
        if place.sha256:
            return cls("sha256", place.sha256)
        if place.git_blob:
            return cls("git-blob", place.git_blob)
        raise MemcurateError(
            f"locator {place.locator!r} has no sha256 and no git_blob, so it is unpinned: `memcurate pin "
            "SOURCE` looks it up, once, and writes it into the params"
        )


def digest(path: Path, algorithm: Literal["sha256", "git-blob"]) -> str:
    """Hash a file piece by piece."""
    if algorithm == "sha256":
        state = hashlib.sha256()
    else:
        state = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            state.update(piece)
    return state.hexdigest()


def verify(path: Path, pin: Pin, what: str) -> None:
    """Pass when the file has the pinned hash.

    Raises MemcurateError, which calls the file `what`, on another hash or on an empty file.
    """
    found = digest(path, pin.algorithm)
    if found != pin.digest:
        raise MemcurateError(
            f"{what}: its {pin.algorithm} is {found} ({path.stat().st_size:,} bytes), "
            f"but {pin.digest} is pinned. The bytes are not the ones that were pinned, so nothing was kept: "
            "find out why they changed; correct the pin only if you trust the new bytes"
        )
    if path.stat().st_size == 0:
        raise MemcurateError(
            f"{what}: the file is empty, and the pin is that of an empty file. Correct the pin"
        )
