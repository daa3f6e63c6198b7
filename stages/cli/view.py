"""memcurate view: a local page of any version of the dataset, its rejects and the evaluation's episodes."""

from typing import Annotated

import typer
import uvicorn

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
    print(f"http://{HOST}:{port}  (Ctrl-C ends it)", flush=True)
    uvicorn.run(create_app(backend), host=HOST, port=port, log_level="warning")
