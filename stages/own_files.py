"""own_files: hashes of the local files that `file:` locators name, by source, in data/own_files.

DVC cannot list these files as dependencies of fetch, because params.yaml holds their names. This stage runs
every time, in a second, and fetch depends on its output: a source is fetched again when a local file changed.
"""

from typing import Any

from pipeline.core.atomic import atomic_folder, write_json
from pipeline.core.params import Params
from pipeline.fetching import hash_local_files
from stages.shared.paths import OWN_FILES_DIR
from stages.shared.runner import run_stage


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/own_files/<source>.json for each source in `enabled_sources`: a hash by locator."""
    hashes = {source: hash_local_files(params.sources[source].files) for source in params.enabled_sources}
    with atomic_folder(OWN_FILES_DIR) as folder:
        for source, digests in hashes.items():
            write_json(folder / f"{source}.json", digests)
    return {"files": sum(map(len, hashes.values()))}


if __name__ == "__main__":
    run_stage(stage, "own_files")
