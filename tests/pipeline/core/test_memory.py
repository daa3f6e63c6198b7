"""What a process of a data stage keeps: no freed memory, and no pandas."""

import sys

import pytest

from tests.conftest import ROOT
from tests.integration.project import run

FREED = """
from pathlib import Path
import pipeline.core.storage  # sets the allocators
def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
before = resident_mb()
bytearray(30_000_000)  # the largest freed block raises glibc's own thresholds
blocks = [bytearray(10_000_000) for _ in range(3)]
assert resident_mb() > before + 25
del blocks
assert resident_mb() < before + 5, (before, resident_mb())
"""

PANDAS = """
import sys
from pipeline.core.memory import keep_pandas_out
keep_pandas_out()
import numpy as np, pyarrow as pa
assert pa.table({"a": ["x"], "b": np.arange(1)}).to_pylist() == [{"a": "x", "b": 0}]
assert "pandas" not in sys.modules
import pandas
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_freed_memory_goes_back_to_the_system() -> None:
    run(ROOT, sys.executable, "-c", FREED)


def test_pyarrow_does_not_import_pandas() -> None:
    run(ROOT, sys.executable, "-c", PANDAS)
