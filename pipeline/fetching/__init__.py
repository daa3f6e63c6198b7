"""Download the files of a source by pinned locators, verify and unpack them; nothing is parsed."""

from pipeline.fetching.cache import default_cache
from pipeline.fetching.files import FetchCounts, fetch
from pipeline.fetching.local import local_digests
from pipeline.fetching.mirror import mirror_from_environment

__all__ = ["FetchCounts", "default_cache", "fetch", "local_digests", "mirror_from_environment"]
