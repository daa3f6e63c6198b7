"""Parse locators into typed values: the addresses of a file, or of the files of an archive."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from pipeline.core.errors import MemcurateError
from pipeline.core.remote import is_address
from pipeline.fetching.patterns import compile_glob
from pipeline.fetching.write import safe_path

LOCATOR_FORMS = {
    "pypi": "pypi:name==version!path-glob",
    "hf": "hf:owner/name@<40 hex digits of the revision>/path (also with * and **), or #split in place of "
    "/path",
    "https": "https://host/path",
    "file": "file:path",
    "address": "s3://bucket/path, or another address of fsspec",
}

# A version's epoch is written with the same `!` that begins the glob.
_PYPI = re.compile(r"(?P<project>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>(?:\d+!)?\d[^!]*)!(?P<glob>.+)")
_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)@(?P<revision>[^/#]+)(?:/(?P<path>.+)|#(?P<split>\w+))")
_WILDCARD = re.compile(r"[*?]")


@dataclass(frozen=True)
class PypiLocator:
    """A wheel or sdist of one exact version; the pinned hash selects one of them."""

    text: str
    project: str
    version: str
    glob: str

    @property
    def name(self) -> str:
        """The artifact's name in messages."""
        return f"{self.project}=={self.version}"


@dataclass(frozen=True)
class HubLocator:
    """A file of a dataset repository of the hub, at one revision; or several, by a pattern or a split."""

    text: str
    repo: str
    revision: str
    path: str  # or a pattern of paths; empty: those of the split
    glob: str | None
    split: str | None = None

    @property
    def name(self) -> str:
        """The file's base name, or the split's name."""
        return self.split or PurePosixPath(self.path).name

    @property
    def names_several(self) -> bool:
        """Whether it names files by a pattern or a split."""
        return self.split is not None or _WILDCARD.search(self.path) is not None

    @property
    def is_mutable(self) -> bool:
        """Whether the revision is a branch, a tag or abbreviated, so that the file may change."""
        return re.fullmatch(r"[0-9a-f]{40}", self.revision) is None


@dataclass(frozen=True)
class HttpsLocator:
    """A file behind a URL."""

    text: str
    url: str
    glob: str | None

    @property
    def name(self) -> str:
        """The file's base name."""
        return PurePosixPath(unquote(urlsplit(self.url).path)).name


@dataclass(frozen=True)
class LocalLocator:
    """A file of this machine; a relative path starts at the working directory."""

    text: str
    path: Path
    glob: str | None

    @property
    def name(self) -> str:
        """The file's base name."""
        return self.path.name


@dataclass(frozen=True)
class AddressLocator:
    """A file at an address of fsspec, such as an object of S3."""

    text: str
    address: str
    glob: str | None

    @property
    def name(self) -> str:
        """The file's base name."""
        return PurePosixPath(self.address).name


Locator: TypeAlias = PypiLocator | HubLocator | HttpsLocator | LocalLocator | AddressLocator


def parse_locator(text: str) -> Locator:
    """Parse a locator.

    Raises MemcurateError when its kind is unknown, a part is missing, or its path or glob is malformed.
    """
    kind, _, rest = text.partition(":")
    if is_address(text):
        kind, rest = "address", text
    elif kind not in LOCATOR_FORMS or kind == "address":
        raise MemcurateError(
            f"locator {text!r}: unknown kind {kind!r}; write one of: {', '.join(LOCATOR_FORMS.values())}"
        )
    locator = _parse_pypi(text, rest) if kind == "pypi" else _parse_path_locator(text, kind, rest)
    if locator.glob is not None:
        compile_glob(locator.glob)
    if not locator.name:
        raise _malformed_error(text, kind, "it names no file")
    safe_path(locator.name, f"locator {text!r}")
    return locator


def _parse_pypi(text: str, rest: str) -> PypiLocator:
    match = _PYPI.fullmatch(rest)
    if match is None:
        raise _malformed_error(text, "pypi", "it needs an exact version and, after `!`, the files to take")
    return PypiLocator(text, match["project"], match["version"], match["glob"])


def _parse_path_locator(
    text: str, kind: str, rest: str
) -> HubLocator | HttpsLocator | LocalLocator | AddressLocator:
    if kind == "file" and Path(rest).is_file():  # a name may hold a `!`
        return LocalLocator(text, Path(rest), None)
    path, mark, after = rest.partition("!")
    if mark and not after:
        raise _malformed_error(text, kind, "nothing follows the `!`")
    glob = after or None
    if kind == "hf":
        return _parse_hub(text, path, glob)
    if kind == "file":
        return LocalLocator(text, Path(path), glob)
    if kind == "address":
        return AddressLocator(text, path, glob)
    try:
        host = urlsplit(f"https:{path}").hostname
    except ValueError as error:
        raise _malformed_error(text, kind, str(error)) from error
    if not host:
        raise _malformed_error(text, kind, "it names no host")
    return HttpsLocator(text, f"https:{path}", glob)


def _parse_hub(text: str, rest: str, glob: str | None) -> HubLocator:
    match = _HUB.fullmatch(rest)
    if match is None:
        raise _malformed_error(text, "hf", "it needs an owner, a name, a revision and a path")
    if match["split"]:
        return HubLocator(text, match["repo"], match["revision"], "", glob, match["split"])
    path = safe_path(match["path"], f"locator {text!r}")
    compile_glob(path)
    return HubLocator(text, match["repo"], match["revision"], path, glob)


def _malformed_error(text: str, kind: str, problem: str) -> MemcurateError:
    return MemcurateError(f"locator {text!r}: {problem}. The form is {LOCATOR_FORMS[kind]}")
