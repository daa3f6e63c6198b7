"""Environment variables: those that name folders, the secret of pseudonyms, and those that were renamed."""

import hmac
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

PII_SECRET_VARIABLE = "MEMCURATE_PII_SECRET"  # pragma: allowlist secret
_MIN_SECRET_CHARS = 16


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


def derive_pii_key(purpose: str) -> str:
    """Derive a key for a purpose, such as a source's name, from the secret of pseudonyms.

    Returns hex digits, from which the secret cannot be found; "" where it is not set. Raises MemcurateError
    where it is so short that it could be guessed.
    """
    secret = os.environ.get(PII_SECRET_VARIABLE, "")
    if not secret:
        return ""
    if len(secret) < _MIN_SECRET_CHARS:
        raise MemcurateError(
            f"{PII_SECRET_VARIABLE} has {len(secret)} characters, and at least {_MIN_SECRET_CHARS} are "
            "expected, for a shorter secret could be guessed: set it to the output of `openssl rand -hex 32`"
        )
    return hmac.digest(os.fsencode(secret), purpose.encode(), "sha256").hex()


def reject_renamed_variables(environment: Mapping[str, str]) -> None:
    """Raise MemcurateError where a variable is set by its old name."""
    for old, new in _VARIABLES.items():
        if old in environment:
            raise MemcurateError(f"{old} is named {new} now: set that, and unset the old one")
