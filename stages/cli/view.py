"""memcurate view: a local page of any version of the dataset, its rejects and the evaluation's episodes."""

import errno
import socket
from typing import Annotated

import typer
import uvicorn

from pipeline.core.errors import MemcurateError
from pipeline.viewer.server import HOST, create_app
from stages.cli.viewer_backend import ProjectBackend


def view(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="VERSION", help="revisions or experiments beside the tags"),
    ] = None,
    port: Annotated[int, typer.Option(min=1024, max=65535, help="port on 127.0.0.1")] = 8765,
) -> None:
    """View the dataset, its rejects and episodes in a browser. The page is read-only."""
    backend = ProjectBackend(names or [])
    server = uvicorn.Server(uvicorn.Config(create_app(backend), log_level="warning"))
    with _listen(port) as listener:
        print(f"http://{HOST}:{port}  (Ctrl-C ends it)", flush=True)
        server.run(sockets=[listener])


def _listen(port: int) -> socket.socket:
    """Return a socket that listens at `port`.

    Raises MemcurateError where another process has the port.
    """
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise MemcurateError(
            f"--port {port}: another process listens at {HOST}:{port} (a second `memcurate view`?); "
            f"end it, or give another --port"
        ) from error
