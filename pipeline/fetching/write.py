"""Files that appear under their final name only when whole, and only below the folder they belong in."""

from pathlib import Path
from typing import IO

from pipeline.errors import MemcurateError
from pipeline.fetching.verify import PIECE

_LONGEST_NAME = 240  # bytes of a file's name that file systems hold, with room for `.partial`


def safe_path(text: str, where: str) -> str:
    """Check that a path, once joined to a folder, stays below it; a leading `./` is dropped.

    Raises MemcurateError, which says `where` the path stood, on an absolute path, a drive, a backslash,
    `..` or an empty part.
    """
    path = text
    while path.startswith("./"):
        path = path[2:]
    drive = len(path) > 1 and path[1] == ":"
    parts = path.split("/")
    long = max(len(part.encode(errors="surrogatepass")) for part in parts) > _LONGEST_NAME
    if drive or long or "\\" in path or "\0" in path or {"", ".", ".."} & set(parts):
        raise MemcurateError(
            f"{where}: the path {text!r} is refused, because it is not a plain path below a folder. "
            "Nothing was written there; take the file from another place"
        )
    return path


def write_file(stream: IO[bytes], target: Path, name: str, where: str) -> int:
    """Write a stream to `target/name` and give the number of bytes. No time or permission comes along.

    Raises MemcurateError, which says `where` the file came from, when the name is unsafe or taken.
    """
    final = target / safe_path(name, where)
    if final.exists() or any(parent.is_file() for parent in final.parents):
        raise MemcurateError(
            f"{where}: a file named {name!r} is there already. Two files would have one final name: "
            "narrow the glob, use `**` to keep folders, or set `into`"
        )
    final.parent.mkdir(parents=True, exist_ok=True)
    aside = final.with_name(f".{final.name}.partial")
    with aside.open("wb") as file:
        while piece := stream.read(PIECE):
            file.write(piece)
        size = file.tell()
    aside.chmod(0o644)
    aside.rename(final)
    return size
