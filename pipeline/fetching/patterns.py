"""Globs that select members of an archive and determine their final names.

`*` and `?` match within one folder; `**`, at most once and as a whole part, matches across folders. A member
keeps the part of its path that `**` and the parts after it match, else its base name.
"""

import re

from pipeline.core.errors import MemcurateError


def compile_glob(glob: str) -> re.Pattern[str]:
    """Compile a glob to a pattern for whole member paths; its group `kept` is the final name.

    Raises MemcurateError when the glob has an empty part, `.` or `..`, or a misplaced `**`.
    """
    parts = glob.split("/")
    if {"", ".", ".."} & set(parts):
        raise MemcurateError(
            f"glob {glob!r}: it has an empty part, `.` or `..`; write a path as in the archive"
        )
    if parts.count("**") > 1 or any("**" in part and part != "**" for part in parts):
        raise MemcurateError(f"glob {glob!r}: `**` may stand once, alone between slashes")
    if "**" in parts:
        position = parts.index("**")
        head, tail = parts[:position], parts[position + 1 :]
        kept = "(?:.+/)?" + "/".join(map(_translate_part, tail)) if tail else ".+"
    else:
        head, kept = parts[:-1], _translate_part(parts[-1])
    return re.compile("".join(f"{_translate_part(part)}/" for part in head) + f"(?P<kept>{kept})", re.DOTALL)


def _translate_part(part: str) -> str:
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char)) for char in part)
