"""The baselines of assemble and report, each in a process of its own: pyarrow and nothing else.

python -m stages.bench.plain read FILE…
python -m stages.bench.plain copy TARGET FILE…   one file of all rows
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

# As the stages read, which have nested rows in memory.
ROWS = 64


def read(files: Iterable[Path]) -> int:
    """Read all rows of Parquet files, batch by batch; give how many there were."""
    count = 0
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROWS):
                count += batch.num_rows
    return count


def copy(target: Path, files: list[Path]) -> int:
    """Write all rows of Parquet files of one schema into another; give how many there were."""
    count = 0
    with pq.ParquetWriter(target, pq.read_schema(files[0]), compression="zstd") as writer:
        for path in files:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=ROWS):
                    writer.write_batch(batch)
                    count += batch.num_rows
    return count


if __name__ == "__main__":
    what, *paths = sys.argv[1:]
    if what == "read":
        read(map(Path, paths))
    else:
        copy(Path(paths[0]), list(map(Path, paths[1:])))
