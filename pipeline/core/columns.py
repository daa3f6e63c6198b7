"""Convert dataclasses to Arrow columns and back, a whole column at a time.

A row type is a dataclass of `schema.py`. Nested dataclasses are structs, lists are lists, as in
`schema.arrow_schema`. A value costs one attribute access on the way in and one call's share on the way out;
a dict per row would cost ten times as much.
"""

from collections.abc import Callable, Sequence
from itertools import chain, islice
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from pipeline.core.schema import describe_fields

T = TypeVar("T")


def to_record_batch(rows: Sequence[Any], row_type: type, schema: pa.Schema) -> pa.RecordBatch:
    """Return the rows as columns of `schema`, which is that of `row_type` in `schema.arrow_schema`.

    Raises UnicodeEncodeError or pa.ArrowInvalid where a value does not fit its column.
    """
    arrays = [
        _to_array(list(map(attrgetter(name), rows)), inner, is_list, schema.field(name).type)
        for name, inner, is_list in describe_fields(row_type)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _to_array(values: list[Any], inner: type | None, is_list: bool, arrow_type: pa.DataType) -> pa.Array:
    """Return a column of values, None among them. `inner`: the dataclass in it; None: no dataclass."""
    if is_list:
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
