"""Map a function over shards, in this process or over several; the result is the same."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from pipeline.errors import MemcurateError

T = TypeVar("T")
R = TypeVar("R")


def workers() -> int:
    """How many processes to use: MEMCURATE_WORKERS, or all cores. Never changes a result.

    Raises MemcurateError when MEMCURATE_WORKERS is no positive whole number.
    """
    given = os.environ.get("MEMCURATE_WORKERS")
    if given is None:
        return os.cpu_count() or 1
    if not given.isdigit() or int(given) < 1:
        raise MemcurateError(f"MEMCURATE_WORKERS is {given!r}: it takes a whole number from 1.")
    return int(given)


def map_shards(function: Callable[[T], R], shards: Iterable[T]) -> Iterator[R]:
    """function(shard) for each shard, in the order of the shards.

    `function` must be picklable and must not depend on any shard but its own.
    """
    count = workers()
    if count == 1:
        yield from map(function, shards)
        return
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        yield from pool.map(function, shards)
