"""Check the sizes that Parquet page headers declare, before Arrow allocates memory for them.

Arrow allocates a page's buffer by the size in the page's header, so one damaged byte can ask for gigabytes.
The structs are those of parquet-format: FileMetaData, the footer, and PageHeader.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from os import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from pipeline.core.parquet.thrift import FieldSelection, read_struct

_MAX_ROW_GROUP_BYTES = 1 << 28  # uncompressed; beyond them the compression ratio is checked
_MAX_COMPRESSION_RATIO = 100  # uncompressed to compressed bytes; texts are under 20
_MAX_COLUMN_VALUES = 1 << 24  # beyond them values per byte are checked: runs of one value take no bytes
_MAX_VALUES_PER_BYTE = 8
_MAX_FOOTER_BYTES = 1 << 25  # reading that many takes ten seconds
_HEADER_WINDOW_BYTES = 1 << 12  # nearly every page header fits; statistics can make one longer

# FileMetaData: row groups; of each its rows and columns; of each column its path, values and first pages.
_PATH, _VALUES, _DATA_PAGE, _DICTIONARY_PAGE = 3, 5, 9, 11
_FOOTER_FIELDS: FieldSelection = {
    4: {1: {3: {_PATH: None, _VALUES: None, _DATA_PAGE: None, _DICTIONARY_PAGE: None}}, 3: None}
}

# PageHeader: page type, sizes, and the number of values of pages that hold rows.
_PAGE_TYPE, _UNCOMPRESSED, _COMPRESSED = 1, 2, 3
_VALUE_COUNT_FIELDS = {0: 5, 3: 8}  # by page type
_HEADER_FIELDS: FieldSelection = {
    _PAGE_TYPE: None,
    _UNCOMPRESSED: None,
    _COMPRESSED: None,
    5: {1: None},
    8: {1: None},
}


class DamagedPagesError(ValueError):
    """An error of a file that contradicts itself or declares more than it can hold, with the position."""


class ColumnChunk(NamedTuple):
    """A leaf column of a row group."""

    path: str  # dotted, through lists and structs
    values: int  # number of values
    first_page: int  # byte offset


@dataclass(frozen=True, slots=True)
class RowGroup:
    """A row group, as the footer describes it."""

    rows: int
    columns: list[ColumnChunk]


def read_row_groups(path: Path) -> list[RowGroup]:
    """Read the row groups of a file from its footer.

    Raises DamagedPagesError or another ValueError where the footer is damaged, and OSError.
    """
    state = path.stat()
    return _read_row_groups(path, state.st_ino, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=8)  # a file is opened again for each of its row groups
def _read_row_groups(path: Path, _inode: int, size: int, _changed: int) -> list[RowGroup]:
    with path.open("rb") as file:
        file.seek(max(0, size - 8))
        end = file.read()
        length = int.from_bytes(end[:4], "little")
        if end[4:] != b"PAR1" or length + 12 > size:
            raise DamagedPagesError(f"it does not end in a footer: its last bytes are {end!r}")
        if length > _MAX_FOOTER_BYTES:
            raise DamagedPagesError(
                f"its footer has {length:,} bytes, {_MAX_FOOTER_BYTES:,} are read at most"
            )
        file.seek(size - 8 - length)
        footer = file.read(length)
    try:
        fields, _ = read_struct(footer, 0, _FOOTER_FIELDS)
        return [_parse_row_group(group) for group in fields.get(4) or []]
    except (IndexError, KeyError, TypeError, AttributeError, RecursionError):
        raise DamagedPagesError("its footer is damaged") from None


def _parse_row_group(fields: dict[int, Any]) -> RowGroup:
    """Parse a row group. Raises KeyError and others where a field is missing or of another type."""
    rows, columns = fields[3], [_parse_column_chunk(chunk[3]) for chunk in fields[1]]
    if rows < 0:
        raise DamagedPagesError(f"a row group has {rows} rows")
    return RowGroup(rows, columns)


def _parse_column_chunk(fields: dict[int, Any]) -> ColumnChunk:
    """Parse a ColumnMetaData."""
    path = b".".join(fields[_PATH]).decode(errors="replace")
    offsets = [fields[_DATA_PAGE], fields.get(_DICTIONARY_PAGE, 0)]
    return ColumnChunk(path, fields[_VALUES], min(filter(None, offsets), default=0))


def count_uncompressed_bytes(file: BinaryIO, group: RowGroup, is_selected: Callable[[str], bool]) -> int:
    """Sum the uncompressed bytes of the columns of a row group for whose paths `is_selected` is true.

    Raises DamagedPagesError where a page leads outside the file, where pages are missing, and where the pages
    together declare more than any text of that size on disk holds.
    """
    size = file.seek(0, SEEK_END)
    compressed = uncompressed = 0
    for column in group.columns:
        if not is_selected(column.path):
            continue
        totals = _sum_pages(file, size, column)
        compressed += totals.compressed
        uncompressed += totals.uncompressed
        if totals.values < group.rows:
            raise DamagedPagesError(f"column {column.path} has {totals.values} values for {group.rows} rows")
        if totals.values > max(_MAX_COLUMN_VALUES, _MAX_VALUES_PER_BYTE * totals.uncompressed):
            raise DamagedPagesError(
                f"column {column.path} has {totals.values:,} values in {totals.uncompressed:,} bytes"
            )
    if uncompressed > max(_MAX_ROW_GROUP_BYTES, _MAX_COMPRESSION_RATIO * compressed):
        raise DamagedPagesError(
            f"{compressed:,} bytes of a row group would become {uncompressed:,}: that is damage, or a bomb"
        )
    return uncompressed


class _PageTotals(NamedTuple):
    """The totals of a column's pages."""

    compressed: int  # bytes
    uncompressed: int  # bytes
    values: int


def _sum_pages(file: BinaryIO, size: int, column: ColumnChunk) -> _PageTotals:
    """Sum the sizes and values of a column's pages."""
    offset = column.first_page
    compressed = uncompressed = values = 0
    while values < column.values:
        header, page_offset = _read_page_header(file, size, offset, column.path)
        kind, unpacked, packed = (header.get(field, -1) for field in (_PAGE_TYPE, _UNCOMPRESSED, _COMPRESSED))
        inner = header.get(_VALUE_COUNT_FIELDS.get(kind, 0), {})
        count = inner.get(1, 0) if isinstance(inner, dict) else -1
        if min(kind, unpacked, packed, count) < 0 or page_offset + packed > size:
            raise DamagedPagesError(f"column {column.path}: the page at byte {offset} is damaged")
        compressed += packed
        uncompressed += unpacked
        values += count
        offset = page_offset + packed
    return _PageTotals(compressed, uncompressed, values)


def _read_page_header(file: BinaryIO, size: int, offset: int, column: str) -> tuple[dict[int, Any], int]:
    """Return (the fields of the page header at `offset`, the offset of its page)."""
    window = _HEADER_WINDOW_BYTES
    while 0 <= offset < size:
        file.seek(offset)
        try:
            fields, end = read_struct(file.read(window), 0, _HEADER_FIELDS)
            return fields, offset + end
        except IndexError:
            if offset + window >= size:
                break
            window *= 16
        except (ValueError, RecursionError) as error:
            raise DamagedPagesError(
                f"column {column}: the page at byte {offset} is damaged: {error}"
            ) from None
    raise DamagedPagesError(f"column {column}: the page at byte {offset} leads outside the file")
