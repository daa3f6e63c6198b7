"""One file of a dataset repository of the hub, at one revision."""

from pathlib import Path

from requests import PreparedRequest

from pipeline.fetching.https import download
from pipeline.fetching.locators import Hub


def download_from_hub(locator: Hub, part: Path) -> None:
    """Stream the file into `part`; endpoint and token are those that huggingface_hub finds on this machine.

    Raises UnreachableError when there is no connection, the hub refuses, or the body ends early.
    """
    # Imported late: it takes long, and the starter sources need no hub. Its own hf_hub_download would store
    # the file twice, and try for half a minute before it gives the next place a chance.
    from huggingface_hub import get_token, hf_hub_url

    token = get_token()

    def authorize(request: PreparedRequest) -> PreparedRequest:
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    url = hf_hub_url(locator.repo, locator.path, repo_type="dataset", revision=locator.revision)
    download(url, part, authorize)
