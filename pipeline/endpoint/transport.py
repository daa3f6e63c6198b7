"""HTTP to the endpoint: a POST, and its reply within bounds; whatever goes wrong is a TransportError.

A connection carries one request. Bytes that a server sends past the end of a reply are then nobody's: on a
connection that is used again they would be taken for the reply to the next request.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from pipeline.endpoint.settings import Settings

MAX_BODY = 16 * 2**20  # bytes of a reply's body, decompressed: a completion of a million tokens has fewer
_CONNECT = 30.0  # seconds until a server that does not take a connection counts as away
_GZIP = 31  # window bits with which zlib reads a gzip header


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP reply."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class TransportError(Exception):
    """There is no whole reply; `connected`: the server was reached, and may have done its work."""

    def __init__(self, what: str, connected: bool = True) -> None:
        super().__init__(what)
        self.connected = connected


class Transport:
    """Connections to the server of the settings. Belongs to one event loop."""

    def __init__(self, settings: Settings) -> None:
        """Open no connection yet. `settings.url` must be set."""
        self._url = settings.completions_url
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "memcurate"}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=settings.at_once, force_close=True, ssl=_trusted(self._url)),
            headers={**headers, "Content-Type": "application/json", **settings.authorization},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # it has no bound
            proxy=_proxy(self._url),
        )

    async def post(self, body: dict[str, Any]) -> Reply:
        """Send a JSON body and read the reply. Redirects are not followed: prompts and key go nowhere else.

        Raises TransportError, also for a body of more than MAX_BODY bytes.
        """
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            async with self._session.post(self._url, data=data, allow_redirects=False) as response:
                return Reply(response.status, response.headers, await _body(response))
        except TransportError:
            raise
        # Not only aiohttp.ClientError: parsers, decompression, TLS and sockets raise errors of their own.
        except Exception as error:
            away = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
            raise TransportError(_described(error), connected=not away) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


async def _body(response: aiohttp.ClientResponse) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise TransportError(f"a body compressed as {encoding!r}, where gzip was asked for")
    gzip = zlib.decompressobj(_GZIP) if encoding.endswith("gzip") else None
    body, received = bytearray(), 0
    async for chunk in response.content.iter_any():
        received += len(chunk)
        body += gzip.decompress(chunk, MAX_BODY + 1 - len(body)) if gzip else chunk
        if max(len(body), received) > MAX_BODY:
            raise TransportError(f"a body of more than {MAX_BODY >> 20} MiB")
    if gzip and received and (not gzip.eof or gzip.unused_data):
        raise TransportError("a gzip body that does not end where it should")
    return bytes(body)


def _described(error: Exception) -> str:
    """What happened, without the address, which may hold a key."""
    said = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    return f"{type(error).__name__}: {said}"


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for an address (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY)."""
    parts = urlsplit(url)
    proxies = getproxies()
    return None if proxy_bypass(parts.hostname or "") else proxies.get(parts.scheme, proxies.get("all"))


def _trusted(url: str) -> Any:
    """The certificates that this machine trusts, where the address is one of https."""
    if not url.startswith("https:"):
        return True
    import httpx2  # loads the machine's store

    return httpx2.create_ssl_context()
