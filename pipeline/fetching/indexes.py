"""List the package indexes that this machine is configured for."""

import ast
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from pypi_simple import PYPI_SIMPLE_ENDPOINT

from pipeline.fetching.errors import UnreachableError


@dataclass(frozen=True)
class PackageIndex:
    """A simple index: its URL without credentials, and its credentials."""

    url: str
    auth: tuple[str, str] | None

    def auth_for(self, url: str) -> tuple[str, str] | None:
        """Return the credentials for a URL with the index's scheme, host and port; None for other URLs."""
        return self.auth if _origin(url) == _origin(self.url) else None


def list_indexes() -> list[PackageIndex]:
    """List the http(s) indexes in order: the main index, then pip's extra ones.

    The main index comes from the environment (pip's or uv's variables), else from pip's configuration, else
    from pypi-simple's default. Raises UnreachableError when only folders are configured.
    """
    main = (
        os.environ.get("PIP_INDEX_URL")
        or os.environ.get("UV_DEFAULT_INDEX")
        or os.environ.get("UV_INDEX_URL")
    )
    extra = os.environ.get("PIP_EXTRA_INDEX_URL")
    if not main or not extra:
        settings = _read_pip_settings()
        main = main or settings.get("global.index-url") or PYPI_SIMPLE_ENDPOINT
        extra = extra or settings.get("global.extra-index-url", "")
    # uv lets an index have a name: `name=url`.
    urls = [re.sub(r"^[\w.-]+=(?=\w+:)", "", main), *extra.split()]
    remote = [_parse_index(url) for url in urls if re.match("(?i)https?://", url)]
    if not remote:
        raise UnreachableError("no package index with an http(s) URL is configured")
    return remote


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _parse_index(url: str) -> PackageIndex:
    try:
        parts = urlsplit(url)
        _origin(url)
    except ValueError as error:  # the message leaves out the URL, which may hold a password
        raise UnreachableError(f"the URL of a configured package index is malformed ({error})") from error
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return PackageIndex(bare, auth)


def _read_pip_settings() -> dict[str, str]:
    """Read pip's settings; empty where pip is missing."""
    # `pip config get` reads the user's file only; `list` merges all files, as pip install does.
    command = [sys.executable, "-m", "pip", "config", "list"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        pairs = [line.partition("=") for line in result.stdout.splitlines()]
        return {key: str(ast.literal_eval(value)) for key, _, value in pairs}
    except (OSError, subprocess.SubprocessError, ValueError, SyntaxError):
        return {}
