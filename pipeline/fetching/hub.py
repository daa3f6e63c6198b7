"""One file of a dataset repository of the hub, at one revision; and what the hub tells of it."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
import urllib3

from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.https import TIMEOUT, download, reason, session
from pipeline.fetching.locators import Hub
from pipeline.text.json_values import load_json


def download_from_hub(locator: Hub, part: Path) -> None:
    """Stream the file into `part`; endpoint and token are those that huggingface_hub finds on this machine.

    Raises UnreachableError when there is no connection, the hub refuses, or the body ends early.
    """
    # Imported late: it takes long, and the starter sources need no hub. Its own hf_hub_download would store
    # the file twice, and try for half a minute before it gives the next place a chance.
    from huggingface_hub import hf_hub_url

    url = hf_hub_url(locator.repo, locator.path, repo_type="dataset", revision=locator.revision)
    download(url, part, _authorize)


def revision_of(locator: Hub) -> str:
    """The whole revision that the locator's branch or tag is at. Raises UnreachableError where none is."""
    found = _ask("GET", f"{locator.repo}/revision/{quote(locator.revision, safe='')}")
    revision = found.get("sha") if isinstance(found, dict) else None
    if not isinstance(revision, str) or not re.fullmatch("[0-9a-f]{40}", revision):
        raise UnreachableError(f"the hub tells no revision of {locator.repo} at {locator.revision}")
    return revision


def hashes_of(locator: Hub, revision: str) -> tuple[str | None, str | None]:
    """The hash that the hub has of the file at a revision: of a large one sha256, else its git blob id.

    Raises UnreachableError when it tells none.
    """
    form = {"paths": [locator.path], "expand": False}
    listed = _ask("POST", f"{locator.repo}/paths-info/{revision}", form)
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and one.get("type") == "file" and one.get("path") == locator.path:
            large = one.get("lfs")
            sha256 = large.get("oid") if isinstance(large, dict) else None
            return (str(sha256), None) if sha256 is not None else (None, str(one.get("oid")))
    raise UnreachableError(f"the hub's {locator.repo} has no file {locator.path} at {locator.revision}")


def _ask(method: str, path: str, form: dict[str, Any] | None = None) -> Any:
    """What the hub answers about a dataset, as JSON. Its own client would follow https to http."""
    from huggingface_hub.constants import ENDPOINT

    url = f"{ENDPOINT}/api/datasets/{path}"
    try:
        with session() as opened:
            answer = opened.request(method, url, data=form, auth=_authorize, timeout=TIMEOUT)
            answer.raise_for_status()
            return load_json(answer.content)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise UnreachableError(f"{url}: {reason(error)}") from error
    except ValueError as error:
        raise UnreachableError(f"{url}: the answer is not JSON that is read here ({error})") from error


def _authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
    from huggingface_hub import get_token

    if token := get_token():
        request.headers["Authorization"] = f"Bearer {token}"
    return request
