"""Globs over the members of an archive, and the name that a member keeps.

`*` and `?` stay within one folder; `**`, once and as a whole part, crosses folders. A member keeps the
part of its path from where `**` stands, else its base name.
"""

import re

from pipeline.errors import MemcurateError


def compile_glob(glob: str) -> re.Pattern[str]:
    """Turn a glob into a pattern for whole member paths; its group `kept` is the final name.

    Raises MemcurateError when the glob has an empty part, `.` or `..`, or a `**` it can't have.
    """
    parts = glob.split("/")
    if {"", ".", ".."} & set(parts):
        raise MemcurateError(
            f"glob {glob!r}: it has an empty part, `.` or `..`; write a path as in the archive"
        )
    if parts.count("**") > 1 or any("**" in part and part != "**" for part in parts):
        raise MemcurateError(f"glob {glob!r}: `**` may stand once, alone between slashes")
    if "**" in parts:
        at = parts.index("**")
        head, tail = parts[:at], parts[at + 1 :]
        kept = "(?:.+/)?" + "/".join(map(_part, tail)) if tail else ".+"
    else:
        head, kept = parts[:-1], _part(parts[-1])
    return re.compile("".join(f"{_part(part)}/" for part in head) + f"(?P<kept>{kept})", re.DOTALL)


def _part(part: str) -> str:
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char)) for char in part)
