"""fetch: the raw files of one source, verified, and what is made of them, in data/raw/<source>."""

from typing import Any

from pipeline.core.atomic import atomic_folder
from pipeline.core.params import Params
from pipeline.fetching import default_cache, fetch, mirror_from_environment
from pipeline.world.files import write_corrections, write_worlds
from stages.shared.paths import RAW_DIR
from stages.shared.runner import run_stage


def stage(params: Params, source: str) -> dict[str, Any]:
    """Fetch the files of `sources.<source>.files`; write the worlds of `simulate`, or its `corrections`."""
    corpus = params.sources[source]
    with atomic_folder(RAW_DIR / source) as folder:
        counts = fetch(corpus.files, folder, mirror=mirror_from_environment(), cache=default_cache())
        num_files, num_bytes = counts.files, counts.bytes
        if corpus.simulate is not None:
            num_files, num_bytes = num_files + 1, num_bytes + write_worlds(corpus.simulate, folder)
        if corpus.corrections is not None:
            num_files, num_bytes = num_files + 1, num_bytes + write_corrections(corpus.corrections, folder)
    return {"files": num_files, "mb": round(num_bytes / 1e6, 2)}


if __name__ == "__main__":
    run_stage(stage, "fetch")
