"""Damaged or hostile Parquet files: one error that names the file, before memory is allocated."""

import struct
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import MemcurateError
from pipeline.core.parquet import ParquetReader


def write_parquet(folder: Path, table: pa.Table, **options: object) -> Path:
    path = folder / "rows.parquet"
    pq.write_table(table, path, **options)
    return path


def read_all_rows(path: Path) -> list[object]:
    with ParquetReader(path, "Mend it.") as file:
        return [row for batch in file.iter_batches() for row in batch.to_pylist()]


def encode_varint(number: int) -> bytes:
    """Encode an integer in zigzag form, as Thrift does."""
    number = number << 1 if number >= 0 else (-number << 1) - 1
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def set_page_size(path: Path, uncompressed: int) -> None:
    """Change the uncompressed size that the header of the first page declares.

    A header begins with its type (field 1: 2 for a dictionary page, 0 for a data page) and that size
    (field 2).
    """
    content = path.read_bytes()
    assert content[:4] == b"PAR1" and content[4] == content[6] == 0x15
    end = 7
    while content[end] & 128:
        end += 1
    path.write_bytes(content[:7] + encode_varint(uncompressed) + content[end + 1 :])


TEXTS = pa.table({"text": [f"row {number} of a few" for number in range(50)]})


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "lz4", "brotli"])
@pytest.mark.parametrize("claimed", [2**31 - 1, 2**30, 2**28 + 2**20, -1, -(2**31)])
def test_a_page_that_declares_gigabytes_is_refused_before_allocation(
    claimed: int, compression: str, tmp_path: Path
) -> None:
    path = write_parquet(tmp_path, TEXTS, compression=compression, use_dictionary=False)
    set_page_size(path, claimed)
    before = pa.default_memory_pool().max_memory()
    with pytest.raises(MemcurateError, match=rf"{path}: cannot be read as Parquet.*Mend it\."):
        read_all_rows(path)
    assert pa.default_memory_pool().max_memory() - before < 2**27


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
@pytest.mark.parametrize("compression", ["none", "zstd", "snappy"])
@pytest.mark.parametrize("columns", [TEXTS, pa.table({"n": pa.array([None, 1, None], pa.int64())})])
def test_intact_files_are_read(
    version: str, dictionary: bool, compression: str, columns: pa.Table, tmp_path: Path
) -> None:
    path = write_parquet(
        tmp_path,
        columns,
        compression=compression,
        use_dictionary=dictionary,
        data_page_version=version,
        data_page_size=64,
        row_group_size=20,
        write_statistics=True,
    )
    assert read_all_rows(path) == columns.to_pylist()


def test_a_header_longer_than_the_first_read_is_parsed(tmp_path: Path) -> None:
    """Statistics hold the smallest and largest text in full."""
    table = pa.table({"text": ["a" * 50_000, "b" * 50_000]})
    assert read_all_rows(write_parquet(tmp_path, table, compression="zstd")) == table.to_pylist()


def test_a_large_row_group_of_text_is_read(tmp_path: Path) -> None:
    table = pa.table({"text": [f"{number} " * 40 for number in range(100_000)]})
    path = write_parquet(tmp_path, table, compression="zstd")
    assert len(read_all_rows(path)) == 100_000


def test_a_run_of_millions_of_equal_values_is_refused(tmp_path: Path) -> None:
    """A few bytes that would be 40 million rows are refused."""
    path = write_parquet(tmp_path, pa.table({"n": pa.nulls(40_000_000, pa.int8())}), row_group_size=2**26)
    assert path.stat().st_size < 2**20
    with pytest.raises(MemcurateError, match="values in"):
        read_all_rows(path)


def test_missing_pages_are_an_error(tmp_path: Path) -> None:
    """The footer declares the number of rows, and the page the number of values."""
    path = write_parquet(
        tmp_path, pa.table({"n": list(range(100))}), use_dictionary=False, compression="none"
    )
    content = path.read_bytes()
    # num_rows of the row group and of the file, and num_values of the column, as the footer has them
    path.write_bytes(content[:500] + content[500:].replace(encode_varint(100), encode_varint(101)))
    with pytest.raises(MemcurateError, match=r"rows\.parquet"):
        read_all_rows(path)


def test_two_columns_of_one_name_are_an_error(tmp_path: Path) -> None:
    path = write_parquet(tmp_path, pa.table([["a"], ["b"]], names=["text", "text"]))
    with pytest.raises(MemcurateError, match=r"rows\.parquet: two columns are named text"):
        read_all_rows(path)


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"PAR1" + bytes(40) + b"PAR1", b"PAR1" + struct.pack("<I", 2**31) + b"PAR1"]
)
def test_a_file_that_is_not_parquet_is_an_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "rows.parquet").write_bytes(content)
    with pytest.raises(MemcurateError, match=r"rows\.parquet: cannot be read as Parquet"):
        read_all_rows(tmp_path / "rows.parquet")


def test_a_folder_or_a_missing_file_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone.parquet"):
        with pytest.raises(MemcurateError, match="cannot be read as Parquet"):
            read_all_rows(path)


@settings(max_examples=400, deadline=5000)
@given(data=st.data())
def test_a_damaged_byte_gives_rows_or_one_error(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No other exception is raised, whichever byte is damaged."""
    folder = tmp_path_factory.getbasetemp()
    compression = data.draw(st.sampled_from(["none", "zstd", "snappy"]))
    nested = pa.table({"text": ["a", None, "é"], "more": [[{"n": 1}], [], None]})
    content = bytearray(write_parquet(folder, nested, compression=compression).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / "rows.parquet").write_bytes(content)
    with suppress(MemcurateError, UnicodeDecodeError):  # the readers of rows check for UTF-8
        read_all_rows(folder / "rows.parquet")
