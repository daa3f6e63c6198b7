"""Map a function over shards, in this process or over several; the result is the same."""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import TypeVar

from tqdm import tqdm

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


def map_shards(function: Callable[[T], R], shards: Sequence[T], what: str) -> Iterator[R]:
    """function(shard) for each shard, in the order of the shards, with progress shown on a terminal.

    `function` must be picklable and must not depend on any shard but its own. `what` names the shards.
    """
    results = _results(function, shards, min(workers(), len(shards)))
    yield from tqdm(results, desc=what, total=len(shards), disable=None, leave=False)


def _results(function: Callable[[T], R], shards: Sequence[T], processes: int) -> Iterator[R]:
    if processes < 2:
        yield from map(function, shards)
        return
    yield from _pool(processes).map(function, shards)


@cache
def _pool(processes: int) -> ProcessPoolExecutor:
    """Kept until this process ends: starting one and importing in it takes seconds.

    Its garbage collections pass over what it imported, as a stage's do.
    """
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=gc.freeze)
