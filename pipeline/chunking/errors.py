"""Errors of a whole source: nothing was parsed, or nothing fits."""

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Reject


def no_input_error(source: str, strategy: str, num_rejects: int, first_reject: str) -> MemcurateError:
    """Return the error for a source whose raw files gave nothing to chunk.

    `first_reject`: the first rejected record as `describe_reject` tells it; empty: no record was rejected.
    """
    first = f"; the first, {first_reject}" if first_reject else ""
    return MemcurateError(
        f"sources.{source}: the raw files gave nothing for chunking.strategy {strategy!r} "
        f"({num_rejects} records were rejected{first}). Check the files, the columns that the source names, "
        f"and the strategy: `memcurate preview {source}` shows more."
    )


def describe_reject(reject: Reject) -> str:
    """Return the location and reason of a rejected record, for an error message."""
    location = f"{reject.source_span.file} {reject.source_span.record}" if reject.source_span else ""
    return f"{location}: {reject.reason}, {reject.detail}"
