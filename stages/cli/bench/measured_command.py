"""Script that runs `python ARGUMENT…` and prints its seconds and the peak MB of its largest process.

It is a small process of its own because the peak of a child includes the memory of the process that forked
it: a large parent would be measured instead of the child.
"""

import os
import sys
from time import perf_counter

MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes on macOS, in KiB elsewhere

if __name__ == "__main__":
    start = perf_counter()
    child = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]], os.environ)
    _, status, usage = os.wait4(child, 0)
    print(perf_counter() - start, usage.ru_maxrss * MAXRSS_BYTES / 1e6)
    sys.exit(os.waitstatus_to_exitcode(status) != 0)
