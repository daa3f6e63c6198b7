"""fetch: the raw files of one source, verified and unpacked, in data/raw/<source>. Nothing is parsed."""

from typing import Any

from pipeline.core.atomic import atomic_folder
from pipeline.core.params import Params
from pipeline.fetching import default_cache, fetch, mirror_from_environment
from stages.shared.paths import RAW_DIR
from stages.shared.runner import run_stage


def stage(params: Params, source: str) -> dict[str, Any]:
    """Fetch the files of `sources.<source>.files`."""
    files = params.sources[source].files
    with atomic_folder(RAW_DIR / source) as folder:
        counts = fetch(files, folder, mirror=mirror_from_environment(), cache=default_cache())
    return {"files": counts.files, "mb": round(counts.bytes / 1e6, 2)}


if __name__ == "__main__":
    run_stage(stage, "fetch")
