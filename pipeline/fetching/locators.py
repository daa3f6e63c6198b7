"""Locators as typed values: where one file, or the files of one artifact, come from."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from pipeline.errors import MemcurateError
from pipeline.fetching.patterns import compile_glob
from pipeline.fetching.write import safe_path

FORMS = {
    "pypi": "pypi:name==version!path-glob",
    "hf": "hf:owner/name@<40 hex digits of the revision>/path",
    "https": "https://host/path",
    "file": "file:path",
}

# A version may have an epoch, which is written with the same `!` that begins the glob.
_PYPI = re.compile(r"(?P<project>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>(?:\d+!)?\d[^!]*)!(?P<glob>.+)")
_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)@(?P<revision>[^/]+)/(?P<path>.+)")


@dataclass(frozen=True)
class Pypi:
    """A wheel or sdist of one exact version; the pinned hash says which of them."""

    text: str
    project: str
    version: str
    glob: str

    @property
    def name(self) -> str:
        """How messages call the artifact."""
        return f"{self.project}=={self.version}"


@dataclass(frozen=True)
class Hub:
    """A file of a dataset repository of the hub, at one revision."""

    text: str
    repo: str
    revision: str
    path: str
    glob: str | None

    @property
    def name(self) -> str:
        """The file's base name."""
        return PurePosixPath(self.path).name

    @property
    def moves(self) -> bool:
        """Whether the revision is a branch, a tag or a short one, so that other bytes may stand there
        later.
        """
        return re.fullmatch(r"[0-9a-f]{40}", self.revision) is None


@dataclass(frozen=True)
class Https:
    """A file behind a URL."""

    text: str
    url: str
    glob: str | None

    @property
    def name(self) -> str:
        """The file's base name."""
        return PurePosixPath(unquote(urlsplit(self.url).path)).name


@dataclass(frozen=True)
class Local:
    """A file of this machine; a relative path starts at the current folder."""

    text: str
    path: Path
    glob: str | None

    @property
    def name(self) -> str:
        """The file's base name."""
        return self.path.name


Locator: TypeAlias = Pypi | Hub | Https | Local


def parse(text: str) -> Locator:
    """Read a locator.

    Raises MemcurateError when it has no known kind, lacks a part, or has a bad path or glob.
    """
    kind, _, rest = text.partition(":")
    if kind not in FORMS:
        raise MemcurateError(
            f"locator {text!r}: unknown kind {kind!r}; write one of: {', '.join(FORMS.values())}"
        )
    locator = _parse_pypi(text, rest) if kind == "pypi" else _parse_file(text, kind, rest)
    if locator.glob is not None:
        compile_glob(locator.glob)
    if not locator.name:
        raise _malformed(text, kind, "it names no file")
    safe_path(locator.name, f"locator {text!r}")
    return locator


def _parse_pypi(text: str, rest: str) -> Pypi:
    match = _PYPI.fullmatch(rest)
    if match is None:
        raise _malformed(text, "pypi", "it needs an exact version and, after `!`, the files to take")
    return Pypi(text, match["project"], match["version"], match["glob"])


def _parse_file(text: str, kind: str, rest: str) -> Hub | Https | Local:
    path, mark, after = rest.partition("!")
    if mark and not after:
        raise _malformed(text, kind, "nothing follows the `!`")
    glob = after or None
    if kind == "hf":
        return _parse_hub(text, path, glob)
    if kind == "file":
        return Local(text, Path(path), glob)
    try:
        host = urlsplit(f"https:{path}").hostname
    except ValueError as error:
        raise _malformed(text, kind, str(error)) from error
    if not host:
        raise _malformed(text, kind, "it names no host")
    return Https(text, f"https:{path}", glob)


def _parse_hub(text: str, rest: str, glob: str | None) -> Hub:
    match = _HUB.fullmatch(rest)
    if match is None:
        raise _malformed(text, "hf", "it needs an owner, a name, a revision and a path")
    path = safe_path(match["path"], f"locator {text!r}")
    return Hub(text, match["repo"], match["revision"], path, glob)


def _malformed(text: str, kind: str, problem: str) -> MemcurateError:
    return MemcurateError(f"locator {text!r}: {problem}. The form is {FORMS[kind]}")
