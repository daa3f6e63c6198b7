"""Download a file of a hub dataset repository at one revision, and look up its revision and hash."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

import requests
import urllib3

from pipeline.core.errors import MemcurateError
from pipeline.core.json_reader import load_json
from pipeline.core.params import FileLocation, FileSpec
from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.https import TIMEOUT, describe_failure, download, make_session
from pipeline.fetching.locators import HubLocator, parse_locator
from pipeline.fetching.patterns import compile_glob

_DATA_SUFFIXES = tuple(
    f".{kind}{packed}"
    for kind in ("parquet", "jsonl", "json", "csv", "tsv")
    for packed in ("", ".gz", ".zst")
)


def download_from_hub(locator: HubLocator, part: Path) -> None:
    """Stream the file into `part`, with the endpoint and token that huggingface_hub finds on this machine.

    Raises UnreachableError when the connection fails, the hub refuses, or the body ends early.
    """
    # Imported late, as it is slow; hf_hub_download would store the file twice and retry for half a minute.
    from huggingface_hub import hf_hub_url

    url = hf_hub_url(locator.repo, locator.path, repo_type="dataset", revision=locator.revision)
    download(url, part, _authorize)


def resolve_revision(locator: HubLocator) -> str:
    """Return the full revision of the locator's branch or tag. Raises UnreachableError where it has none."""
    info = _request_json("GET", f"{locator.repo}/revision/{quote(locator.revision, safe='')}")
    revision = info.get("sha") if isinstance(info, dict) else None
    if not isinstance(revision, str) or not re.fullmatch("[0-9a-f]{40}", revision):
        raise UnreachableError(f"the hub gives no revision of {locator.repo} at {locator.revision}")
    return revision


def look_up_hashes(locator: HubLocator, revision: str) -> tuple[str | None, str | None]:
    """Return (sha256, None) of a large file (LFS) at a revision, or (None, git blob id) of a small one.

    Raises UnreachableError when the hub has no such file.
    """
    form = {"paths": [locator.path], "expand": False}
    listed = _request_json("POST", f"{locator.repo}/paths-info/{revision}", form)
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and entry.get("type") == "file" and entry.get("path") == locator.path:
            return _read_hashes(entry)
    raise UnreachableError(f"the hub's {locator.repo} has no file {locator.path} at {locator.revision}")


def expand_hub_files(files: Sequence[FileSpec]) -> list[FileSpec]:
    """Return the files, with one for each file of the hub that a pattern or a split names, and its hash.

    The hub lists the files of a revision with their hashes, and a whole revision never changes. Raises
    MemcurateError when the revision is not whole, the hub cannot be asked, or no file is there.
    """
    return [one for file in files for one in _expand(file)]


def _expand(file: FileSpec) -> list[FileSpec]:
    locator = parse_locator(file.locations[0].locator)
    if not isinstance(locator, HubLocator) or not locator.names_several:
        return [file]
    if locator.is_mutable:
        raise MemcurateError(
            f"locator {locator.text!r}: {locator.revision!r} is a branch, a tag or a short revision, which "
            "can move: write the whole revision, 40 hex digits"
        )
    try:
        entries = list(_iter_entries(locator))
    except UnreachableError as error:
        raise MemcurateError(f"the files of {locator.text} cannot be listed: {error}") from error
    chosen = [(entry, kept) for entry in entries if (kept := _choose(locator, entry["path"])) is not None]
    if not chosen:
        examples = ", ".join(entry["path"] for entry in entries[:5])
        raise MemcurateError(f"{locator.text}: no file is there; the dataset has {examples or 'none'}")
    suffix = f"!{locator.glob}" if locator.glob else ""
    return [
        FileSpec(
            locations=[
                FileLocation(
                    locator=f"hf:{locator.repo}@{locator.revision}/{entry['path']}{suffix}",
                    **dict(zip(("sha256", "git_blob"), _read_hashes(entry), strict=True)),
                )
            ],
            subdir=str(PurePosixPath(file.subdir, kept).parent).removeprefix("."),
        )
        for entry, kept in chosen
    ]


def _iter_entries(locator: HubLocator) -> Iterator[dict[str, Any]]:
    """Yield the hub's entries of all files of a revision, sorted by path, with well-formed paths alone."""
    listed: list[dict[str, Any]] = []
    query = "?recursive=true"
    while query:
        entries, query = _request_page(f"{locator.repo}/tree/{locator.revision}{query}")
        listed += [one for one in entries if isinstance(one, dict) and one.get("type") == "file"]
    yield from sorted(
        (one for one in listed if isinstance(one.get("path"), str)), key=lambda one: one["path"]
    )


def _request_page(path: str) -> tuple[list[Any], str]:
    """Return (entries, query of the next page; empty: it is the last)."""
    response = _request("GET", path)
    entries = load_json(response.content)
    next_url = response.links.get("next", {}).get("url", "")
    return entries if isinstance(entries, list) else [], f"?{urlsplit(next_url).query}" if next_url else ""


def _choose(locator: HubLocator, path: str) -> str | None:
    """Return the name that a file of the dataset keeps, below the source's folder; None: it is not meant."""
    if locator.split is None:
        match = compile_glob(locator.path).fullmatch(path)
        return match["kept"] if match else None
    # Such as data/train-00000-of-00002.parquet, train.jsonl or train/part.csv (the hub's naming of splits).
    is_data = path.endswith(_DATA_SUFFIXES)
    return path if is_data and locator.split in re.split(r"[^A-Za-z0-9_]|_(?=\d)", path) else None


def _read_hashes(entry: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return (sha256, None) of a large file (LFS), or (None, git blob id) of a small one."""
    large = entry.get("lfs")
    sha256 = large.get("oid") if isinstance(large, dict) else None
    return (str(sha256), None) if sha256 is not None else (None, str(entry.get("oid")))


def _request_json(method: str, path: str, form: dict[str, Any] | None = None) -> Any:
    """Request JSON about a dataset from the hub."""
    return load_json(_request(method, path, form).content)


def _request(method: str, path: str, form: dict[str, Any] | None = None) -> requests.Response:
    """Request what is JSON about a dataset from the hub. The hub's own client would follow https to http."""
    from huggingface_hub.constants import ENDPOINT

    url = f"{ENDPOINT}/api/datasets/{path}"
    try:
        with make_session() as session:
            response = session.request(method, url, data=form, auth=_authorize, timeout=TIMEOUT)
            response.raise_for_status()
            load_json(response.content)
            return response
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise UnreachableError(f"{url}: {describe_failure(error)}") from error
    except ValueError as error:
        raise UnreachableError(f"{url}: the response is not JSON within the limits ({error})") from error


def _authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
    from huggingface_hub import get_token

    if token := get_token():
        request.headers["Authorization"] = f"Bearer {token}"
    return request
