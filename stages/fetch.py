"""fetch: the raw files of one source, verified and unpacked, into data/raw/<source>. Nothing is parsed."""

from typing import Any

from pipeline.fetching import default_cache, fetch, mirror_from_environment
from pipeline.folders import whole_folder
from pipeline.params import Params
from stages.running import RAW, run, source_argument


def stage(params: Params, source: str) -> dict[str, Any]:
    """Fetch the files of `sources.<source>.files`."""
    files = params.sources[source].files
    with whole_folder(RAW / source) as folder:
        counts = fetch(files, folder, mirror=mirror_from_environment(), cache=default_cache())
    return {"files": counts.files, "bytes": counts.bytes}


if __name__ == "__main__":
    run(stage, "fetch", source_argument())
