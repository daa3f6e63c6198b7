"""fetch: files of the download cache, verified and unpacked, against copying and hashing the artifacts."""

import hashlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.core.errors import MemcurateError
from pipeline.core.params import FileSpec, Params
from pipeline.fetching import default_cache, fetch
from pipeline.fetching.cache import find_in_cache
from pipeline.fetching.verify import Pin
from stages.cli.bench.timing import BenchmarkResult, make_timer, measure_slowdown, run_alternating


def bench(params: Params, repeat: int) -> list[BenchmarkResult]:
    """Measure the files of all sources in `enabled_sources`. Nothing is downloaded.

    Raises MemcurateError when a file is not in the cache.
    """
    cache = default_cache()
    files = {source: params.sources[source].files for source in params.enabled_sources}
    artifacts = [_find_cached(file, cache) for listed in files.values() for file in listed]

    def fetch_all() -> None:
        with TemporaryDirectory(prefix="memcurate-bench-") as folder:
            for source, listed in files.items():
                target = Path(folder, source)
                target.mkdir()
                fetch(listed, target, mirror=None, cache=cache)

    def copy_all() -> None:
        with TemporaryDirectory(prefix="memcurate-bench-") as folder:
            for artifact in artifacts:
                copy = shutil.copy(artifact, Path(folder, "artifact"))
                with Path(copy).open("rb") as file:
                    hashlib.file_digest(file, "sha256")

    seconds, baseline_seconds = run_alternating(
        [make_timer(fetch_all), make_timer(copy_all)], repeat, "fetch"
    )
    return [
        measure_slowdown(
            "all sources, verified and unpacked", "artifacts copied, sha256", seconds, baseline_seconds
        )
    ]


def _find_cached(file: FileSpec, cache: Path) -> Path:
    for location in file.locations:
        if path := find_in_cache(cache, Pin.from_location(location)):
            return path
    raise MemcurateError(
        f"{file.locations[0].locator} is not in the download cache {cache}: fetch it with `dvc repro`. "
        "Local files, from `file:` or MEMCURATE_MIRROR_DIR, are not cached and cannot be measured"
    )
