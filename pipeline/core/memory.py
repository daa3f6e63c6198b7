"""Memory and start of a process that works on many rows."""

import ctypes
import gc
import sys

import pyarrow as pa

from pipeline.core.blocked_import import block_import

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt
_GC_THRESHOLD = 50_000  # new objects between two collections; 700 is Python's own
_KEPT_BYTES = 1 << 20  # free at the end of the heap; larger blocks are mapped, and unmapped, one by one


def return_freed_memory() -> None:
    """Set the allocators of this process; does nothing to the C library's where that is not glibc.

    Arrow's own allocator keeps some 100 MB. glibc raises its thresholds to the largest block that was freed,
    and then keeps twice that.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
            mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)


def collect_less_often() -> None:
    """Exclude all objects that are there, such as modules, from garbage collection, and collect less often.

    Rows are many objects and no garbage: looking for it takes a tenth of the time of a stage.
    """
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)


def keep_pandas_out() -> None:
    """Keep pyarrow from importing pandas in this process: that takes .3 s and 50 MB.

    pyarrow looks for it once, at the first conversion. Its `to_pandas` then fails.
    """
    with block_import("pandas"):
        pa.array([""])
