"""The one door to the network: sessions that keep to https, and bodies that have to arrive at some pace."""

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
from pipeline.fetching.verify import PIECE

# Seconds to connect, and between two pieces.
TIMEOUT = (10, 60)
# Seconds until an answer begins, with all redirects and retries, however its headers trickle in.
BEGINS_WITHIN = 300
# A body of which less than LEAST_BYTES arrive in so many SECONDS is given up: it would take days.
LEAST_BYTES, SECONDS = 60_000, 60
# Bytes of an answer that is read into memory: an index's page, the hub's JSON.
MOST_OF_A_PAGE = 200_000_000

Auth: TypeAlias = tuple[str, str] | Callable[[requests.PreparedRequest], requests.PreparedRequest] | None

T = TypeVar("T")

_CREDENTIALS = "; if it needs credentials: HF_TOKEN for the hub, in the configured URL for a package index"


class RefusedError(requests.RequestException):
    """An answer that is not taken; the message says why."""


def session() -> requests.Session:
    """Give a session that tries again what a busy server refused, and never goes from https to http."""
    retry = urllib3.Retry(
        total=2,
        backoff_factor=0.3,
        status_forcelist=(429, 502, 503, 504),
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    opened = _Session()
    opened.mount("https://", HTTPAdapter(max_retries=retry))
    opened.mount("http://", HTTPAdapter(max_retries=retry))
    return opened


def check_link(page: str, link: str) -> None:
    """Raise RefusedError when a link or redirect leads from https to a protocol that others can listen to."""
    if urlsplit(page).scheme == "https" and urlsplit(link).scheme != "https":
        raise RefusedError(f"{page} leads from https to {link}, which is not followed")


def download(url: str, part: Path, auth: Auth = None) -> None:
    """Stream a URL into `part`.

    Raises UnreachableError when there is no connection, the server refuses, or the body ends early or arrives
    too slowly.
    """
    # Encoded bodies are not asked for and not decoded: the pinned bytes are those that are stored.
    headers = {"Accept-Encoding": "identity"}
    try:
        with (
            session() as opened,
            opened.get(url, stream=True, timeout=TIMEOUT, auth=auth, headers=headers) as response,
        ):
            response.raise_for_status()
            _save(response, part)
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        raise UnreachableError(reason(error)) from error


def reason(error: Exception) -> str:
    """Say in few words what a request failed of."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        answer = f"the server answered {error.response.status_code} {error.response.reason}"
        return answer + (_CREDENTIALS if error.response.status_code in (401, 403) else "")
    if isinstance(error, RefusedError):
        return str(error)
    if isinstance(error, requests.Timeout):
        return f"no answer in time ({error})"
    inner = getattr(error.args[0], "reason", error) if error.args else error
    return f"no connection, or it broke ({inner})"


class _Session(requests.Session):
    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request, and read its body at a pace unless it is streamed."""
        streamed = kwargs.pop("stream", False)
        sent = partial(super().send, request, stream=True, **kwargs)
        response = _within(BEGINS_WITHIN, sent, f"of {request.url}")
        if not streamed:
            body = bytearray()
            for piece in _pieces(response, decoded=True):
                body += piece
                if len(body) > MOST_OF_A_PAGE:
                    raise RefusedError(f"the answer of {request.url} has over {MOST_OF_A_PAGE:,} bytes")
            response.raw = io.BytesIO(body)
        return response

    def get_redirect_target(self, response: requests.Response) -> str | None:
        target = super().get_redirect_target(response)
        if target is not None:
            check_link(response.url, urljoin(response.url, target))
        return target


def _within(seconds: float, call: Callable[[], T], what: str) -> T:
    """What `call` gives or raises; requests.Timeout, which says `what` it is, after so many seconds.

    A socket's own timeout begins anew with each byte. The thread that is left waiting ends with the process.
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
        raise requests.Timeout(f"none {what} after {seconds} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]


def _pieces(response: requests.Response, decoded: bool) -> Iterator[bytes]:
    """The body as it arrives. Raises RefusedError when it arrives too slowly."""
    since, arrived = time.monotonic(), 0
    while piece := response.raw.read1(PIECE, decode_content=decoded):
        yield piece
        arrived += len(piece)
        if (passed := time.monotonic() - since) > SECONDS:
            if arrived < LEAST_BYTES:
                raise RefusedError(
                    f"given up, because {response.url} sent {arrived:,} bytes in {passed:.0f} s, and "
                    f"{LEAST_BYTES:,} are the least"
                )
            since, arrived = time.monotonic(), 0


def _save(response: requests.Response, part: Path) -> None:
    length = response.headers.get("Content-Length", "")
    bar = tqdm(
        total=int(length) if length.isascii() and length.isdigit() and len(length) < 20 else None,
        desc=response.url.rpartition("/")[2],
        unit="B",
        unit_scale=True,
        leave=False,
        disable=None,
    )
    with bar, part.open("wb") as file:
        for piece in _pieces(response, decoded=False):
            file.write(piece)
            bar.update(len(piece))
