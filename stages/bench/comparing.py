"""memcurate diff: two versions of 1 GB each, made of the dataset, against reading both with pyarrow.

python -m stages.bench.comparing OLD NEW   compares the versions in two folders, as the command does
"""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.comparing.comparison import Wanted, compare
from pipeline.params import Params
from pipeline.schema import SIDES
from stages.bench.project import passing_project, run
from stages.bench.timing import Result, alternate, longer
from stages.running import DATASET

BYTES = 1_000_000_000  # of a version
_CHANGED = 10  # every so many copies another one in the new version


class Folder:
    """A version in a folder. comparing.comparison.Version."""

    lock: Mapping[str, Any] = {}

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path

    def dataset(self) -> list[Path]:
        """See Version."""
        return [self._path / f"{split}.parquet" for split in SIDES]

    def rejects(self) -> list[Path]:
        """See Version."""
        return [self._path / "rejects.parquet"]

    def raw(self, source: str) -> Mapping[str, str]:
        """See Version."""
        return {}


def bench(params: Params, repeat: int) -> list[Result]:
    """Measure it on copies of the dataset under other names. Raises MemcurateError when it is not built."""
    with passing_project(DATASET) as project:
        for version in ("old", "new"):
            _grow(DATASET, project / version, version)
        files = [project / version / f"{split}.parquet" for version in ("old", "new") for split in SIDES]
        runs = [
            partial(run, project, "stages.bench.comparing", "old", "new"),
            partial(run, project, "stages.bench.plain", "read", *files),
        ]
        mine, plain = alternate(runs, repeat, "comparing")
    return [
        longer(
            f"diff of two versions of {BYTES / 1e9:g} GB",
            "both read with pyarrow",
            [one.seconds for one in mine],
            [one.seconds for one in plain],
            max(one.megabytes for one in mine),
        )
    ]


def _grow(dataset: Path, target: Path, version: str) -> None:
    """Write the dataset over and over, each copy under its own names, until it has BYTES."""
    target.mkdir()
    whole = sum((dataset / f"{split}.parquet").stat().st_size for split in SIDES)
    copies = max(round(BYTES / whole), 1)
    for split in SIDES:
        table = pq.read_table(dataset / f"{split}.parquet")
        with pq.ParquetWriter(target / f"{split}.parquet", table.schema, compression="zstd") as writer:
            for copy in range(copies):
                changed = version == "new" and copy % _CHANGED == 0
                for batch in table.to_batches(max_chunksize=64):
                    writer.write_batch(_renamed(batch, f" {copy}", " changed" if changed else ""))
    (target / "rejects.parquet").symlink_to((dataset / "rejects.parquet").absolute())


def _renamed(batch: pa.RecordBatch, copy: str, changed: str) -> pa.RecordBatch:
    """The rows of a copy: documents and ids named by it, and ids by whether it changed."""
    columns = {name: batch.column(name) for name in batch.schema.names}
    columns["document"] = _suffixed(columns["document"], copy)
    columns["id"] = _suffixed(columns["id"], copy + changed)
    for name in ("chunks", "questions"):
        rows = columns[name]
        inner = rows.flatten()
        fields = [inner.type.field(number) for number in range(inner.type.num_fields)]
        parts = [
            _suffixed(inner.field(field.name), copy + changed)
            if field.name == "id"
            else inner.field(field.name)
            for field in fields
        ]
        offsets = pc.subtract(rows.offsets, rows.offsets[0])
        columns[name] = pa.ListArray.from_arrays(
            offsets, pa.StructArray.from_arrays(parts, fields=fields), type=rows.type
        )
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=batch.schema)


def _suffixed(texts: pa.Array, suffix: str) -> pa.Array:
    return pc.binary_join_element_wise(texts, suffix, "")


if __name__ == "__main__":
    old, new = (Folder(Path(name)) for name in sys.argv[1:])
    compare(old, new, Wanted())
