"""Download a file of a hub dataset repository at one revision, and look up its revision and hash."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
import urllib3

from pipeline.core.json_reader import load_json
from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.https import TIMEOUT, describe_failure, download, make_session
from pipeline.fetching.locators import HubLocator


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
            large = entry.get("lfs")
            sha256 = large.get("oid") if isinstance(large, dict) else None
            return (str(sha256), None) if sha256 is not None else (None, str(entry.get("oid")))
    raise UnreachableError(f"the hub's {locator.repo} has no file {locator.path} at {locator.revision}")


def _request_json(method: str, path: str, form: dict[str, Any] | None = None) -> Any:
    """Request JSON about a dataset from the hub. The hub's own client would follow https to http."""
    from huggingface_hub.constants import ENDPOINT

    url = f"{ENDPOINT}/api/datasets/{path}"
    try:
        with make_session() as session:
            response = session.request(method, url, data=form, auth=_authorize, timeout=TIMEOUT)
            response.raise_for_status()
            return load_json(response.content)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise UnreachableError(f"{url}: {describe_failure(error)}") from error
    except ValueError as error:
        raise UnreachableError(f"{url}: the response is not JSON within the limits ({error})") from error


def _authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
    from huggingface_hub import get_token

    if token := get_token():
        request.headers["Authorization"] = f"Bearer {token}"
    return request
