"""Columns of published files that hold lists of texts or of objects.

A list is a JSON string, or a list of Parquet; its objects are structs, or JSON strings. It may also be a
struct of lists, which `datasets` makes of a list of structs, or a single struct. A null value counts as a
missing key: in Parquet, a struct has the keys of all rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.core.json_reader import DuplicateKeyObject, check_bounds, load_json_with_duplicates

Path = tuple[str | int, ...]  # keys and indices of a value in a row


class Item(NamedTuple):
    """A text or an object of a list column; the values of an object may be in several lists of a struct."""

    value: Any
    before: Path  # path of the item, or of the struct of lists
    after: Path = ()  # index of the item, in a struct of lists

    def path(self, key: str) -> Path:
        """Return the path of the item's value under a key."""
        return (*self.before, key, *self.after)


def read_column(row: Mapping[str, Any], name: str) -> Any:
    """Return a column's parsed value, without null keys. Raises ValueError for malformed JSON."""
    return _parse(row.get(name), name)


def read_texts(row: Mapping[str, Any], name: str, keys: Sequence[str]) -> list[tuple[Path, Any]]:
    """Return path and value of each text of a list column; an object's text is under the first of `keys`.

    An item without a text is returned as it is. Raises ValueError where the column has another shape.
    """
    texts = []
    for item in _read_items(row, name, keys):
        key = _find_key(item.value, keys)
        texts.append((item.before, item.value) if key is None else (item.path(key), item.value[key]))
    return texts


def read_objects(row: Mapping[str, Any], name: str, keys: Sequence[str]) -> list[Item]:
    """Return the objects of a list column, each with one of `keys`.

    Raises ValueError where the column has another shape, and for malformed JSON.
    """
    return [
        item._replace(value=_parse(item.value, "/".join(map(str, item.before))))
        for item in _read_items(row, name, keys)
    ]


def describe_type(value: Any) -> str:
    """Return the type of a value, for an error message."""
    return "null" if value is None else f"of type {type(value).__name__}"


def _find_key(value: Any, keys: Sequence[str]) -> str | None:
    return next((key for key in keys if key in value), None) if isinstance(value, dict) else None


def _read_items(row: Mapping[str, Any], name: str, keys: Sequence[str]) -> list[Item]:
    """Return the items of a list column. Raises ValueError where it has another shape."""
    value = read_column(row, name)
    if isinstance(value, list):
        return [Item(one, (name, number)) for number, one in enumerate(value)]
    key = _find_key(value, keys)
    if key is None:
        raise ValueError(f"{name}: should be a list, JSON of one, or structs; it is {describe_type(value)}")
    if not isinstance(value[key], list):
        return [Item(value, (name,))]
    count = len(value[key])
    for other, items in value.items():
        if not isinstance(items, list) or len(items) != count:
            found = f"{len(items)} items" if isinstance(items, list) else f"a value {describe_type(items)}"
            raise ValueError(f"{name}/{other}: should be a list of {count} items, as {key} is; it is {found}")
    objects = ({other: items[number] for other, items in value.items()} for number in range(count))
    return [
        Item(_drop_nulls(one, f"{name}/{number}"), (name,), (number,)) for number, one in enumerate(objects)
    ]


def _parse(value: Any, location: str) -> Any:
    """Return a value without null keys, parsed where it is a JSON string. Raises ValueError."""
    try:
        value = load_json_with_duplicates(value) if isinstance(value, str) and value else check_bounds(value)
    except ValueError as error:
        raise ValueError(f"{location}: {error}") from None
    return _drop_nulls(value, location)


def _drop_nulls(value: Any, location: str) -> Any:
    """Return a value without null keys. Raises ValueError for a repeated key, which would lose a value."""
    if isinstance(value, DuplicateKeyObject):
        raise ValueError(f"{location}: the key {value.duplicate_keys[0]!r} is there more than once")
    if isinstance(value, dict):
        return {
            key: _drop_nulls(item, f"{location}/{key}") for key, item in value.items() if item is not None
        }
    if isinstance(value, list):
        return [_drop_nulls(item, f"{location}/{number}") for number, item in enumerate(value)]
    return value
