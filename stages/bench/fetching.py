"""fetch: from the download cache, verified and unpacked, against a plain copy and sha256 of the artifacts."""

import hashlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.errors import MemcurateError
from pipeline.fetching import default_cache, fetch
from pipeline.fetching.cache import in_cache
from pipeline.fetching.verify import Pin
from pipeline.params import File, Params
from stages.bench.timing import Result, alternate, longer, timed


def bench(params: Params, repeat: int) -> list[Result]:
    """Measure the files of all sources in `use`. Nothing is downloaded.

    Raises MemcurateError when a file is not in the cache.
    """
    cache = default_cache()
    files = {source: params.sources[source].files for source in params.use}
    artifacts = [_cached(file, cache) for listed in files.values() for file in listed]

    def fetched() -> None:
        with TemporaryDirectory(prefix="memcurate-bench-") as folder:
            for source, listed in files.items():
                target = Path(folder, source)
                target.mkdir()
                fetch(listed, target, mirror=None, cache=cache)

    def plain() -> None:
        with TemporaryDirectory(prefix="memcurate-bench-") as folder:
            for artifact in artifacts:
                copied = shutil.copy(artifact, Path(folder, "artifact"))
                with Path(copied).open("rb") as file:
                    hashlib.file_digest(file, "sha256")

    seconds, others = alternate([timed(fetched), timed(plain)], repeat, "fetching")
    return [longer("all sources, verified and unpacked", "artifacts copied, sha256", seconds, others)]


def _cached(file: File, cache: Path) -> Path:
    for place in file.places:
        if found := in_cache(cache, Pin.of(place)):
            return found
    raise MemcurateError(
        f"{file.places[0].locator} is not in the download cache {cache}: fetch it with `dvc repro`. Files of "
        "this machine, by `file:` or MEMCURATE_MIRROR, are not cached, so that they cannot be measured"
    )
