"""Fetch the files of a source: download by pinned locators, verify, unpack; nothing is parsed."""

from pipeline.fetching.cache import default_cache
from pipeline.fetching.files import FetchCounts, fetch
from pipeline.fetching.local import expand_local_files, hash_local_files
from pipeline.fetching.mirror import mirror_from_environment
from pipeline.fetching.verify import hash_file

__all__ = [
    "FetchCounts",
    "default_cache",
    "expand_local_files",
    "fetch",
    "hash_file",
    "hash_local_files",
    "mirror_from_environment",
]
