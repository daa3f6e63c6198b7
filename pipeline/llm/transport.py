"""HTTP to the endpoint: send a body and read a reply of bounded size; every failure is a TransportError.

A connection carries one request. On a reused connection, bytes that a server sends past the end of a reply
would be taken for the reply to the next request.
"""

import json
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from pipeline.llm.settings import EndpointSettings

MAX_BODY_BYTES = 16 * 2**20  # decompressed; a completion of a million tokens has fewer
_CONNECT_TIMEOUT = 30.0  # seconds
_READ_MARGIN = 1.0  # seconds by which a silence outlasts the timeout of an attempt, whose error says more
_GZIP_WBITS = 31  # window bits with which zlib reads a gzip header


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete HTTP reply."""

    status: int
    headers: Mapping[str, Sequence[str]]  # values by name, in small letters
    body: bytes


class TransportError(Exception):
    """A request without a complete reply."""

    def __init__(self, message: str, reached_server: bool = True) -> None:
        """Keep the message; `reached_server`: the server may have processed the request."""
        super().__init__(message)
        self.reached_server = reached_server


class Transport:
    """Connections to the server of the settings; they belong to one event loop."""

    def __init__(self, settings: EndpointSettings) -> None:
        """Open no connection yet. `settings.url` must be set."""
        self._settings = settings
        address = settings.address_of("")
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "memcurate"}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=settings.max_concurrency, force_close=True, ssl=_make_ssl_context(address)
            ),
            headers={**headers, **settings.auth_headers},
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=_CONNECT_TIMEOUT, sock_read=settings.timeout + _READ_MARGIN
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # aiohttp's own has no size limit
            proxy=_find_proxy(address),
        )

    async def post(self, body: dict[str, Any]) -> HttpResponse:
        """Send the body of a chat completion and read the reply, as `send` does."""
        return await self.send("POST", "chat/completions", body)

    async def send(
        self, method: str, path: str, body: Mapping[str, Any] | aiohttp.FormData | None = None
    ) -> HttpResponse:
        """Send a JSON body, or a form, to a path below the base address, and read the reply.

        Redirects are not followed, so that prompts and key go nowhere else. Raises TransportError, also for a
        body of more than MAX_BODY_BYTES.
        """
        options: dict[str, Any] = {"data": body}
        if isinstance(body, Mapping):
            options["data"] = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
            options["headers"] = {"Content-Type": "application/json"}
        async with self._open(method, path, **options) as response:
            named = {name.lower(): response.headers.getall(name) for name in response.headers}
            return HttpResponse(response.status, named, await _read_body(response))

    async def iter_lines(self, path: str) -> AsyncIterator[bytes]:
        """Yield the lines of a file on the server. Raises TransportError, also for a status but 200."""
        async with self._open("GET", path, headers={"Accept-Encoding": "identity"}) as response:
            if response.status != 200:
                raise TransportError(f"{path}: status {response.status}")
            line = bytearray()
            async for chunk in response.content.iter_any():
                *ended, rest = chunk.split(b"\n")
                for part in ended:
                    yield bytes(line) + part
                    line.clear()
                line += rest
                if len(line) > MAX_BODY_BYTES:
                    raise TransportError(f"{path}: a line of more than {MAX_BODY_BYTES >> 20} MiB")
            if line:
                yield bytes(line)

    @asynccontextmanager
    async def _open(self, method: str, path: str, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """Open the reply to a request; convert all errors of the connection and of the reply."""
        address = self._settings.address_of(path)
        try:
            async with self._session.request(method, address, allow_redirects=False, **options) as response:
                yield response
        except TransportError:
            raise
        # Parsers, decompression, TLS and sockets raise errors beside aiohttp.ClientError.
        except Exception as error:
            unreachable = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
            raise TransportError(_describe_error(error), reached_server=not unreachable) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


async def _read_body(response: aiohttp.ClientResponse) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise TransportError(f"a body compressed as {encoding!r}, where gzip was expected")
    gzip = zlib.decompressobj(_GZIP_WBITS) if encoding.endswith("gzip") else None
    body, received = bytearray(), 0
    async for chunk in response.content.iter_any():
        received += len(chunk)
        body += gzip.decompress(chunk, MAX_BODY_BYTES + 1 - len(body)) if gzip else chunk
        if max(len(body), received) > MAX_BODY_BYTES:
            raise TransportError(f"a body of more than {MAX_BODY_BYTES >> 20} MiB")
    if gzip and received and (not gzip.eof or gzip.unused_data):
        raise TransportError("a gzip body that does not end where it should")
    return bytes(body)


def _describe_error(error: Exception) -> str:
    """Describe an error without the address, which may hold a key."""
    message = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    return f"{type(error).__name__}: {message}"


def _find_proxy(url: str) -> str | None:
    """Return the proxy for an address by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY."""
    parts = urlsplit(url)
    proxies = getproxies()
    return None if proxy_bypass(parts.hostname or "") else proxies.get(parts.scheme, proxies.get("all"))


def _make_ssl_context(url: str) -> Any:
    """Return an SSL context with the certificates that this machine trusts, for an https address."""
    if not url.startswith("https:"):
        return True
    import httpx2  # loads the machine's certificate store

    return httpx2.create_ssl_context()
