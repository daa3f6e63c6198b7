"""Environment variables that name folders, and variables that version 0.2 renamed."""

import os
from collections.abc import Mapping
from pathlib import Path

from pipeline.core.errors import MemcurateError

_VARIABLES = {
    "MEMCURATE_MINUTES": "MEMCURATE_MAX_MINUTES",
    "MEMCURATE_RUNS": "MEMCURATE_RUNS_DIR",
    "MEMCURATE_CACHE": "MEMCURATE_CACHE_DIR",
    "MEMCURATE_MIRROR": "MEMCURATE_MIRROR_DIR",
    "MEMCURATE_ENDPOINT_AT_ONCE": "MEMCURATE_ENDPOINT_MAX_CONCURRENCY",
    "MEMCURATE_ENDPOINT_PER_MINUTE": "MEMCURATE_ENDPOINT_REQUESTS_PER_MINUTE",
    "MEMCURATE_ENDPOINT_ANSWERS": "MEMCURATE_ENDPOINT_CACHE_PATH",
}


def folder_from_environment(variable: str) -> Path | None:
    """Return the folder that a variable names, or None where it is not set; `~` is the home folder.

    Raises MemcurateError where the home folder is not known.
    """
    folder = os.environ.get(variable)
    try:
        return Path(folder).expanduser() if folder else None
    except RuntimeError as error:
        raise MemcurateError(
            f"{variable} is {folder!r}, but the home folder is not known: set HOME, or write an absolute path"
        ) from error


def reject_renamed_variables(environment: Mapping[str, str]) -> None:
    """Raise MemcurateError where a variable is set by its old name."""
    for old, new in _VARIABLES.items():
        if old in environment:
            raise MemcurateError(f"{old} is named {new} now: set that, and unset the old one")
