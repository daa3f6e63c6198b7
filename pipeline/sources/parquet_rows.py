"""Read the rows of a raw Parquet file, with a batch or a row group in memory at a time.

A cell without a Python value never costs its row: a string that is not UTF-8 becomes bytes, and a timestamp
beyond the year 9999 an UnreadableCell, so that only models with that field reject the row.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, get_args, overload

import pyarrow as pa
from pydantic import BaseModel

from pipeline.core.errors import MemcurateError
from pipeline.core.parquet import ParquetReader

_ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class UnreadableCell:
    """A cell that has no value in Python."""

    reason: str


class ParquetRows(Sequence[Any]):
    """The rows of a Parquet file as dicts."""

    def __init__(self, path: Path, columns: Sequence[str] | None = None, advice: str | None = None) -> None:
        """Open a file. Raises MemcurateError when it is missing, not Parquet or damaged.

        `columns`: dotted paths of the columns to read, as `model_columns` returns them; None: all. `advice`
        ends error messages; None: the advice to fetch the file again.
        """
        self._path = path
        self._columns = columns
        self._advice = advice or f"Run `dvc repro fetch@{path.parent.name}`, or mend the file."
        self._file = ParquetReader(path, self._advice)
        if columns is None:
            self._file.verify_pages()
        self._group_starts = [0, *accumulate(self._file.row_group_sizes)]
        self._cached_group: tuple[int, pa.Table] = (-1, pa.table({}))

    def select_columns(self, model: type[BaseModel]) -> "ParquetRows":
        """Return the same rows with only the columns that a model reads.

        Raises MemcurateError when a column that the model requires is missing.
        """
        names = self._file.schema.names
        for name, field in model.model_fields.items():
            column = str(field.validation_alias or name)
            if field.is_required() and column not in names:
                raise MemcurateError(
                    f"{self._path} has no column {column!r}, only {', '.join(names)[:200]}: check its locator"
                )
        return ParquetRows(self._path, model_columns(model, self._file.schema), self._advice)

    def iter_row_groups(self, first: int, end: int | None) -> Iterator[dict[str, Any]]:
        """Yield the rows of the row groups [first, end); None: to the last."""
        for group in range(first, len(self._group_starts) - 1 if end is None else end):
            table = self._file.read_row_group(group, self._columns)
            for start in range(0, table.num_rows, _ROWS_AT_ONCE):
                yield from _to_dicts(table.slice(start, _ROWS_AT_ONCE))

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._group_starts[-1])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the rows in order, batch by batch."""
        for batch in self._file.iter_batches(self._columns):
            yield from _to_dicts(batch)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        """Return a row, or a list of rows for a slice. Raises IndexError."""
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        group = bisect_right(self._group_starts, index) - 1
        if self._cached_group[0] != group:
            self._cached_group = (group, self._file.read_row_group(group, self._columns))
        return _to_dicts(self._cached_group[1].slice(index - self._group_starts[group], 1))[0]


def model_columns(model: type[BaseModel], schema: pa.Schema) -> list[str]:
    """Return dotted paths of the columns of a model's fields, nested where both model and schema are."""
    return [path for field in schema for path in _model_paths(model, field)]


def _model_paths(model: type[BaseModel], column: pa.Field) -> list[str]:
    """Return the paths of a column or of its parts; empty where the model has no such field."""
    for name, field in model.model_fields.items():
        if column.name != (field.validation_alias or name):
            continue
        inner = [one for one in (field.annotation, *get_args(field.annotation)) if _is_model(one)]
        if not inner or not pa.types.is_struct(column.type):
            return [column.name]
        below = [path for part in column.type for path in _model_paths(inner[0], part)]
        return [f"{column.name}.{path}" for path in below]
    return []


def _is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def _to_dicts(table: pa.Table | pa.RecordBatch) -> list[dict[str, Any]]:
    """Return the rows of a table, converted cell by cell where Arrow cannot convert the table."""
    try:
        rows: list[dict[str, Any]] = table.to_pylist()
    except (ValueError, OverflowError, TypeError, pa.ArrowException):
        names = table.schema.names
        cells = zip(*([_read_cell(scalar) for scalar in column] for column in table.columns), strict=True)
        rows = [dict(zip(names, row, strict=True)) for row in cells]
    return rows


def _read_cell(scalar: pa.Scalar) -> Any:
    """Return the value of a cell, with bytes or an UnreadableCell where it has no Python value."""
    try:
        return scalar.as_py()
    except (ValueError, OverflowError, TypeError, pa.ArrowException) as error:
        if isinstance(scalar, pa.StructScalar):
            names = [field.name for field in scalar.type]
            return {name: _read_cell(scalar[index]) for index, name in enumerate(names)}
        if isinstance(scalar, pa.ListScalar) and not isinstance(scalar, pa.MapScalar):
            return [_read_cell(item) for item in scalar.values]
        if isinstance(scalar, pa.StringScalar):
            return scalar.as_buffer().to_pybytes()
        return UnreadableCell(str(error))
