"""Folders that environment variables name."""

import os
from pathlib import Path

from pipeline.errors import MemcurateError


def folder_from_environment(variable: str) -> Path | None:
    """Give the folder that a variable names, if it is set; `~` is the home folder.

    Raises MemcurateError where that is not known.
    """
    folder = os.environ.get(variable)
    try:
        return Path(folder).expanduser() if folder else None
    except RuntimeError as error:
        raise MemcurateError(
            f"{variable} is {folder!r}, but the home folder is not known: set HOME, or write the whole path"
        ) from error
