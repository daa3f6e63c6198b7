"""Read Parquet files safely.

Every error of a file is a MemcurateError that names it, and a page is checked before memory is allocated.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.errors import MemcurateError
from pipeline.core.parquet.pages import count_uncompressed_bytes, read_row_groups

# Arrow's own errors derive from these too; a string that is not UTF-8 is a ValueError.
_ARROW_ERRORS = (pa.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError, MemoryError)

_BATCH_BYTES = 1 << 23  # uncompressed size of the rows in memory at a time
_MAX_BATCH_ROWS = 1024


@contextmanager
def convert_arrow_errors(path: Path, advice: str) -> Iterator[None]:
    """Convert Arrow's errors into a MemcurateError that names the file and ends with `advice`."""
    try:
        yield
    except _ARROW_ERRORS as error:
        message = " ".join((str(error) or type(error).__name__).split())
        raise MemcurateError(f"{path}: cannot be read as Parquet ({message[:300]}). {advice}") from error


class ParquetReader:
    """A Parquet file that is read by row group, as a context manager."""

    def __init__(self, path: Path, advice: str) -> None:
        """Open a file; `advice` ends the message about one that cannot be read.

        Raises MemcurateError when it is missing or not Parquet, or when two columns have one name.
        """
        self.path = path
        self._advice = advice
        with convert_arrow_errors(path, advice):
            size = max(1, path.stat().st_size)  # bounds the lengths that the footer declares
            self._file = pq.ParquetFile(
                path,
                pre_buffer=False,
                thrift_string_size_limit=min(size, 100_000_000),
                thrift_container_size_limit=min(size, 1_000_000),
            )
            self.schema: pa.Schema = self._file.schema_arrow
            self._row_groups = read_row_groups(path)
        repeated = sorted({name for name in self.schema.names if self.schema.names.count(name) > 1})
        if repeated:
            raise MemcurateError(f"{path}: two columns are named {', '.join(repeated)}. {advice}")

    @property
    def row_group_sizes(self) -> list[int]:
        """Number of rows of each row group."""
        return [group.rows for group in self._row_groups]

    def __enter__(self) -> "ParquetReader":
        """Return the reader."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def metadata(self) -> dict[str, str]:
        """Return the metadata of the file's schema. Raises MemcurateError when it is not text."""
        with convert_arrow_errors(self.path, self._advice):
            return {key.decode(): value.decode() for key, value in (self.schema.metadata or {}).items()}

    def verify_pages(self) -> None:
        """Check the pages of all columns. Raises MemcurateError where one is damaged."""
        for group_index in range(len(self._row_groups)):
            self._uncompressed_bytes(group_index, None)

    def iter_batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order, in batches of a few MB.

        `columns`: dotted paths of the columns to read; a struct's path stands for all of it.
        Raises MemcurateError as `read_row_group` does.
        """
        rows = _MAX_BATCH_ROWS
        for group_index, group in enumerate(self._row_groups):
            uncompressed = self._uncompressed_bytes(group_index, columns)
            if group.rows:
                rows = max(1, min(rows, _BATCH_BYTES * group.rows // max(1, uncompressed)))
        read = 0
        with convert_arrow_errors(self.path, self._advice):
            batches = self._file.iter_batches(rows, columns=columns)
        while True:
            with convert_arrow_errors(self.path, self._advice):
                batch = next(batches, None)
            if batch is None:
                break
            read += batch.num_rows
            yield batch
        self._verify_row_count(read, sum(self.row_group_sizes))

    def read_row_group(self, group_index: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a whole row group; `columns` as in `iter_batches`.

        Raises MemcurateError when it is damaged, or its pages declare more than the file can hold.
        """
        self._uncompressed_bytes(group_index, columns)
        with convert_arrow_errors(self.path, self._advice):
            table = self._file.read_row_group(group_index, columns=columns)
        self._verify_row_count(table.num_rows, self._row_groups[group_index].rows)
        return table

    def _verify_row_count(self, read: int, expected: int) -> None:
        if read != expected:
            raise MemcurateError(
                f"{self.path}: {read} rows were read, but the footer says {expected}. {self._advice}"
            )

    def _uncompressed_bytes(self, group_index: int, columns: Sequence[str] | None) -> int:
        """Return the uncompressed bytes of a row group's columns, after a check of their pages."""

        def is_selected(path: str) -> bool:
            return columns is None or any(path == name or path.startswith(f"{name}.") for name in columns)

        with convert_arrow_errors(self.path, self._advice), self.path.open("rb", buffering=0) as file:
            return count_uncompressed_bytes(file, self._row_groups[group_index], is_selected)
