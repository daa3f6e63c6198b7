"""memcurate pin: revisions and hashes of a source's files, looked up once and written into the params."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.core.atomic import write_text
from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileLocation, load_params
from pipeline.core.yaml_reader import read_text
from pipeline.fetching.params_edit import apply_pin
from pipeline.fetching.pinning import is_pinned, resolve_pin


def pin(
    source: Annotated[
        str | None, typer.Argument(help="a source of the params; default: all in `enabled_sources`")
    ] = None,
    params: Annotated[Path, typer.Option(help="params file to edit")] = Path("params.yaml"),
) -> None:
    """Write the revision and hash of each file into the params that is not pinned, or local and changed.

    A local file has a locator `file:PATH`. Nothing else in the params file changes.
    """
    loaded = load_params(params)
    if source is not None and source not in loaded.sources:
        raise MemcurateError(f"{params} has no source {source!r}; it has {', '.join(sorted(loaded.sources))}")
    sources = loaded.enabled_sources if source is None else [source]
    files = [file for name in sources for file in loaded.sources[name].files]
    locations = dict.fromkeys(location for file in files for location in file.locations)
    unpinned = [location for location in locations if not is_pinned(location)]
    for location in unpinned:
        pinned = resolve_pin(location)
        _write_pin(params, location, pinned)
        old_hash = location.sha256 or location.git_blob
        print(
            f"{pinned.locator}\n  {pinned.sha256 or pinned.git_blob}"
            + (f", was {old_hash}" if old_hash else "")
        )
    if not unpinned:
        print(f"{', '.join(sources)}: every file is pinned")


def _write_pin(params: Path, old: FileLocation, new: FileLocation) -> None:
    path = params.resolve()  # a link stays a link
    text = apply_pin(read_text(path), old, new, str(params))
    try:
        write_text(path, text)
    except OSError as error:
        raise MemcurateError(f"{params} cannot be written ({error.strerror}): make it writable") from error
