"""A reader of Parquet files. Whatever is wrong with a file is a MemcurateError that names it, and a page
is looked at before room is made for it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import MemcurateError
from pipeline.parquet.pages import bytes_asked, row_groups

# What Arrow raises of a file: its own errors are ValueErrors, KeyErrors, MemoryErrors and others as well. A
# string that is not UTF-8 is a ValueError.
_FOREIGN = (pa.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError, MemoryError)

_BATCH_BYTES = 1 << 23  # uncompressed, of the rows that are in memory at a time
_MOST_ROWS = 1024


@contextmanager
def readable(path: Path, advice: str) -> Iterator[None]:
    """Turn what Arrow raises of a file into a MemcurateError that names it."""
    try:
        yield
    except _FOREIGN as error:
        told = " ".join((str(error) or type(error).__name__).split())
        raise MemcurateError(f"{path}: cannot be read as Parquet ({told[:300]}). {advice}") from error


class ParquetReader:
    """A Parquet file that is read by row group, as a context manager."""

    def __init__(self, path: Path, advice: str) -> None:
        """Open a file; `advice` says what to do about one that cannot be read.

        Raises MemcurateError when it is missing or not Parquet, or when two columns have one name.
        """
        self.path = path
        self._advice = advice
        with readable(path, advice):
            size = max(1, path.stat().st_size)  # no name or list of the footer is longer, whatever it claims
            self._file = pq.ParquetFile(
                path,
                pre_buffer=False,
                thrift_string_size_limit=min(size, 100_000_000),
                thrift_container_size_limit=min(size, 1_000_000),
            )
            self.schema: pa.Schema = self._file.schema_arrow
            self._groups = row_groups(path)
        repeated = sorted({name for name in self.schema.names if self.schema.names.count(name) > 1})
        if repeated:
            raise MemcurateError(f"{path}: two columns are named {', '.join(repeated)}. {advice}")

    @property
    def group_sizes(self) -> list[int]:
        """Number of rows of each row group."""
        return [group.rows for group in self._groups]

    def __enter__(self) -> "ParquetReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def metadata(self) -> dict[str, str]:
        """What the file says of itself. Raises MemcurateError when it is not text."""
        with readable(self.path, self._advice):
            return {key.decode(): value.decode() for key, value in (self.schema.metadata or {}).items()}

    def verify(self) -> None:
        """Walk the pages of all columns. Raises MemcurateError where one is damaged, whoever reads it."""
        for number in range(len(self._groups)):
            self._bytes_asked(number, None)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Give the rows in order, as many at a time as take a few MB.

        `columns`: paths of those to read, with what is in them. Raises MemcurateError as `group` does.
        """
        rows = _MOST_ROWS
        for number, group in enumerate(self._groups):
            asked = self._bytes_asked(number, columns)
            if group.rows:
                rows = max(1, min(rows, _BATCH_BYTES * group.rows // max(1, asked)))
        read = 0
        with readable(self.path, self._advice):
            batches = self._file.iter_batches(rows, columns=columns)
        while True:
            with readable(self.path, self._advice):
                batch = next(batches, None)
            if batch is None:
                break
            read += batch.num_rows
            yield batch
        self._verify_rows(read, sum(self.group_sizes))

    def group(self, number: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Give a whole row group.

        Raises MemcurateError when it is damaged, or its pages ask for more than the file can hold.
        """
        self._bytes_asked(number, columns)
        with readable(self.path, self._advice):
            table = self._file.read_row_group(number, columns=columns)
        self._verify_rows(table.num_rows, self._groups[number].rows)
        return table

    def _verify_rows(self, read: int, expected: int) -> None:
        if read != expected:
            raise MemcurateError(
                f"{self.path}: {read} rows were read, and the footer says {expected}. {self._advice}"
            )

    def _bytes_asked(self, number: int, columns: Sequence[str] | None) -> int:
        """Uncompressed bytes of a row group's columns, once their pages are known to be sound."""

        def chosen(path: str) -> bool:
            return columns is None or any(path == name or path.startswith(f"{name}.") for name in columns)

        with readable(self.path, self._advice), self.path.open("rb", buffering=0) as file:
            return bytes_asked(file, self._groups[number], chosen)
