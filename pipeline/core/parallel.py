"""Map a function over shards, in this process, in worker processes or on Ray, with the same result."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context
from typing import TypeVar

from tqdm import tqdm

from pipeline.core import interrupts
from pipeline.core.errors import MemcurateError
from pipeline.core.memory import collect_less_often, keep_pandas_out

T = TypeVar("T")
R = TypeVar("R")


def num_workers() -> int:
    """Return the number of processes to use: MEMCURATE_WORKERS, or all cores. It never changes a result.

    Raises MemcurateError when MEMCURATE_WORKERS is not a whole number of at least 1.
    """
    value = os.environ.get("MEMCURATE_WORKERS")
    if value is None:
        return os.cpu_count() or 1
    if not value.isdigit() or int(value) < 1:
        raise MemcurateError(f"MEMCURATE_WORKERS is {value!r}: set it to a whole number of at least 1")
    return int(value)


def uses_ray() -> bool:
    """Return whether MEMCURATE_ENGINE is `ray`. Raises MemcurateError when it is neither that nor `local`."""
    engine = os.environ.get("MEMCURATE_ENGINE", "local")
    if engine not in ("local", "ray"):
        raise MemcurateError(f"MEMCURATE_ENGINE is {engine!r}: set it to local or ray")
    return engine == "ray"


def map_shards(function: Callable[[T], R], shards: Sequence[T], description: str) -> Iterator[R]:
    """Yield function(shard) for each shard, in order, with a progress bar on a terminal.

    `function` must be picklable and must not depend on any shard but its own. `description` names the shards.
    Raises what `function` raises, and MemcurateError when a worker process is killed.
    """
    if uses_ray():
        # Imported here: it is rarely needed.
        from pipeline.core.ray_engine import run_on_ray

        results = run_on_ray(function, shards, num_workers(), description)
    else:
        results = _run_shards(function, shards, min(num_workers(), len(shards)), description)
    yield from tqdm(results, desc=description, total=len(shards), disable=None, leave=False)


def _run_shards(
    function: Callable[[T], R], shards: Sequence[T], processes: int, description: str
) -> Iterator[R]:
    if processes < 2:
        yield from map(function, shards)
        return
    futures: deque[Future[R]] = deque()
    try:
        with interrupts.block_signals():
            futures.extend(_process_pool(processes).submit(function, shard) for shard in shards)
        while futures:
            yield futures.popleft().result()
    except BrokenProcessPool as error:
        futures.clear()
        interrupts.kill_workers()
        _process_pool.cache_clear()
        raise MemcurateError(
            f"{description}: one of {processes} worker processes was killed, most likely "
            f"because memory ran out: set MEMCURATE_WORKERS to {processes - 1} or less, and run this again"
        ) from error
    finally:
        for future in futures:
            future.cancel()


@cache
def _process_pool(processes: int) -> ProcessPoolExecutor:
    """Start a process pool, which is kept until this process ends: starting and importing take seconds."""
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_init_worker)


def _init_worker() -> None:
    """Save memory and time as a stage does, and end with the parent process."""
    keep_pandas_out()
    collect_less_often()
    interrupts.exit_with_parent()
