"""Convert dataclasses to Arrow columns and back, a whole column at a time.

A row type is a dataclass of `schema.py`. Nested dataclasses are structs, lists are lists, as in
`schema.arrow_schema`. A value costs one attribute access on the way in and one call's share on the way out;
a dict per row would cost ten times as much. Rows that are only written need not be made: `ColumnRows` are
columns from the start.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Generic, TypeVar, overload

import numpy as np
import pyarrow as pa

from pipeline.core.schema import describe_fields

T = TypeVar("T")


class ColumnRows(Sequence[T], Generic[T]):
    """Rows of a dataclass that are kept as columns; a row is made when it is looked at."""

    def __init__(self, row_type: Callable[..., T], columns: dict[str, Sequence[Any]]) -> None:
        """`columns`: one for each field, in order and equally long; those of nested rows are ColumnRows."""
        self.columns = columns
        self._row_type = row_type

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.columns.values())))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        """Make a row, or a list of rows for a slice. Raises IndexError."""
        if isinstance(index, slice):
            return list(self)[index]
        return self._row_type(*(column[index] for column in self.columns.values()))

    def __iter__(self) -> Iterator[T]:
        """Make the rows in order."""
        return map(self._row_type, *self.columns.values())

    def __eq__(self, other: object) -> bool:
        """Return whether another sequence has the same rows."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as lists


def column(rows: Sequence[Any], name: str) -> Sequence[Any]:
    """Return the values of a field of rows, in order."""
    return rows.columns[name] if isinstance(rows, ColumnRows) else list(map(attrgetter(name), rows))


def to_record_batch(rows: Sequence[Any], row_type: type, schema: pa.Schema) -> pa.RecordBatch:
    """Return the rows as columns of `schema`, which is that of `row_type` in `schema.arrow_schema`.

    Raises UnicodeEncodeError or pa.ArrowInvalid where a value does not fit its column.
    """
    arrays = [
        _to_array(list(map(attrgetter(name), rows)), inner, is_list, schema.field(name).type)
        for name, inner, is_list in describe_fields(row_type)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def replace_column(table: pa.Table, row_type: type, name: str, rows: Sequence[Any]) -> pa.Table:
    """Return a table of `row_type` with another column: that field of the rows, one for each of the table's.

    Raises what `to_record_batch` raises.
    """
    inner, is_list = next(
        (inner, is_list) for field, inner, is_list in describe_fields(row_type) if field == name
    )
    index = table.schema.get_field_index(name)
    field = table.schema.field(index)
    return table.set_column(
        index, field, _to_array(list(map(attrgetter(name), rows)), inner, is_list, field.type)
    )


def _to_array(values: list[Any], inner: type | None, is_list: bool, arrow_type: pa.DataType) -> pa.Array:
    """Return a column of values, None among them. `inner`: the dataclass in it; None: no dataclass."""
    if is_list:
        if inner is not None and values and all(isinstance(value, ColumnRows) for value in values):
            flat = _to_struct_array(values, inner, arrow_type.value_type)
        else:
            flat = _to_array(list(chain.from_iterable(values)), inner, False, arrow_type.value_type)
        offsets = np.zeros(len(values) + 1, np.int32)
        np.cumsum([len(value) for value in values], out=offsets[1:])
        return pa.ListArray.from_arrays(pa.array(offsets), flat, type=arrow_type)
    if inner is None:
        return pa.array(values, arrow_type)
    if None in values:
        return _to_nullable_structs(values, inner, arrow_type)
    children = [
        _to_array(list(map(attrgetter(name), values)), part, part_is_list, arrow_type.field(name).type)
        for name, part, part_is_list in describe_fields(inner)
    ]
    return pa.StructArray.from_arrays(children, fields=list(arrow_type))


def _to_struct_array(parts: Sequence[Any], inner: type, arrow_type: pa.DataType) -> pa.Array:
    """Return the rows of all parts, which are ColumnRows, one after the other, as a column of structs."""
    children = []
    for name, part_type, part_is_list in describe_fields(inner):
        columns = [part.columns[name] for part in parts]
        child_type = arrow_type.field(name).type
        if all(isinstance(one, ColumnRows) for one in columns) and part_type is not None:
            children.append(_to_struct_array(columns, part_type, child_type))
        else:
            values = list(chain.from_iterable(columns))
            children.append(_to_array(values, part_type, part_is_list, child_type))
    return pa.StructArray.from_arrays(children, fields=list(arrow_type))


def _to_nullable_structs(values: list[Any], inner: type, arrow_type: pa.DataType) -> pa.Array:
    """Return a column of structs of which some are null; another value stands below a null."""
    present = [value for value in values if value is not None]
    if not present:
        return pa.array(values, arrow_type)
    filled = _to_array([value or present[0] for value in values], inner, False, arrow_type)
    mask = pa.array([value is None for value in values])
    return pa.StructArray.from_arrays(filled.flatten(), fields=list(arrow_type), mask=mask)


def from_record_batch(batch: pa.RecordBatch, row_type: type[T]) -> list[T]:
    """Return the rows of a batch that has the columns of `row_type`, and perhaps others.

    Raises UnicodeDecodeError where a string is not UTF-8.
    """
    columns = [
        _from_array(batch.column(name), inner, is_list) for name, inner, is_list in describe_fields(row_type)
    ]
    return _build(row_type, columns, batch.num_rows)


def _build(row_type: Callable[..., T], columns: Sequence[Sequence[Any]], count: int) -> list[T]:
    return list(map(row_type, *columns)) if columns else [row_type() for _ in range(count)]


def _from_array(array: pa.Array, inner: type | None, is_list: bool) -> list[Any]:
    """Return the values of a column: the inverse of `_to_array`."""
    if is_list:
        flat = iter(_from_array(array.flatten(), inner, False))
        return [list(islice(flat, length)) for length in array.value_lengths().to_pylist()]
    if inner is None:
        values: list[Any] = array.to_pylist()
        return values
    if array.null_count:
        present = iter(_from_array(array.drop_null(), inner, False))
        return [next(present) if is_valid else None for is_valid in array.is_valid().to_pylist()]
    columns = [
        _from_array(array.field(name), part, part_is_list)
        for name, part, part_is_list in describe_fields(inner)
    ]
    return _build(inner, columns, len(array))


def to_row(value: Any) -> dict[str, Any]:
    """Convert a dataclass to nested dicts and lists, ready for Arrow."""
    row = {}
    for name, inner, is_list in describe_fields(type(value)):
        part = getattr(value, name)
        if inner is not None and part is not None:
            part = [to_row(item) for item in part] if is_list else to_row(part)
        row[name] = part
    return row


def from_row(row_type: type[T], row: dict[str, Any]) -> T:
    """Build the dataclass of a row: the inverse of `to_row`."""
    values = {}
    for name, inner, is_list in describe_fields(row_type):
        part = row[name]
        if inner is not None and part is not None:
            part = [from_row(inner, item) for item in part] if is_list else from_row(inner, part)
        values[name] = part
    return row_type(**values)
