"""Map a function over shards, in this process or over several; the result is the same."""

import gc
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context
from typing import TypeVar

from tqdm import tqdm

from pipeline import interrupts
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
    Raises what `function` raises, and MemcurateError when a worker process is killed.
    """
    results = _results(function, shards, min(workers(), len(shards)), what)
    yield from tqdm(results, desc=what, total=len(shards), disable=None, leave=False)


def _results(function: Callable[[T], R], shards: Sequence[T], processes: int, what: str) -> Iterator[R]:
    if processes < 2:
        yield from map(function, shards)
        return
    futures: deque[Future[R]] = deque()
    try:
        with interrupts.blocked():
            futures.extend(_pool(processes).submit(function, shard) for shard in shards)
        while futures:
            yield futures.popleft().result()
    except BrokenProcessPool as error:
        futures.clear()
        interrupts.kill_workers()
        _pool.cache_clear()
        raise MemcurateError(
            f"{what}: one of {processes} worker processes was killed, most likely as the memory was used up: "
            f"set MEMCURATE_WORKERS to {processes - 1} or less, and run this again"
        ) from error
    finally:
        for future in futures:
            future.cancel()


@cache
def _pool(processes: int) -> ProcessPoolExecutor:
    """Kept until this process ends: starting one and importing in it takes seconds."""
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_begin_worker)


def _begin_worker() -> None:
    """Have garbage collections pass over what was imported, as a stage's do, and end with the leader."""
    gc.freeze()
    interrupts.end_with_leader()
