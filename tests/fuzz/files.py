"""Mutations of Parquet files, archives and YAML: other types, nulls, names and values, damaged bytes."""

import io
import tarfile
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tests.fuzz.mutations import PIECES, mutated, mutated_value

_UNFIT = (pa.ArrowException, TypeError, ValueError, OverflowError, KeyError)
_TYPES: tuple[pa.DataType, ...] = (
    *(
        pa.string(),
        pa.large_string(),
        pa.binary(),
        pa.int64(),
        pa.uint64(),
        pa.float64(),
        pa.bool_(),
        pa.null(),
    ),
    *(pa.timestamp("us", "UTC"), pa.date32(), pa.time64("us"), pa.duration("us"), pa.decimal128(20, 3)),
    *(pa.list_(pa.string()), pa.struct([("a", pa.string())]), pa.map_(pa.string(), pa.int32())),
    pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
    pa.dictionary(pa.int32(), pa.string()),
)
_CELLS: tuple[Any, ...] = (
    *(None, "", "text", b"\xff\xd8", 0, 2**63 - 1, 1.5, True, datetime(2024, 1, 1, tzinfo=UTC)),
    *([], ["a", None], {"a": "b"}, {"bytes": b"\x89PNG", "path": None}, [("k", 1)]),
)


def mutated_parquet(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Return a Parquet file with another column or cell, or with damaged bytes."""
    table = _table(data)
    if table is None or random.random() < 0.4:
        return mutated(data, others, random)
    sink = io.BytesIO()
    try:
        for _ in range(random.choice((1, 1, 2, 4))):
            table = _changed(table, random)
        pq.write_table(
            table,
            sink,
            row_group_size=random.choice((1, 2, 1024)),
            compression=random.choice(("zstd", "none")),
        )
    except (*_UNFIT, MemoryError):  # such as a null where the schema allows none, or a damaged text
        return mutated(data, others, random)
    return sink.getvalue()


@lru_cache(maxsize=64)
def _table(data: bytes) -> pa.Table | None:
    """Read a Parquet file; None where it is damaged already."""
    try:
        return pq.read_table(io.BytesIO(data))
    except (*_UNFIT, OSError, MemoryError):
        return None


def _changed(table: pa.Table, random: Random) -> pa.Table:
    if table.num_columns == 0:
        return table
    place = random.randrange(table.num_columns)
    name = table.schema.names[place]
    match random.randrange(7):
        case 0:
            return table.remove_column(place)
        case 1:
            return table.append_column(
                random.choice((name, "more", "id", "")), _column(table.num_rows, random)
            )
        case 2:
            return table.set_column(place, name, _column(table.num_rows, random))
        case 3:
            return table.rename_columns(
                [*table.schema.names[:place], name.upper(), *table.schema.names[place + 1 :]]
            )
        case 4:
            return table.slice(0, random.randint(0, table.num_rows))
        case _:
            return _cells_changed(table, place, name, random)


def _column(rows: int, random: Random) -> pa.Array:
    kind = random.choice(_TYPES)
    try:
        return pa.array([random.choice((None, _fitting(kind))) for _ in range(rows)], kind)
    except _UNFIT:
        return pa.nulls(rows, kind)


def _fitting(kind: pa.DataType) -> Any:
    for cell in _CELLS[1:]:
        try:
            pa.array([cell], kind)
        except _UNFIT:
            continue
        return cell
    return None


def _cells_changed(table: pa.Table, place: int, name: str, random: Random) -> pa.Table:
    """A few cells as mutated values, where the column still takes them; else as null."""
    column, kind = table.column(place).to_pylist(), table.schema.field(place).type
    if not column or pa.types.is_map(kind):  # of a map's null keys pyarrow aborts the process
        return table
    row = random.randrange(len(column))
    value = column[row]
    if isinstance(value, str):
        text = mutated(value.encode(), [value.encode()], random)
        column[row] = text.decode("utf-8", "replace")
    else:
        column[row] = mutated_value(value, random)
    try:
        cells = pa.array(column, kind)
    except _UNFIT:
        return table.slice(1)
    return table.set_column(place, pa.field(name, kind), cells)


def mutated_yaml(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Return a YAML file with another value in one place, or with damaged bytes."""
    value = _yaml(data)
    if value is None or random.random() < 0.5:
        return mutated(data, others, random)
    value = mutated_value(value, random)
    try:
        return yaml.safe_dump(value, allow_unicode=random.random() < 0.5).encode("utf-8", "surrogatepass")
    except (yaml.YAMLError, RecursionError):
        return mutated(data, others, random)


@lru_cache(maxsize=64)
def _yaml(data: bytes) -> Any:
    """Read a YAML file; None where it is damaged already."""
    try:
        return yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def mutated_archive(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Return an archive with odd members, or with damaged bytes."""
    if random.random() < 0.5:
        return mutated(data, others, random)
    names = [_name(random) for _ in range(random.randint(1, 4))]
    sink = io.BytesIO()
    if random.random() < 0.5:
        with zipfile.ZipFile(sink, "w", random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
            for name in names:
                member = zipfile.ZipInfo(name[:60_000])
                member.external_attr = random.choice((0, 0o100644, 0o120777, 0o040755, 0o020666)) << 16
                archive.writestr(member, b"0" * random.choice((0, 10, 1_000_000)))
    else:
        with tarfile.open(fileobj=sink, mode="w:gz") as tar:
            for name in names:
                info = tarfile.TarInfo(name)
                info.type = random.choice(
                    (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE)
                )
                info.linkname = random.choice(("", "/etc/passwd", "../x", name))
                body = b"0" * random.choice((0, 10, 1_000_000)) if info.type == tarfile.REGTYPE else b""
                info.size = len(body)
                tar.addfile(info, io.BytesIO(body))
    return sink.getvalue()


def _name(random: Random) -> str:
    parts = [random.choice(PIECES).decode("utf-8", "replace") for _ in range(random.randint(0, 3))]
    return random.choice(("", "/")).join(["file.txt", *parts][random.randint(0, 1) :])
