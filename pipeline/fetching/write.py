"""Write files atomically, and only below their target folder."""

import io
from pathlib import Path
from typing import IO

from pipeline.core.errors import MemcurateError
from pipeline.fetching.verify import BLOCK_BYTES

Readable = IO[bytes] | io.BufferedIOBase | io.RawIOBase

_MAX_NAME_BYTES = 240  # limit of file systems, minus `.partial`


def safe_path(text: str, where: str) -> str:
    """Return a path that stays below the folder it is joined to; a leading `./` is dropped.

    `where` names the origin of the path in errors. Raises MemcurateError on an absolute path, a drive, a
    backslash, `..`, an empty part, or a name of over 240 bytes.
    """
    path = text
    while path.startswith("./"):
        path = path[2:]
    has_drive = len(path) > 1 and path[1] == ":"
    parts = path.split("/")
    is_too_long = max(len(part.encode(errors="surrogatepass")) for part in parts) > _MAX_NAME_BYTES
    if has_drive or is_too_long or "\\" in path or "\0" in path or {"", ".", ".."} & set(parts):
        raise MemcurateError(
            f"{where}: the path {text!r} is refused, because it is not a plain path below a folder. "
            "Nothing was written there; take the file from another location"
        )
    return path


def write_file(stream: Readable, target: Path, name: str, where: str) -> int:
    """Write a stream to `target/name`, without times or permissions, and return the number of bytes.

    `where` names the origin of the file in errors. Raises MemcurateError when the name is unsafe or taken.
    """
    final = target / safe_path(name, where)
    if final.exists() or any(parent.is_file() for parent in final.parents):
        raise MemcurateError(
            f"{where}: a file named {name!r} exists already. Two files would have one final name: "
            "narrow the glob, use `**` to keep folders, or set `subdir`"
        )
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(f".{final.name}.partial")
    with partial.open("wb") as file:
        while piece := stream.read(BLOCK_BYTES):
            file.write(piece)
        size = file.tell()
    partial.chmod(0o644)
    partial.rename(final)
    return size
