"""Runs `python ARGUMENT…` and prints its seconds and the MB of its largest process at the peak.

A process of its own, and a small one: the system counts what a process was before it began its program,
that is its parent, so a large parent would pass for the memory of what it starts.
"""

import os
import sys
from time import perf_counter

UNIT = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere

if __name__ == "__main__":
    start = perf_counter()
    child = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]], os.environ)
    _, status, used = os.wait4(child, 0)
    print(perf_counter() - start, used.ru_maxrss * UNIT / 1e6)
    sys.exit(os.waitstatus_to_exitcode(status) != 0)
