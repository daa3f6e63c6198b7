"""own_files: hashes of the files that `file:` locators name, by source, into data/own_files.

DVC cannot list them as dependencies of fetch, because their names stand in params. So this stage always runs,
in a second, and fetch depends on what it writes: a source is fetched again when a file of its own changed.
"""

from typing import Any

from pipeline.fetching import local_digests
from pipeline.folders import whole_folder, write_json
from pipeline.params import Params
from stages.running import OWN_FILES, run


def stage(params: Params, _: str) -> dict[str, Any]:
    """Write data/own_files/<source>.json for each source in `use`: a hash by locator."""
    found = {source: local_digests(params.sources[source].files) for source in params.use}
    with whole_folder(OWN_FILES) as folder:
        for source, digests in found.items():
            write_json(folder / f"{source}.json", digests)
    return {"files": sum(map(len, found.values()))}


if __name__ == "__main__":
    run(stage, "own_files")
