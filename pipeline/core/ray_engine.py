"""Map a function over shards on Ray: on this machine, or on the cluster that RAY_ADDRESS names.

The machines of a cluster share the project's folder. Ray runs a task again when its worker or its node is
lost. It is not Ray Data, whose order and partitions depend on its blocks.
"""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pipeline.core import interrupts
from pipeline.core.errors import MemcurateError

T = TypeVar("T")
R = TypeVar("R")

_MAX_RETRIES = 3  # of a task whose worker or node is lost
_TASKS_PER_CPU = 2  # submitted at the same time


def run_on_ray(
    function: Callable[[T], R], shards: Sequence[T], num_cpus: int, description: str
) -> Iterator[R]:
    """Yield function(shard) for each shard, in order.

    `num_cpus`: of a Ray that is started on this machine; a cluster uses all of its own. Raises what
    `function` raises, and MemcurateError when Ray is not installed, or loses a task's worker several times.
    """
    ray = _start_ray(num_cpus)
    run = ray.remote(num_cpus=1, max_retries=_MAX_RETRIES)(_run_in_folder)
    max_submitted = _TASKS_PER_CPU * max(1, int(ray.cluster_resources().get("CPU", 1)))
    submitted: deque[Any] = deque()
    folder = Path.cwd()
    try:
        for shard in shards:
            if len(submitted) == max_submitted:
                yield ray.get(submitted.popleft())
            submitted.append(run.remote(folder, function, shard))
        while submitted:
            yield ray.get(submitted.popleft())
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise MemcurateError(
            f"{description}: Ray lost a task's worker {_MAX_RETRIES + 1} times, most likely because memory "
            f"ran out ({type(error).__name__}): give its machines more memory, and run this again"
        ) from error
    except KeyboardInterrupt:
        ray.shutdown()  # else some of its processes stay for a minute
        raise
    finally:
        for task in submitted:
            if ray.is_initialized():
                ray.cancel(task, force=True)


def _run_in_folder(folder: Path, function: Callable[[T], R], shard: T) -> R:
    """Run a task in the project's folder, which its paths are relative to."""
    os.chdir(folder)
    return function(shard)


@cache
def _start_ray(num_cpus: int) -> Any:
    """Start Ray or connect to its cluster, once in a process; return its module."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise MemcurateError(
            "MEMCURATE_ENGINE is ray, but Ray is not installed: pip install 'memcurate[ray]'"
        ) from None
    variables = {name: value for name, value in os.environ.items() if name.startswith("MEMCURATE_")}
    local: dict[str, Any] = (
        {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": num_cpus, "include_dashboard": False}
    )
    ray.init(
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env={"env_vars": {**variables, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}},
        **local,
    )
    interrupts.enable_keyboard_interrupt()  # Ray has its own way with signals
    return ray
