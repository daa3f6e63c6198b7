"""assets: the files of the tokenizers and the sentence splitter in data/assets."""

from typing import Any

from pipeline.core.atomic import atomic_folder
from pipeline.core.params import Params
from pipeline.fetching import default_cache, fetch, mirror_from_environment
from stages.shared.paths import ASSETS_DIR
from stages.shared.runner import run_stage


def stage(params: Params, _: str) -> dict[str, Any]:
    """Fetch the files of `assets`."""
    with atomic_folder(ASSETS_DIR) as folder:
        counts = fetch(params.assets.files, folder, mirror=mirror_from_environment(), cache=default_cache())
    return {"files": counts.files, "mb": round(counts.bytes / 1e6, 2)}


if __name__ == "__main__":
    run_stage(stage, "assets")
