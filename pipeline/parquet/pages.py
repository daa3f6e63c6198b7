"""What the pages of a Parquet file ask for, read from their headers before anything is allocated.

Arrow allocates a page's buffer by the size that the page's header names, so that one damaged byte asks for
gigabytes. The structs are those of parquet-format: FileMetaData, the footer, and PageHeader.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from os import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from pipeline.parquet.thrift import Wanted, read_struct

_MOST_BYTES = 1 << 28  # uncompressed bytes of a row group that are read whatever its size in the file
_MOST_RATIO = 100  # beyond them: uncompressed to compressed bytes; texts are under 20
_MOST_VALUES = 1 << 24  # of a column, whatever its size: runs of one value take no room
_VALUES_PER_BYTE = 8
_MOST_FOOTER = 1 << 25  # bytes; reading that many takes ten seconds
_WINDOW = 1 << 12  # bytes that nearly every page header fits into; statistics can make one longer

# FileMetaData: row groups, of each its rows and columns, of these path, values, and where their pages begin.
_PATH, _VALUES, _DATA_PAGE, _DICTIONARY_PAGE = 3, 5, 9, 11
_FOOTER: Wanted = {
    4: {1: {3: {_PATH: None, _VALUES: None, _DATA_PAGE: None, _DICTIONARY_PAGE: None}}, 3: None}
}

# PageHeader: kind of page, sizes, and the number of values of those that hold rows.
_KIND, _UNCOMPRESSED, _COMPRESSED = 1, 2, 3
_VALUES_OF = {0: 5, 3: 8}  # kind of page: the field with its number of values
_HEADER: Wanted = {_KIND: None, _UNCOMPRESSED: None, _COMPRESSED: None, 5: {1: None}, 8: {1: None}}


class DamagedPagesError(ValueError):
    """A file contradicts itself or asks for more than it can hold: the message says what and where."""


class Column(NamedTuple):
    """A leaf column of a row group."""

    path: str  # with dots, through lists and structs
    values: int
    first_page: int  # byte


@dataclass(frozen=True, slots=True)
class Group:
    """A row group."""

    rows: int
    columns: list[Column]


def row_groups(path: Path) -> list[Group]:
    """The row groups of a file, by its footer.

    Raises DamagedPagesError or another ValueError where it has no such footer, and OSError.
    """
    state = path.stat()
    return _row_groups(path, state.st_ino, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=8)  # a file is opened again for each of its row groups
def _row_groups(path: Path, _inode: int, size: int, _changed: int) -> list[Group]:
    with path.open("rb") as file:
        file.seek(max(0, size - 8))
        end = file.read()
        length = int.from_bytes(end[:4], "little")
        if end[4:] != b"PAR1" or length + 12 > size:
            raise DamagedPagesError(f"it does not end in a footer: its last bytes are {end!r}")
        if length > _MOST_FOOTER:
            raise DamagedPagesError(f"its footer has {length:,} bytes, {_MOST_FOOTER:,} are read at most")
        file.seek(size - 8 - length)
        footer = file.read(length)
    try:
        fields, _ = read_struct(footer, 0, _FOOTER)
        return [_group(group) for group in fields.get(4) or []]
    except (IndexError, KeyError, TypeError, AttributeError, RecursionError):
        raise DamagedPagesError("its footer is damaged") from None


def _group(fields: dict[int, Any]) -> Group:
    """A RowGroup. Raises KeyError and others where a field is missing or of another kind."""
    rows, columns = fields[3], [_column(chunk[3]) for chunk in fields[1]]
    if rows < 0:
        raise DamagedPagesError(f"a row group has {rows} rows")
    return Group(rows, columns)


def _column(fields: dict[int, Any]) -> Column:
    """A ColumnMetaData."""
    path = b".".join(fields[_PATH]).decode(errors="replace")
    begins = [fields[_DATA_PAGE], fields.get(_DICTIONARY_PAGE, 0)]
    return Column(path, fields[_VALUES], min(filter(None, begins), default=0))


def bytes_asked(file: BinaryIO, group: Group, chosen: Callable[[str], bool]) -> int:
    """Add up the uncompressed bytes of the columns of a row group that are chosen by their paths.

    Raises DamagedPagesError where a page leads outside the file, where pages are missing, and where together
    they ask for more than any text of that size on disk does.
    """
    size = file.seek(0, SEEK_END)
    compressed = uncompressed = 0
    for column in group.columns:
        if not chosen(column.path):
            continue
        found = _walk(file, size, column)
        compressed += found.compressed
        uncompressed += found.uncompressed
        if found.values < group.rows:
            raise DamagedPagesError(f"column {column.path} has {found.values} values for {group.rows} rows")
        if found.values > max(_MOST_VALUES, _VALUES_PER_BYTE * found.uncompressed):
            raise DamagedPagesError(
                f"column {column.path} has {found.values:,} values in {found.uncompressed:,} bytes"
            )
    if uncompressed > max(_MOST_BYTES, _MOST_RATIO * compressed):
        raise DamagedPagesError(
            f"{compressed:,} bytes of a row group would become {uncompressed:,}: that is damage, or a bomb"
        )
    return uncompressed


class _Found(NamedTuple):
    """The pages of a column."""

    compressed: int  # bytes
    uncompressed: int  # bytes
    values: int


def _walk(file: BinaryIO, size: int, column: Column) -> _Found:
    """Add up the pages of a column."""
    at = column.first_page
    compressed = uncompressed = values = 0
    while values < column.values:
        header, begin = _header(file, size, at, column.path)
        kind, unpacked, packed = (header.get(field, -1) for field in (_KIND, _UNCOMPRESSED, _COMPRESSED))
        inner = header.get(_VALUES_OF.get(kind, 0), {})
        count = inner.get(1, 0) if isinstance(inner, dict) else -1
        if min(kind, unpacked, packed, count) < 0 or begin + packed > size:
            raise DamagedPagesError(f"column {column.path}: the page at byte {at} is damaged")
        compressed += packed
        uncompressed += unpacked
        values += count
        at = begin + packed
    return _Found(compressed, uncompressed, values)


def _header(file: BinaryIO, size: int, at: int, column: str) -> tuple[dict[int, Any], int]:
    """(the fields of the page header at a byte, where its page begins)."""
    window = _WINDOW
    while 0 <= at < size:
        file.seek(at)
        try:
            fields, end = read_struct(file.read(window), 0, _HEADER)
            return fields, at + end
        except IndexError:
            if at + window >= size:
                break
            window *= 16
        except (ValueError, RecursionError) as error:
            raise DamagedPagesError(f"column {column}: the page at byte {at} is damaged: {error}") from None
    raise DamagedPagesError(f"column {column}: the page at byte {at} leads outside the file")
