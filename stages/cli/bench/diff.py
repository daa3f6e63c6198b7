"""diff: the comparison of two versions of 1 GB, copies of the dataset, against reading both with pyarrow.

python -m stages.cli.bench.diff OLD NEW   compares the versions in two folders, as the command does
"""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.core.params import Params
from pipeline.core.schema import DRAWN_SPLITS
from pipeline.diff.comparison import DiffFilter, compare
from stages.cli.bench.project import run_module, temporary_project
from stages.cli.bench.timing import BenchmarkResult, measure_slowdown, run_alternating
from stages.shared.paths import DATASET_DIR

VERSION_BYTES = 1_000_000_000  # size of a version
_CHANGE_EVERY = 10  # of 10 copies, one differs in the new version


class FolderVersion:
    """A Version whose files lie in one folder."""

    dvc_lock: Mapping[str, Any] = {}

    def __init__(self, path: Path) -> None:
        """`path`: a folder with train.parquet, test.parquet and rejects.parquet."""
        self.name = path.name
        self._path = path

    def dataset_files(self) -> list[Path]:
        """Return the files of the splits."""
        return [self._path / f"{split}.parquet" for split in DRAWN_SPLITS]

    def reject_files(self) -> list[Path]:
        """Return the file of the rejects."""
        return [self._path / "rejects.parquet"]

    def raw_hashes(self, source: str) -> Mapping[str, str]:
        """Return an empty mapping: the copies have no raw files."""
        return {}


def bench(params: Params, repeat: int) -> list[BenchmarkResult]:
    """Measure `compare` on renamed copies of the dataset. Raises MemcurateError when it is not built."""
    with temporary_project(DATASET_DIR) as project:
        for version in ("old", "new"):
            _write_copies(DATASET_DIR, project / version, version)
        files = [
            project / version / f"{split}.parquet" for version in ("old", "new") for split in DRAWN_SPLITS
        ]
        runs = [
            partial(run_module, project, "stages.cli.bench.diff", "old", "new"),
            partial(run_module, project, "stages.cli.bench.baselines", "read", *files),
        ]
        diff_runs, read_runs = run_alternating(runs, repeat, "diff")
    return [
        measure_slowdown(
            f"diff of two versions of {VERSION_BYTES / 1e9:g} GB",
            "both read with pyarrow",
            [run.seconds for run in diff_runs],
            [run.seconds for run in read_runs],
            max(run.peak_mb for run in diff_runs),
        )
    ]


def _write_copies(dataset: Path, target: Path, version: str) -> None:
    """Write copies of the dataset with their own ids, until the version has about VERSION_BYTES."""
    target.mkdir()
    dataset_bytes = sum((dataset / f"{split}.parquet").stat().st_size for split in DRAWN_SPLITS)
    copies = max(round(VERSION_BYTES / dataset_bytes), 1)
    for split in DRAWN_SPLITS:
        table = pq.read_table(dataset / f"{split}.parquet")
        with pq.ParquetWriter(target / f"{split}.parquet", table.schema, compression="zstd") as writer:
            for copy in range(copies):
                changed = version == "new" and copy % _CHANGE_EVERY == 0
                for batch in table.to_batches(max_chunksize=64):
                    writer.write_batch(_rename_ids(batch, f" {copy}", " changed" if changed else ""))
    (target / "rejects.parquet").symlink_to((dataset / "rejects.parquet").absolute())


def _rename_ids(batch: pa.RecordBatch, copy: str, changed: str) -> pa.RecordBatch:
    """Return the rows with `copy` appended to documents and ids, and `changed` to ids."""
    columns = {name: batch.column(name) for name in batch.schema.names}
    columns["document"] = _append_suffix(columns["document"], copy)
    columns["id"] = _append_suffix(columns["id"], copy + changed)
    for name in ("chunks", "questions"):
        rows = columns[name]
        inner = rows.flatten()
        fields = [inner.type.field(number) for number in range(inner.type.num_fields)]
        parts = [
            _append_suffix(inner.field(field.name), copy + changed)
            if field.name == "id"
            else inner.field(field.name)
            for field in fields
        ]
        offsets = pc.subtract(rows.offsets, rows.offsets[0])
        columns[name] = pa.ListArray.from_arrays(
            offsets, pa.StructArray.from_arrays(parts, fields=fields), type=rows.type
        )
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=batch.schema)


def _append_suffix(texts: pa.Array, suffix: str) -> pa.Array:
    return pc.binary_join_element_wise(texts, suffix, "")


if __name__ == "__main__":
    old, new = (FolderVersion(Path(name)) for name in sys.argv[1:])
    compare(old, new, DiffFilter())
