"""Give freed memory back to the system, so that a process does not keep what its largest task took."""

import ctypes
import sys

import pyarrow as pa

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt
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
