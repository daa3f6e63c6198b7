"""Sketches of instances: the files from which near-duplicates are found without the texts."""

from collections.abc import Sequence
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.core.work_tables import TableWriter
from pipeline.dedup.instance_texts import InstanceWords
from pipeline.dedup.minhash import NUM_VALUES, band_keys, sign
from pipeline.text.shingles import Hashes, sorted_unique

_BIGRAMS_DIR = "bigrams"
_SIGNATURES_DIR = "instance_signatures"

# `text` is a hash of the word pairs, which chunks with the same pairs share.
_CHUNKS = pa.schema(
    [
        ("number", pa.int64()),
        ("position", pa.int64()),
        ("text", pa.uint64()),
        ("shard", pa.int64()),
        ("start", pa.int64()),
        ("size", pa.int64()),
    ]
)
_BANDS = pa.schema([("band", pa.uint64()), ("text", pa.uint64())])
_SIGNATURES = pa.schema([("number", pa.int64()), ("shard", pa.int64()), ("place", pa.int64())])


class Extent(NamedTuple):
    """Hashes in the bigram file of a shard."""

    shard: int
    start: int
    size: int


class SketchWriter:
    """A writer of the sketches of a shard, as a context manager."""

    def __init__(self, folder: Path, shard: int, percent: int) -> None:
        """Write tables of chunks and their bands, and files of word pairs and of instances' signatures."""
        self._shard, self._percent = shard, percent
        self._stack = ExitStack()
        self._chunks, self._bands, self._signatures = (
            self._stack.enter_context(TableWriter(folder, table, shard, schema))
            for table, schema in (("chunks", _CHUNKS), ("chunk_bands", _BANDS), ("signatures", _SIGNATURES))
        )
        self._bigram_file, self._signature_file = (
            self._stack.enter_context(_open_new(path))
            for path in (_bigram_file(folder, shard), _signature_file(folder, shard))
        )
        self._num_bigrams = self._num_signatures = 0

    def __enter__(self) -> "SketchWriter":
        """Return the writer."""
        return self

    def __exit__(self, *error: Any) -> None:
        """Complete the files."""
        self._stack.__exit__(*error)

    def add(self, number: int, instance: InstanceWords, has_examples: bool) -> None:
        """Write the sketch of an instance. A chunk without a word pair is similar to no other."""
        bigrams = instance.chunk_bigrams()
        positions = [position for position, hashes in enumerate(bigrams) if len(hashes)]
        if not positions:
            return
        bigrams = [bigrams[position] for position in positions]
        sizes = np.array([len(hashes) for hashes in bigrams])
        starts = self._num_bigrams + np.cumsum(sizes) - sizes
        self._bigram_file.write(np.concatenate(bigrams).tobytes())
        self._num_bigrams += int(sizes.sum())
        texts = np.array([_hash_set(hashes) for hashes in bigrams], np.uint64)
        same = np.ones(len(positions), np.int64)
        self._chunks.write(number * same, positions, texts, self._shard * same, starts, sizes)
        signatures = np.stack([sign(hashes) for hashes in bigrams])
        keys = band_keys(signatures, self._percent)
        self._bands.write(keys.ravel(), np.repeat(texts, keys.shape[1]))
        if not has_examples:
            self._signature_file.write(signatures.min(axis=0).tobytes())
            self._signatures.write([number], [self._shard], [self._num_signatures])
            self._num_signatures += 1


def read_bigrams(folder: Path, extents: Sequence[Extent]) -> Hashes:
    """Read the word pairs of a text that is in one place, or in several."""
    parts = [
        np.fromfile(_bigram_file(folder, one.shard), np.uint64, one.size, offset=8 * one.start)
        for one in extents
    ]
    return sorted_unique(np.concatenate(parts))


def read_signature(folder: Path, shard: int, place: int) -> Hashes:
    """Read the signature of an instance."""
    offset = 8 * NUM_VALUES * place
    return np.fromfile(_signature_file(folder, shard), np.uint64, NUM_VALUES, offset=offset)


def _bigram_file(folder: Path, shard: int) -> Path:
    return folder / _BIGRAMS_DIR / f"{shard}.hashes"


def _signature_file(folder: Path, shard: int) -> Path:
    return folder / _SIGNATURES_DIR / f"{shard}.hashes"


def _open_new(path: Path) -> BinaryIO:
    path.parent.mkdir(exist_ok=True)
    return path.open("wb")


def _hash_set(hashes: Hashes) -> int:
    """Return a hash of a set of hashes, in 64 bits."""
    return int.from_bytes(blake2b(hashes.tobytes(), digest_size=8).digest(), "little")
