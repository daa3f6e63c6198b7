"""Shards: parts of a source's raw files, which tasks read one by one.

The plan depends on the files alone, never on the number of workers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.parquet import ParquetReader
from pipeline.core.parts import iter_groups
from pipeline.core.tasks import FileRange

# Of files that exports of chats and folders of notes hold beside texts.
MEDIA_SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".svg", ".tgs", ".mp4", ".mov", ".webm", ".3gp"),
    *(".mp3", ".m4a", ".ogg", ".oga", ".opus", ".aac", ".wav", ".amr", ".pdf", ".docx", ".xlsx", ".vcf"),
)

BYTES_PER_MB = 1 << 20  # of `shard_mb`
_BLOCK_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class FilePart:
    """A raw file, or a range of its records: lines of a JSONL file, row groups of a Parquet file."""

    path: str  # below the source's raw folder
    num_bytes: int  # about
    first_record: int = 0
    start: int = 0  # byte, or row group
    end: int | None = None  # None: to the end


@dataclass(frozen=True, slots=True)
class RawShard:
    """Some parts of a source's raw files, in order."""

    raw_dir: Path
    parts: tuple[FilePart, ...]

    @property
    def num_bytes(self) -> int:
        """The size of the parts, about."""
        return sum(part.num_bytes for part in self.parts)

    @property
    def inputs(self) -> list[Path | FileRange]:
        """Whole files, or ranges of their bytes, that are read."""
        return [
            FileRange(self.raw_dir / part.path, part.start, part.end)
            if part.path.lower().endswith(".jsonl") and part.end is not None
            else self.raw_dir / part.path
            for part in self.parts
        ]


def iter_files(shards: Iterable[RawShard]) -> Iterator[tuple[Path, str]]:
    """Yield (path, path below the raw folder) of the files of shards that divide none."""
    for shard in shards:
        for part in shard.parts:
            yield shard.raw_dir / part.path, part.path


def plan_shards(paths: Iterable[Path], raw_dir: Path, shard_bytes: int) -> Iterator[RawShard]:
    """Yield shards of consecutive parts that together have about `shard_bytes` bytes.

    A part is a file, or some records of a large JSONL or Parquet file. Raises MemcurateError where a Parquet
    file is damaged.
    """
    parts = [part for path in paths for part in _divide(path, str(path.relative_to(raw_dir)), shard_bytes)]
    for group in iter_groups([part.num_bytes for part in parts], shard_bytes):
        yield RawShard(raw_dir, tuple(parts[group.start : group.stop]))


def _divide(path: Path, name: str, shard_bytes: int) -> Iterator[FilePart]:
    """Yield the parts of a file of about `shard_bytes` bytes; the whole file where it is not divided."""
    size, suffix = path.stat().st_size, path.suffix.lower()
    if size > shard_bytes and suffix == ".jsonl":
        yield from _divide_lines(path, name, shard_bytes)
    elif size > shard_bytes and suffix == ".parquet":
        rows = ParquetReader(path, "Mend the file.").row_group_sizes
        num_bytes = [size * count // max(1, sum(rows)) for count in rows]
        for group in iter_groups(num_bytes, shard_bytes):
            first_row = sum(rows[: group.start])
            yield FilePart(name, sum(num_bytes[group.start : group.stop]), first_row, group.start, group.stop)
    else:
        yield FilePart(name, size)


def _divide_lines(path: Path, name: str, shard_bytes: int) -> Iterator[FilePart]:
    """Yield parts of whole lines of at least `shard_bytes` bytes, but for the last."""
    start = first_line = position = lines = 0
    with path.open("rb") as file:
        while block := file.read(min(_BLOCK_BYTES, shard_bytes)):
            rest = b"" if block.endswith(b"\n") else file.readline()
            position += len(block) + len(rest)
            lines += block.count(b"\n") + rest.count(b"\n")
            if position - start >= shard_bytes:
                yield FilePart(name, position - start, first_line, start, position)
                start, first_line = position, lines
    if position > start:
        yield FilePart(name, position - start, first_line, start, position)
