"""The rows of a raw Parquet file, a batch or a row group in memory at a time.

A cell that Python cannot hold never loses its row: a string that is not UTF-8 is its bytes, and a timestamp
beyond the year 9999 an UnreadableCell, so that only readers of that field reject the row.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, get_args, overload

import pyarrow as pa
from pydantic import BaseModel

from pipeline.errors import MemcurateError
from pipeline.parquet import ParquetReader


@dataclass(frozen=True, slots=True)
class UnreadableCell:
    """A cell that has no value in Python."""

    why: str


class Rows(Sequence[Any]):
    """The rows of a Parquet file as dicts."""

    def __init__(self, path: Path, columns: Sequence[str] | None = None, advice: str | None = None) -> None:
        """`columns`: paths of the columns to read, as `columns_of` gives them; `advice`: what to do about a
        file that cannot be read, where it is not one that was fetched.

        Raises MemcurateError when the file is missing, not Parquet or damaged.
        """
        self._path = path
        self._columns = columns
        self._advice = advice or f"Run `dvc repro fetch@{path.parent.name}`, or mend the file."
        self._file = ParquetReader(path, self._advice)
        if columns is None:
            self._file.verify()
        self._starts = [0, *accumulate(self._file.group_sizes)]
        self._held: tuple[int, pa.Table] = (-1, pa.table({}))

    def of(self, shape: type[BaseModel]) -> "Rows":
        """The same rows with no other columns than a model reads.

        Raises MemcurateError when a column is missing that the model requires.
        """
        names = self._file.schema.names
        for name, field in shape.model_fields.items():
            column = str(field.validation_alias or name)
            if field.is_required() and column not in names:
                raise MemcurateError(
                    f"{self._path} has no column {column!r}, only {', '.join(names)[:200]}: check its locator"
                )
        return Rows(self._path, columns_of(shape, self._file.schema), self._advice)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for batch in self._file.batches(self._columns):
            yield from _dicts(batch)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        """A row, or some. Raises IndexError."""
        if isinstance(place, slice):
            return [self[n] for n in range(*place.indices(len(self)))]
        if not 0 <= place < len(self):
            raise IndexError(place)
        group = bisect_right(self._starts, place) - 1
        if self._held[0] != group:
            self._held = (group, self._file.group(group, self._columns))
        return _dicts(self._held[1].slice(place - self._starts[group], 1))[0]


def columns_of(shape: type[BaseModel], schema: pa.Schema) -> list[str]:
    """Paths of the columns that hold the fields of a model, nested ones where both sides have them nested."""
    return [path for field in schema for path in _paths_of(shape, field)]


def _paths_of(shape: type[BaseModel], column: pa.Field) -> list[str]:
    """Paths of a column, or of what is read in it; none where the model has no such field."""
    for name, field in shape.model_fields.items():
        if column.name != (field.validation_alias or name):
            continue
        inner = [one for one in (field.annotation, *get_args(field.annotation)) if _is_model(one)]
        if not inner or not pa.types.is_struct(column.type):
            return [column.name]
        below = [path for part in column.type for path in _paths_of(inner[0], part)]
        return [f"{column.name}.{path}" for path in below]
    return []


def _is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def _dicts(table: pa.Table | pa.RecordBatch) -> list[dict[str, Any]]:
    """The rows of a table, cell by cell where Arrow cannot give them whole."""
    try:
        rows: list[dict[str, Any]] = table.to_pylist()
    except (ValueError, OverflowError, TypeError, pa.ArrowException):
        names = table.schema.names
        cells = zip(*([_cell(scalar) for scalar in column] for column in table.columns), strict=True)
        rows = [dict(zip(names, row, strict=True)) for row in cells]
    return rows


def _cell(scalar: pa.Scalar) -> Any:
    """The value of a cell, with bytes and UnreadableCells where there is none."""
    try:
        return scalar.as_py()
    except (ValueError, OverflowError, TypeError, pa.ArrowException) as error:
        if isinstance(scalar, pa.StructScalar):
            names = [field.name for field in scalar.type]
            return {name: _cell(scalar[place]) for place, name in enumerate(names)}
        if isinstance(scalar, pa.ListScalar) and not isinstance(scalar, pa.MapScalar):
            return [_cell(item) for item in scalar.values]
        if isinstance(scalar, pa.StringScalar):
            return scalar.as_buffer().to_pybytes()
        return UnreadableCell(str(error))
