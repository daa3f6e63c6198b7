"""memcurate pin: revisions and hashes of a source's files, looked up once and written into the params."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import MemcurateError
from pipeline.fetching.params_edit import with_pin
from pipeline.fetching.pinning import is_pinned, pinned
from pipeline.folders import write_text
from pipeline.params import Place, load_params
from pipeline.yaml_values import read_text


def pin(
    source: Annotated[
        str | None, typer.Argument(help="a source of the params; left out: all in `use`")
    ] = None,
    params: Annotated[Path, typer.Option(help="the params file that is completed")] = Path("params.yaml"),
) -> None:
    """Look up the revision and hash of each file that is not pinned, or that is yours (`file:`) and changed.

    They are written into the params; all else there stays as it is.
    """
    loaded = load_params(params)
    if source is not None and source not in loaded.sources:
        raise MemcurateError(f"{params} has no source {source!r}; it has {', '.join(sorted(loaded.sources))}")
    chosen = loaded.use if source is None else [source]
    files = [file for name in chosen for file in loaded.sources[name].files]
    places = dict.fromkeys(place for file in files for place in file.places)
    unpinned = [place for place in places if not is_pinned(place)]
    for place in unpinned:
        found = pinned(place)
        _write(params, place, found)
        before = place.sha256 or place.git_blob
        print(f"{found.locator}\n  {found.sha256 or found.git_blob}" + (f", was {before}" if before else ""))
    if not unpinned:
        print(f"{', '.join(chosen)}: every file is pinned")


def _write(params: Path, old: Place, new: Place) -> None:
    path = params.resolve()  # through a link, which stays one
    text = with_pin(read_text(path), old, new, str(params))
    try:
        write_text(path, text)
    except OSError as error:
        raise MemcurateError(f"{params} cannot be written ({error.strerror}): make it writable") from error
