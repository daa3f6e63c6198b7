"""memcurate pin: revisions and hashes of a source's files, looked up once and written into the params."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import MemcurateError
from pipeline.fetching.pinning import is_pinned, pinned, written
from pipeline.folders import write_text
from pipeline.params import load_params


def pin(
    source: Annotated[
        str | None, typer.Argument(help="a source of the params; left out: all in `use`")
    ] = None,
    params: Annotated[Path, typer.Option(help="the params file that is completed")] = Path("params.yaml"),
) -> None:
    """Look up the revision and hash of each unpinned file, and write them into the params."""
    loaded = load_params(params)
    if source is not None and source not in loaded.sources:
        raise MemcurateError(f"{params} has no source {source!r}; it has {', '.join(sorted(loaded.sources))}")
    chosen = loaded.use if source is None else [source]
    files = [file for name in chosen for file in loaded.sources[name].files]
    places = list(dict.fromkeys(place for file in files for place in file.places if not is_pinned(place)))
    for place in places:
        found = pinned(place)
        write_text(params, written(params.read_text(encoding="utf-8"), place, found))
        print(f"{found.locator}\n  {found.sha256 or found.git_blob}")
    if not places:
        print(f"{', '.join(chosen)}: every file is pinned")
