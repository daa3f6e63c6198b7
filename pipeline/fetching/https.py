"""Streaming of one URL into one file."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import requests
import urllib3
from requests.adapters import HTTPAdapter
from tqdm import tqdm

from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.verify import PIECE

# Seconds to connect, and between two pieces.
TIMEOUT = (10, 60)

Auth: TypeAlias = tuple[str, str] | Callable[[requests.PreparedRequest], requests.PreparedRequest] | None

_CREDENTIALS = "; if it needs credentials: HF_TOKEN for the hub, in the configured URL for a package index"


def session() -> requests.Session:
    """Give a session that tries again what a busy server refused."""
    retry = urllib3.Retry(
        total=2,
        backoff_factor=0.3,
        status_forcelist=(429, 502, 503, 504),
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    opened = requests.Session()
    opened.mount("https://", HTTPAdapter(max_retries=retry))
    opened.mount("http://", HTTPAdapter(max_retries=retry))
    return opened


def download(url: str, part: Path, auth: Auth = None) -> None:
    """Stream a URL into `part`.

    Raises UnreachableError when there is no connection, the server refuses, or the body ends early.
    """
    # Encoded bodies are not asked for and not decoded: the pinned bytes are those that are stored.
    headers = {"Accept-Encoding": "identity"}
    try:
        with (
            session() as opened,
            opened.get(url, stream=True, timeout=TIMEOUT, auth=auth, headers=headers) as response,
        ):
            response.raise_for_status()
            length = response.headers.get("Content-Length", "")
            with (
                part.open("wb") as file,
                tqdm(
                    total=int(length) if length.isdigit() else None,
                    desc=url.rpartition("/")[2],
                    unit="B",
                    unit_scale=True,
                    leave=False,
                    disable=None,
                ) as bar,
            ):
                for piece in response.raw.stream(PIECE, decode_content=False):
                    file.write(piece)
                    bar.update(len(piece))
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise UnreachableError(reason(error)) from error


def reason(error: Exception) -> str:
    """Say in few words what a request failed of."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        answer = f"the server answered {error.response.status_code} {error.response.reason}"
        return answer + (_CREDENTIALS if error.response.status_code in (401, 403) else "")
    if isinstance(error, requests.Timeout):
        return f"no answer in time ({error})"
    inner = getattr(error.args[0], "reason", error) if error.args else error
    return f"no connection, or it broke ({inner})"
