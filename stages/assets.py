"""assets: tokenizer and sentence-splitter files into data/assets."""

from typing import Any

from pipeline.fetching import default_cache, fetch, mirror_from_environment
from pipeline.folders import whole_folder
from pipeline.params import Params
from stages.running import ASSETS, run


def stage(params: Params, _: str) -> dict[str, Any]:
    """Fetch the files of `assets`."""
    with whole_folder(ASSETS) as folder:
        counts = fetch(params.assets.files, folder, mirror=mirror_from_environment(), cache=default_cache())
    return {"files": counts.files, "bytes": counts.bytes}


if __name__ == "__main__":
    run(stage, "assets")
