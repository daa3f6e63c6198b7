"""Export responses to a Parquet file that is versioned with the dataset: a rebuild with it needs no model."""

from collections.abc import Collection, Iterable
from hashlib import file_digest
from pathlib import Path

from pipeline.core.atomic import atomic_file
from pipeline.core.errors import MemcurateError
from pipeline.core.params import ResponseCacheFile
from pipeline.core.storage import read_rows, write_rows
from pipeline.llm.response_cache import LLMResponse, ResponseCache


def export_responses(cache: ResponseCache, keys: Collection[str], target: Path) -> int:
    """Write the responses with these keys, sorted by key; return their number.

    Raises MemcurateError when the cache lacks one of them, because a rebuild needs them all, and when the
    file cannot be written.
    """
    responses = [cache.get(key) for key in sorted(set(keys))]
    missing = sum(response is None for response in responses)
    if missing:
        raise MemcurateError(
            f"the response cache lacks {missing} of the {len(responses)} responses that this build used: "
            "build it here first, or set MEMCURATE_ENDPOINT_CACHE_PATH to the file that has them"
        )
    with atomic_file(target) as aside:
        return write_rows(aside, LLMResponse, (response for response in responses if response is not None))


def import_responses(path: Path, cache: ResponseCache) -> int:
    """Put the responses of a file that `export_responses` wrote into the cache; return their number.

    Raises MemcurateError when it is not such a file.
    """
    if not path.is_file():
        raise MemcurateError(f"{path} is not a file: name one that `memcurate cache export` wrote")
    count = 0
    for response in read_rows(path, LLMResponse):
        cache.put(response)
        count += 1
    return count


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file of responses, in hexadecimal digits, as params pin it."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def load_pinned_responses(file: ResponseCacheFile) -> Iterable[LLMResponse]:
    """Read the responses of the file that params pin. Raises MemcurateError when it is missing or another."""
    path = Path(file.path)
    if not path.is_file():
        raise MemcurateError(
            f"{path}, which params.yaml names under cached_responses, is not there: `dvc pull` it"
        )
    found = file_sha256(path)
    if found != file.sha256:
        raise MemcurateError(
            f"{path} has sha256 {found}, and params.yaml expects {file.sha256} under cached_responses: "
            "`dvc pull` the file that it expects, or write the new sha256 there"
        )
    return read_rows(path, LLMResponse)
