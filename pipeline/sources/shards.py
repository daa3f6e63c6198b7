"""Shards: parts of a source's raw files, which tasks read one by one.

The plan depends on the files alone, never on the number of workers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.parts import iter_groups


@dataclass(frozen=True, slots=True)
class RawShard:
    """Some raw files of a source, in order."""

    raw_dir: Path
    files: tuple[str, ...]  # paths below `raw_dir`

    @property
    def inputs(self) -> list[Path]:
        """The files that are read."""
        return [self.raw_dir / file for file in self.files]


def plan_file_shards(paths: Iterable[Path], raw_dir: Path, shard_bytes: int) -> Iterator[RawShard]:
    """Yield shards of consecutive files that together have about `shard_bytes` bytes."""
    ordered = list(paths)
    for group in iter_groups([path.stat().st_size for path in ordered], shard_bytes):
        yield RawShard(raw_dir, tuple(str(ordered[n].relative_to(raw_dir)) for n in group))
