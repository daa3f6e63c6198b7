"""Read Thrift's compact protocol, as far as Parquet's footers and page headers need it.

Arrow's own objects for a row group's columns crash the process where a footer contradicts itself, and do not
describe pages. Here all fields but the selected ones are skipped.
"""

from collections.abc import Mapping
from typing import Any

# Numbers of the fields to read; for a struct, or a list of structs, the fields to read of it.
FieldSelection = Mapping[int, "FieldSelection | None"]

_STOP, _TRUE, _FALSE, _BYTE, _I64, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 0, 1, 2, 3, 6, 7, 8, 9, 10, 12
_MAX_DEPTH = 12


class ThriftError(ValueError):
    """An error of bytes that are not a struct in the compact protocol."""


def read_struct(
    data: bytes, offset: int, selection: FieldSelection, depth: int = 0
) -> tuple[dict[int, Any], int]:
    """Read the selected fields of the struct at `offset`; return them and the offset after its end.

    Raises IndexError where the struct does not end within the data, and ThriftError where it is not a struct.
    """
    if depth > _MAX_DEPTH:
        raise ThriftError(f"a struct is nested more than {_MAX_DEPTH} deep")
    fields: dict[int, Any] = {}
    field = 0
    while True:
        head = data[offset]
        offset += 1
        kind = head & 15
        if kind == _STOP:
            return fields, offset
        if head > 15:
            field += head >> 4
        else:
            number, offset = _read_varint(data, offset)
            field = (number >> 1) ^ -(number & 1)
        if field in selection:
            fields[field], offset = _read_value(data, offset, kind, selection[field], depth)
        else:
            offset = _skip_value(data, offset, kind, depth)


def _read_value(
    data: bytes, offset: int, kind: int, selection: FieldSelection | None, depth: int
) -> tuple[Any, int]:
    if _BYTE < kind <= _I64:
        number, offset = _read_varint(data, offset)
        return (number >> 1) ^ -(number & 1), offset
    if kind == _STRUCT:
        return read_struct(data, offset, selection or {}, depth + 1)
    if kind == _BINARY:
        size, offset = _read_varint(data, offset)
        return data[offset : offset + size], offset + size
    if kind == _LIST:
        count, inner, offset = _read_list_header(data, offset)
        items = []
        for _ in range(count):
            item, offset = _read_value(data, offset, inner, selection, depth + 1)
            items.append(item)
        return items, offset
    return None, _skip_value(data, offset, kind, depth)


def _skip_value(data: bytes, offset: int, kind: int, depth: int) -> int:
    """Return the offset after a value that is not selected."""
    if _BYTE < kind <= _I64:
        while data[offset] > 127:
            offset += 1
        return offset + 1
    if kind == _BINARY:
        size, offset = _read_varint(data, offset)
        return offset + size
    if kind == _STRUCT:
        return read_struct(data, offset, {}, depth + 1)[1]
    if kind in (_TRUE, _FALSE):
        return offset  # it is part of the field's header
    if kind == _BYTE:
        return offset + 1
    if kind == _DOUBLE:
        return offset + 8
    if kind in (_LIST, _SET) and depth <= _MAX_DEPTH:
        count, inner, offset = _read_list_header(data, offset)
        if inner in (_TRUE, _FALSE):
            return offset + count  # in a list each has a byte
        for _ in range(count):
            offset = _skip_value(data, offset, inner, depth + 1)
        return offset
    raise ThriftError(f"a field is of kind {kind}, which Parquet does not use")


def _read_list_header(data: bytes, offset: int) -> tuple[int, int, int]:
    """Return (number of items, their type, offset of the first)."""
    head = data[offset]
    offset += 1
    count = head >> 4
    if count == 15:
        count, offset = _read_varint(data, offset)
    if count > len(data) - offset:  # an item takes a byte at least
        raise IndexError(offset)
    return count, head & 15, offset


def _read_varint(data: bytes, offset: int) -> tuple[int, int]:
    """Return (an integer of seven bits per byte, the offset after it)."""
    byte = data[offset]
    offset += 1
    if byte < 128:
        return byte, offset
    number = byte & 127
    for shift in range(7, 70, 7):
        byte = data[offset]
        offset += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, offset
    raise ThriftError("a number has more than 64 bits")
