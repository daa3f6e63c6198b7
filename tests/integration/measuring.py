"""Stands in for `python` in a build: runs it, and notes the peak memory of all its processes together.

python measuring.py NOTES ARGUMENT…  adds a line `MEGABYTES<tab>ARGUMENTS` to NOTES.
"""

import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

_, notes, *arguments = sys.argv
peak = 0
with subprocess.Popen([sys.executable, *arguments]) as process:
    watched = psutil.Process(process.pid)
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
            break
        with suppress(psutil.NoSuchProcess):
            family = [watched, *watched.children(recursive=True)]
            peak = max(peak, sum(member.memory_info().rss for member in family))
# A short peak between two looks is in the kernel's own account, which is in KiB and of one process.
peak = max(peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
with Path(notes).open("a", encoding="utf-8") as file:
    file.write(f"{peak / 1e6:.0f}\t{' '.join(arguments)}\n")
sys.exit(process.returncode)
