"""The reading room's server: a page, and the JSON that it asks for. It only reads, and for this machine.

What is asked for under another host's name (a page elsewhere may point its name here), by another method than
GET, or at another path, is refused; the page may load nothing but what this server has.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from importlib.resources import files
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline.browsing.queries import Filter, found, partner, whole
from pipeline.comparing.tables import KINDS
from pipeline.errors import MemcurateError

HOST = "127.0.0.1"
_DIGITS = 9  # of a number: pages and lengths have fewer

_FILES = {
    "/": ("page.html", "text/html"),
    "/page.js": ("page.js", "text/javascript"),
    "/page.css": ("page.css", "text/css"),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class NotHereError(MemcurateError):
    """What is asked for is not here, or not just now."""


class Library(Protocol):
    """What the room shows: versions of the dataset, and evaluation episodes."""

    def versions(self) -> list[str]:
        """Their names, the first of them first."""

    def database(self, version: str) -> Any:
        """The tables of a version as it is now: browsing.database.

        Raises MemcurateError where there is no such version, NotHereError where its files cannot be had.
        """

    def instance(self, version: str, identity: str) -> Mapping[str, Any]:
        """A whole instance. Raises NotHereError where there is none of that id."""

    def changes(self, old: str, new: str) -> list[Mapping[str, Any]]:
        """What differs of each source."""

    def episodes(self) -> list[Mapping[str, Any]]:
        """The episodes that can be read: id, method, instance, source, correctness, total."""

    def episode(self, identity: str) -> Mapping[str, Any]:
        """One of them, whole. Raises NotHereError where there is none of that id."""


def app(library: Library) -> Starlette:
    """The application that serves the page and what it asks for."""

    async def versions(request: Request) -> Response:
        return JSONResponse({"versions": library.versions(), "kinds": KINDS})

    def rows(request: Request) -> Response:
        asked = request.query_params
        kind = next((kind for kind in KINDS if kind == asked.get("kind")), None)
        if kind is None:
            raise MemcurateError(f"there are no rows of the kind {asked.get('kind')!r}")
        wanted = Filter(
            source=asked.get("source"),
            split=asked.get("split"),
            sort=asked.get("sort"),
            instance=asked.get("instance"),
            least=_number(asked, "least"),
            most=_number(asked, "most"),
            text=asked.get("text", ""),
        )
        database = library.database(asked.get("version", ""))
        return JSONResponse(asdict(found(database, kind, wanted, _number(asked, "page") or 0)))

    def reject(request: Request) -> Response:
        asked = request.query_params
        version, identity = asked.get("version", ""), asked.get("id", "")
        found = whole(library.database(version), "rejects", identity)
        if not found:
            raise NotHereError(f"{version} has no reject {identity!r}")
        return JSONResponse(found)

    def instance(request: Request) -> Response:
        asked = request.query_params
        version, identity, beside = (asked.get(name, "") for name in ("version", "id", "beside"))
        try:
            return JSONResponse(library.instance(version, identity))
        except NotHereError:
            other = partner(library.database(beside), library.database(version), identity) if beside else None
            if other is None:
                raise
            return JSONResponse(library.instance(version, other))

    def changes(request: Request) -> Response:
        asked = request.query_params
        return JSONResponse(library.changes(asked.get("old", ""), asked.get("new", "")))

    def episodes(request: Request) -> Response:
        return JSONResponse(library.episodes())

    def episode(request: Request) -> Response:
        return JSONResponse(library.episode(request.query_params.get("id", "")))

    return Starlette(
        routes=[
            *(Route(path, _file(name, kind), methods=["GET"]) for path, (name, kind) in _FILES.items()),
            Route("/api/versions", versions, methods=["GET"]),
            Route("/api/rows", rows, methods=["GET"]),
            Route("/api/reject", reject, methods=["GET"]),
            Route("/api/instance", instance, methods=["GET"]),
            Route("/api/changes", changes, methods=["GET"]),
            Route("/api/episodes", episodes, methods=["GET"]),
            Route("/api/episode", episode, methods=["GET"]),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"]),
            Middleware(BaseHTTPMiddleware, dispatch=_guarded),
        ],
        exception_handlers={MemcurateError: _told},
    )


def _file(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    text = files("pipeline.browsing").joinpath("page", name).read_text(encoding="utf-8")

    async def served(request: Request) -> Response:
        return Response(text, media_type=kind)

    return served


async def _guarded(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers.update(_HEADERS)
    return response


async def _told(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=404 if isinstance(error, NotHereError) else 400)


def _number(asked: Mapping[str, str], name: str) -> int | None:
    text = asked.get(name)
    if text is not None and not (text.isdecimal() and len(text) <= _DIGITS):
        raise MemcurateError(f"{name} is {text[:80]!r}: it takes a whole number of {_DIGITS} digits at most")
    return None if text is None else int(text)
