"""Baselines of assemble, report and diff, each in a process of its own that imports pyarrow alone.

python -m stages.cli.bench.baselines read FILE…
python -m stages.cli.bench.baselines copy TARGET FILE…   one file of all rows
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

# The batch size of the stages, which hold nested rows in memory.
BATCH_SIZE = 64


def read(files: Iterable[Path]) -> int:
    """Read all rows of Parquet files, batch by batch, and return their number."""
    count = 0
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH_SIZE):
                count += batch.num_rows
    return count


def copy(target: Path, files: list[Path]) -> int:
    """Copy all rows of Parquet files of one schema into another file, and return their number."""
    count = 0
    with pq.ParquetWriter(target, pq.read_schema(files[0]), compression="zstd") as writer:
        for path in files:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=BATCH_SIZE):
                    writer.write_batch(batch)
                    count += batch.num_rows
    return count


if __name__ == "__main__":
    operation, *paths = sys.argv[1:]
    if operation == "read":
        read(map(Path, paths))
    else:
        copy(Path(paths[0]), list(map(Path, paths[1:])))
