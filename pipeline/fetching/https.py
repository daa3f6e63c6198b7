"""HTTP for all downloads: sessions that never leave https, and a minimum rate for response bodies."""

import io
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from tqdm import tqdm

from pipeline.fetching.errors import UnreachableError
from pipeline.fetching.verify import BLOCK_BYTES

# Seconds to connect, and between two reads.
TIMEOUT = (10, 60)
# Seconds until a response begins, with all redirects and retries, even if its headers trickle in.
RESPONSE_TIMEOUT = 300
# A slower body is given up: it would take days.
MIN_BYTES_PER_WINDOW, RATE_WINDOW_SECONDS = 60_000, 60
# Of a response that is read into memory: a page of an index, JSON of the hub.
MAX_RESPONSE_BYTES = 200_000_000

Auth: TypeAlias = tuple[str, str] | Callable[[requests.PreparedRequest], requests.PreparedRequest] | None

T = TypeVar("T")

_CREDENTIALS = "; if it needs credentials: HF_TOKEN for the hub, in the configured URL for a package index"


class RefusedResponseError(requests.RequestException):
    """An error of a response that is refused; the message says why."""


def make_session() -> requests.Session:
    """Return a session that retries on 429, 502, 503 and 504, and never goes from https to http."""
    retry = urllib3.Retry(
        total=2,
        backoff_factor=0.3,
        status_forcelist=(429, 502, 503, 504),
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    session = _Session()
    session.mount("https://", HTTPAdapter(max_retries=retry))
    session.mount("http://", HTTPAdapter(max_retries=retry))
    return session


def check_link(page: str, link: str) -> None:
    """Raise RefusedResponseError when a link or redirect leads from https to an unencrypted protocol."""
    if urlsplit(page).scheme == "https" and urlsplit(link).scheme != "https":
        raise RefusedResponseError(f"{page} leads from https to {link}, which is not followed")


def download(url: str, part: Path, auth: Auth = None) -> None:
    """Stream a URL into the file `part`.

    Raises UnreachableError when the connection fails, the server refuses, or the body ends early or arrives
    too slowly.
    """
    # The stored bytes must be the pinned ones, so bodies are neither compressed nor decoded.
    headers = {"Accept-Encoding": "identity"}
    try:
        with (
            make_session() as session,
            session.get(url, stream=True, timeout=TIMEOUT, auth=auth, headers=headers) as response,
        ):
            response.raise_for_status()
            _save_body(response, part)
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        raise UnreachableError(describe_failure(error)) from error


def describe_failure(error: Exception) -> str:
    """Describe the failure of a request in a few words."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        message = f"the server answered {error.response.status_code} {error.response.reason}"
        return message + (_CREDENTIALS if error.response.status_code in (401, 403) else "")
    if isinstance(error, RefusedResponseError):
        return str(error)
    if isinstance(error, requests.Timeout):
        return f"no response in time ({error})"
    inner = getattr(error.args[0], "reason", error) if error.args else error
    return f"no connection, or it broke ({inner})"


class _Session(requests.Session):
    """A session with a minimum rate for bodies, which checks redirects."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request, and read its body at a minimum rate unless it is streamed."""
        is_streamed = kwargs.pop("stream", False)
        call = partial(super().send, request, stream=True, **kwargs)
        response = _call_with_timeout(RESPONSE_TIMEOUT, call, f"of {request.url}")
        if not is_streamed:
            body = bytearray()
            for piece in _iter_body(response, decode_content=True):
                body += piece
                if len(body) > MAX_RESPONSE_BYTES:
                    raise RefusedResponseError(
                        f"the answer of {request.url} has over {MAX_RESPONSE_BYTES:,} bytes"
                    )
            response.raw = io.BytesIO(body)
        return response

    def get_redirect_target(self, response: requests.Response) -> str | None:
        """Return the redirect of a response. Raises RefusedResponseError where it leaves https."""
        target = super().get_redirect_target(response)
        if target is not None:
            check_link(response.url, urljoin(response.url, target))
        return target


def _call_with_timeout(seconds: float, call: Callable[[], T], label: str) -> T:
    """Return or raise the result of `call`; raise requests.Timeout, which holds `label`, after `seconds`.

    A socket's own timeout starts again with each byte. The thread that is left waiting ends with the process.
    """
    results: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            results.put((call(), None))
        except BaseException as error:
            results.put((None, error))

    Thread(target=run, daemon=True).start()
    try:
        result, error = results.get(timeout=seconds)
    except Empty:
        raise requests.Timeout(f"none {label} after {seconds} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]


def _iter_body(response: requests.Response, decode_content: bool) -> Iterator[bytes]:
    """Yield the body as it arrives. Raises RefusedResponseError when it arrives too slowly."""
    window_start, window_bytes = time.monotonic(), 0
    while piece := response.raw.read1(BLOCK_BYTES, decode_content=decode_content):
        yield piece
        window_bytes += len(piece)
        if (passed := time.monotonic() - window_start) > RATE_WINDOW_SECONDS:
            if window_bytes < MIN_BYTES_PER_WINDOW:
                raise RefusedResponseError(
                    f"given up, because {response.url} sent {window_bytes:,} bytes in {passed:.0f} s, and "
                    f"{MIN_BYTES_PER_WINDOW:,} are the minimum"
                )
            window_start, window_bytes = time.monotonic(), 0


def _save_body(response: requests.Response, part: Path) -> None:
    length = response.headers.get("Content-Length", "")
    progress_bar = tqdm(
        total=int(length) if length.isascii() and length.isdigit() and len(length) < 20 else None,
        desc=response.url.rpartition("/")[2],
        unit="B",
        unit_scale=True,
        leave=False,
        disable=None,
    )
    with progress_bar, part.open("wb") as file:
        for piece in _iter_body(response, decode_content=False):
            file.write(piece)
            progress_bar.update(len(piece))
