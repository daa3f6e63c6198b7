"""Script that runs `python ARGUMENT…` and prints its time and memory, as in `ProcessUsage`.

It is a small process of its own because the peak of a child includes the memory of the process that forked
it: a large parent would be measured instead of the child.
"""

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from time import perf_counter

MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes on macOS, in KiB elsewhere
SAMPLE_SECONDS = 0.3


def sum_memory(root: int) -> int:
    """Return the bytes of a process and all its descendants, memory that they share counted once.

    0 on a system without /proc.
    """
    total = 0
    queue = [root]
    while queue:
        pid = queue.pop()
        with suppress(OSError):  # a process that ended
            total += _read_memory(pid)
            for path in Path(f"/proc/{pid}/task").glob("*/children"):
                queue += map(int, path.read_text().split())
    return total


def _read_memory(pid: int) -> int:
    """Return the proportional set size of a process, or its resident set size where that is not readable."""
    with suppress(OSError):
        found = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        if found:
            return int(found[1]) * 1024
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Run the command, and exit with 1 when it fails."""
    start = perf_counter()
    child = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]], os.environ)
    ended = Event()
    peak = 0

    def sample() -> None:
        nonlocal peak
        while not ended.wait(SAMPLE_SECONDS):
            peak = max(peak, sum_memory(child))

    sampler = Thread(target=sample, daemon=True)
    sampler.start()
    _, status, usage = os.wait4(child, 0)
    seconds = perf_counter() - start
    ended.set()
    sampler.join()
    largest = usage.ru_maxrss * MAXRSS_BYTES
    print(seconds, usage.ru_utime + usage.ru_stime, largest / 1e6, max(peak, largest) / 1e6)
    sys.exit(os.waitstatus_to_exitcode(status) != 0)


if __name__ == "__main__":
    main()
