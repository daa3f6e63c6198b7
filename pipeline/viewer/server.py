"""The viewer's web server: a page and the JSON that it requests. It only reads, and serves only this machine.

It refuses requests under another host name (a page elsewhere may point its name here), by another method than
GET, or of another path. The page may load nothing but the files of this server.
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

from pipeline.core.errors import MemcurateError
from pipeline.diff.row_tables import ROW_KINDS
from pipeline.viewer.queries import RowFilter, find_counterpart, query_rows, read_rows_by_id

HOST = "127.0.0.1"
_MAX_DIGITS = 9  # of a number in a query: enough for pages and lengths, and within DuckDB's integers

_STATIC_FILES = {
    "/": ("page.html", "text/html"),
    "/page.js": ("page.js", "text/javascript"),
    "/page.css": ("page.css", "text/css"),
}
_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class NotFoundError(MemcurateError):
    """An error for a thing that does not exist, or cannot be read at the moment: HTTP status 404."""


class ViewerBackend(Protocol):
    """The source of the viewer's data: versions of the dataset, and evaluation episodes.

    Each method raises MemcurateError for a version that does not exist, and NotFoundError for files that
    cannot be read.
    """

    def versions(self) -> list[str]:
        """Return the names of the versions; the page opens with the first."""

    def database(self, version: str) -> Any:
        """Return the current tables of a version, as `pipeline.viewer.database.load_tables` makes them."""

    def instance(self, version: str, identity: str) -> Mapping[str, Any]:
        """Return a whole instance. Raises NotFoundError where the version has none of that id."""

    def changes(self, old: str, new: str) -> list[Mapping[str, Any]]:
        """Return the SourceDiff of each source as JSON, with its causes as lines under `reasons`."""

    def episodes(self) -> list[Mapping[str, Any]]:
        """Return id, source, correctness and total reward of each episode."""

    def episode(self, identity: str) -> Mapping[str, Any]:
        """Return a whole episode. Raises NotFoundError where there is none of that id."""


def create_app(backend: ViewerBackend) -> Starlette:
    """Create the application that serves the page and its JSON, with data of the backend."""
    api = _Api(backend)
    static_routes = [
        Route(path, _serve_file(name, media_type), methods=["GET"])
        for path, (name, media_type) in _STATIC_FILES.items()
    ]
    return Starlette(
        routes=[
            *static_routes,
            Route("/api/versions", api.versions, methods=["GET"]),
            Route("/api/rows", api.rows, methods=["GET"]),
            Route("/api/reject", api.reject, methods=["GET"]),
            Route("/api/instance", api.instance, methods=["GET"]),
            Route("/api/changes", api.changes, methods=["GET"]),
            Route("/api/episodes", api.episodes, methods=["GET"]),
            Route("/api/episode", api.episode, methods=["GET"]),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"]),
            Middleware(BaseHTTPMiddleware, dispatch=_add_security_headers),
        ],
        exception_handlers={MemcurateError: _handle_error},
    )


class _Api:
    """The handlers of the JSON requests; Starlette runs those that are not `async` in threads."""

    def __init__(self, backend: ViewerBackend) -> None:
        self._backend = backend

    async def versions(self, request: Request) -> Response:
        return JSONResponse({"versions": self._backend.versions(), "kinds": ROW_KINDS})

    def rows(self, request: Request) -> Response:
        query = request.query_params
        kind = next((kind for kind in ROW_KINDS if kind == query.get("kind")), None)
        if kind is None:
            raise MemcurateError(
                f"kind: there are no rows of the kind {query.get('kind')!r}; the kinds are "
                f"{', '.join(ROW_KINDS)}"
            )
        row_filter = RowFilter(
            source=query.get("source"),
            split=query.get("split"),
            category=query.get("category"),
            instance=query.get("instance"),
            min_length=_parse_number(query, "min_length"),
            max_length=_parse_number(query, "max_length"),
            text=query.get("text", ""),
        )
        page = _parse_number(query, "page") or 0
        database = self._backend.database(query.get("version", ""))
        return JSONResponse(asdict(query_rows(database, kind, row_filter, page)))

    def reject(self, request: Request) -> Response:
        query = request.query_params
        version, identity = query.get("version", ""), query.get("id", "")
        rows = read_rows_by_id(self._backend.database(version), "rejects", identity)
        if not rows:
            raise NotFoundError(f"{version} has no reject {identity!r}")
        return JSONResponse(rows)

    def instance(self, request: Request) -> Response:
        """Return an instance; where only `other_version` has the id, its counterpart in `version`."""
        query = request.query_params
        version, identity = query.get("version", ""), query.get("id", "")
        other_version = query.get("other_version", "")
        try:
            return JSONResponse(self._backend.instance(version, identity))
        except NotFoundError:
            if not other_version:
                raise
            counterpart = find_counterpart(
                self._backend.database(other_version), self._backend.database(version), identity
            )
            if counterpart is None:
                raise
            return JSONResponse(self._backend.instance(version, counterpart))

    def changes(self, request: Request) -> Response:
        query = request.query_params
        return JSONResponse(self._backend.changes(query.get("old", ""), query.get("new", "")))

    def episodes(self, request: Request) -> Response:
        return JSONResponse(self._backend.episodes())

    def episode(self, request: Request) -> Response:
        return JSONResponse(self._backend.episode(request.query_params.get("id", "")))


def _serve_file(name: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    text = files("pipeline.viewer").joinpath("page", name).read_text(encoding="utf-8")

    async def serve(request: Request) -> Response:
        return Response(text, media_type=media_type)

    return serve


async def _add_security_headers(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await call_next(request)
    response.headers.update(_SECURITY_HEADERS)
    return response


async def _handle_error(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=404 if isinstance(error, NotFoundError) else 400)


def _parse_number(query: Mapping[str, str], name: str) -> int | None:
    """Return a number of the query; None where it is missing. Raises MemcurateError where it is malformed."""
    text = query.get(name)
    if text is not None and not (text.isdecimal() and len(text) <= _MAX_DIGITS):
        raise MemcurateError(
            f"{name} is {text[:80]!r}: it takes a whole number of {_MAX_DIGITS} digits at most"
        )
    return None if text is None else int(text)
