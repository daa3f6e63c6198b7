"""Thrift's compact protocol, as far as Parquet's footers and page headers need it.

Arrow's own objects for a row group's columns end the process where a footer contradicts itself, and tell
nothing of pages. Here everything is stepped over but the fields that are asked for.
"""

from collections.abc import Mapping
from typing import Any

# The fields to read of a struct, by number; of a struct in it, or a list of them, the fields in turn.
Wanted = Mapping[int, "Wanted | None"]

_STOP, _TRUE, _FALSE, _BYTE, _I64, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 0, 1, 2, 3, 6, 7, 8, 9, 10, 12
_MOST_DEEP = 12


class ThriftError(ValueError):
    """Bytes are not a struct in the compact protocol."""


def read_struct(data: bytes, at: int, wanted: Wanted, depth: int = 0) -> tuple[dict[int, Any], int]:
    """Read the wanted fields of the struct that begins at a byte; give them and one past its end.

    Raises IndexError where it does not end within the data, and ThriftError where it is not a struct.
    """
    if depth > _MOST_DEEP:
        raise ThriftError(f"a struct is nested more than {_MOST_DEEP} deep")
    fields: dict[int, Any] = {}
    field = 0
    while True:
        head = data[at]
        at += 1
        kind = head & 15
        if kind == _STOP:
            return fields, at
        if head > 15:
            field += head >> 4
        else:
            number, at = _varint(data, at)
            field = (number >> 1) ^ -(number & 1)
        if field in wanted:
            fields[field], at = _value(data, at, kind, wanted[field], depth)
        else:
            at = _past(data, at, kind, depth)


def _value(data: bytes, at: int, kind: int, wanted: Wanted | None, depth: int) -> tuple[Any, int]:
    if _BYTE < kind <= _I64:
        number, at = _varint(data, at)
        return (number >> 1) ^ -(number & 1), at
    if kind == _STRUCT:
        return read_struct(data, at, wanted or {}, depth + 1)
    if kind == _BINARY:
        size, at = _varint(data, at)
        return data[at : at + size], at + size
    if kind == _LIST:
        count, inner, at = _list_head(data, at)
        items = []
        for _ in range(count):
            item, at = _value(data, at, inner, wanted, depth + 1)
            items.append(item)
        return items, at
    return None, _past(data, at, kind, depth)


def _past(data: bytes, at: int, kind: int, depth: int) -> int:
    """One past a value that nobody asked for."""
    if _BYTE < kind <= _I64:
        while data[at] > 127:
            at += 1
        return at + 1
    if kind == _BINARY:
        size, at = _varint(data, at)
        return at + size
    if kind == _STRUCT:
        return read_struct(data, at, {}, depth + 1)[1]
    if kind in (_TRUE, _FALSE):
        return at  # it stands in the field's head
    if kind == _BYTE:
        return at + 1
    if kind == _DOUBLE:
        return at + 8
    if kind in (_LIST, _SET) and depth <= _MOST_DEEP:
        count, inner, at = _list_head(data, at)
        if inner in (_TRUE, _FALSE):
            return at + count  # in a list each has a byte
        for _ in range(count):
            at = _past(data, at, inner, depth + 1)
        return at
    raise ThriftError(f"a field is of kind {kind}, which Parquet does not use")


def _list_head(data: bytes, at: int) -> tuple[int, int, int]:
    """(number of items, their kind, where the first begins)."""
    head = data[at]
    at += 1
    count = head >> 4
    if count == 15:
        count, at = _varint(data, at)
    if count > len(data) - at:  # an item takes a byte at least
        raise IndexError(at)
    return count, head & 15, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """(a whole number of seven bits a byte, one past it)."""
    byte = data[at]
    at += 1
    if byte < 128:
        return byte, at
    number = byte & 127
    for shift in range(7, 70, 7):
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
    raise ThriftError("a number has more than 64 bits")
