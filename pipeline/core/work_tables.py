"""Tables between the steps of a stage: tasks write them as Parquet, DuckDB reads them and spills to disk.

A table is a folder of files, one per shard. So tasks in any process write it, and no step holds it whole.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.parallel import num_workers

_MEMORY_LIMIT = "128MB"  # of DuckDB; what exceeds it is spilled
_BYTES_PER_GROUP = 1 << 21


class TableWriter:
    """A writer of one shard of a table, as a context manager. The file exists even where it has no row."""

    def __init__(self, folder: Path, table: str, shard: int, schema: pa.Schema) -> None:
        """Open `folder/table/SHARD.parquet`."""
        path = folder / table / f"{shard}.parquet"
        path.parent.mkdir(exist_ok=True)
        self._schema = schema
        # Most columns are hashes, which neither a dictionary nor compression makes smaller.
        self._writer = pq.ParquetWriter(path, schema, compression="none", use_dictionary=False)
        self._pending: list[pa.RecordBatch] = []
        self._pending_bytes = 0

    def write(self, *columns: Any) -> None:
        """Write rows: one sequence of values for each column of the schema."""
        arrays = [pa.array(column, kind) for column, kind in zip(columns, self._schema.types, strict=True)]
        self._pending.append(pa.record_batch(arrays, schema=self._schema))
        self._pending_bytes += self._pending[-1].nbytes
        if self._pending_bytes >= _BYTES_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._pending_bytes:
            self._writer.write_table(pa.Table.from_batches(self._pending, self._schema))
        self._pending, self._pending_bytes = [], 0

    def __enter__(self) -> "TableWriter":
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Complete the file."""
        if kind is None:
            self._flush()
        self._writer.close()


def open_database(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open a database that reads the tables of a folder, and spills into it."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY_LIMIT,
        "threads": num_workers(),
        "temp_directory": str(folder / "spilled"),
        "preserve_insertion_order": False,  # queries name their order
    }
    return duckdb.connect(str(folder / "tables.duckdb"), config=config)


def open_table(database: duckdb.DuckDBPyConnection, folder: Path, table: str) -> None:
    """Make a table that `TableWriter`s wrote a view of the database, in place of an earlier one."""
    pattern = str(folder / table / "*.parquet").replace("'", "''")
    database.execute(f"CREATE OR REPLACE VIEW {table} AS FROM read_parquet('{pattern}')")


def stream(
    database: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[Any] = ()
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query, which other queries may run between."""
    cursor = database.cursor()
    cursor.execute(query, list(parameters))
    while rows := cursor.fetchmany(1024):
        yield from rows
