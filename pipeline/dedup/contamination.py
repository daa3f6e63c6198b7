"""Decontamination: find instances that share text with protected ones, of test or of any evaluation set.

Two instances share text when they share a segment, by its id, or an n-gram of `ngram_size` words: of the
segments of a chunk, one after the other, or of a question. A question of fewer words counts whole, if it has
at least eight. Of a question only its own text counts: the template of a rule-based question is the same
everywhere, and a summary question is nothing but its template.

The n-grams of protected instances are written first (`protect`). A filter of bits made of them rules out most
n-grams of the others (`OverlapWriter`). DuckDB joins the rest with the protected ones (`find_overlaps`).
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.parallel import map_shards
from pipeline.core.rejection import Rejection
from pipeline.core.work_tables import TableWriter, open_table, stream
from pipeline.dedup.instance_texts import InstanceWords, Mask, Shard, TextColumns, read_texts
from pipeline.text.normalize import words
from pipeline.text.shingles import Hashes, Indices

_MIN_QUESTION_WORDS = 8  # shorter questions are too common to count

_BITS = np.left_shift(1, np.arange(8)).astype(np.uint8)
_FILTER_FILE = "protected.bits"
_MAX_FILTER_BITS = 28  # of a hash; the file is then 32 MB
_FILTER_BITS_PER_NGRAM = 16

_NGRAMS = pa.schema([("ngram", pa.uint64())])
_SEGMENTS = pa.schema([("number", pa.int64()), ("segment", pa.string())])
_SUSPECTS = pa.schema(
    [("number", pa.int64()), ("ngram", pa.uint64()), ("text", pa.int64()), ("position", pa.int64())]
)


def mark_protected(columns: TextColumns, eval_only_sources: Collection[str]) -> Mask:
    """Mark the instances that train must not share text with."""
    pairs = zip(columns.splits, columns.sources, strict=True)
    return np.array([split != "train" or source in eval_only_sources for split, source in pairs], np.bool_)


def protect(shards: Sequence[Shard], folder: Path, ngram_size: int, eval_only_sources: Sequence[str]) -> None:
    """Write the segments and n-grams of the protected instances, and the filter, into a folder."""
    task = partial(_protect_shard, folder=folder, ngram_size=ngram_size, eval_only_sources=eval_only_sources)
    count = sum(map_shards(task, shards, "protected n-grams"))
    num_bits = min(max(16, (_FILTER_BITS_PER_NGRAM * count).bit_length()), _MAX_FILTER_BITS)
    bits = np.zeros(1 << (num_bits - 3), np.uint8)
    for path in (folder / "protected_ngrams").glob("*.parquet"):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                for index, bit in _filter_places(batch.column(0).to_numpy(), num_bits):
                    np.bitwise_or.at(bits, index, bit)
    bits.tofile(folder / _FILTER_FILE)


def _protect_shard(shard: Shard, folder: Path, ngram_size: int, eval_only_sources: Sequence[str]) -> int:
    """Write the segments and n-grams of a shard's protected instances; return the number of n-grams."""
    count = 0
    with (
        TableWriter(folder, "protected_ngrams", shard.index, _NGRAMS) as ngrams,
        TableWriter(folder, "protected_segments", shard.index, _SEGMENTS) as segments,
    ):
        for columns in read_texts(shard):
            protected = mark_protected(columns, eval_only_sources)
            segments.write(*columns.segment_ids(protected))
            for row in np.flatnonzero(protected).tolist():
                hashes, _, _ = columns.words(row).ngrams(ngram_size, _MIN_QUESTION_WORDS)
                ngrams.write(hashes)
                count += len(hashes)
    return count


def _filter_places(hashes: Hashes, num_bits: int) -> Iterator[tuple[Indices, npt.NDArray[np.uint8]]]:
    """Yield the two places of each hash in the filter, as (byte, bit): by its first bits, and by its last."""
    for places in (hashes >> np.uint64(64 - num_bits), hashes & np.uint64((1 << num_bits) - 1)):
        yield (places >> np.uint64(3)).astype(np.int64), _BITS[places & np.uint64(7)]


class OverlapWriter:
    """A writer of what the train instances of a shard may share with protected ones, as a context manager."""

    def __init__(self, folder: Path, shard: int, ngram_size: int) -> None:
        """Write beside the tables of `protect`, which must be complete."""
        self._ngram_size = ngram_size
        self._filter = np.asarray(np.memmap(folder / _FILTER_FILE, np.uint8, "r"))
        self._num_bits = len(self._filter).bit_length() + 2
        self._stack = ExitStack()
        self._suspects = self._stack.enter_context(TableWriter(folder, "suspects", shard, _SUSPECTS))
        self._segments = self._stack.enter_context(TableWriter(folder, "train_segments", shard, _SEGMENTS))

    def __enter__(self) -> "OverlapWriter":
        """Return the writer."""
        return self

    def __exit__(self, *error: Any) -> None:
        """Complete the files."""
        self._stack.__exit__(*error)

    def add_segments(self, columns: TextColumns, rows: Mask) -> None:
        """Write the segments of the rows that `rows` marks."""
        self._segments.write(*columns.segment_ids(rows))

    def add_ngrams(self, number: int, instance: InstanceWords) -> None:
        """Write the n-grams of an instance that the filter does not rule out."""
        hashes, texts, positions = instance.ngrams(self._ngram_size, _MIN_QUESTION_WORDS)
        (first, first_bit), (last, last_bit) = _filter_places(hashes, self._num_bits)
        likely = np.flatnonzero((self._filter[first] & first_bit != 0) & (self._filter[last] & last_bit != 0))
        if len(likely):
            self._suspects.write(
                np.full(len(likely), number), hashes[likely], texts[likely], positions[likely]
            )


def write_overlaps(shard: Shard, folder: Path, ngram_size: int) -> None:
    """Write what the train instances of a shard may share with protected ones."""
    with OverlapWriter(folder, shard.index, ngram_size) as writer:
        for columns in read_texts(shard):
            train = ~mark_protected(columns, ())
            writer.add_segments(columns, train)
            for row in np.flatnonzero(train).tolist():
                writer.add_ngrams(columns.numbers[row], columns.words(row))


def find_overlaps(
    database: duckdb.DuckDBPyConnection, shards: Sequence[Shard], folder: Path, ngram_size: int
) -> Iterator[tuple[int, Rejection]]:
    """Yield (number, rejection) of each train instance that shares text with a protected one.

    The tables of `protect` and of an `OverlapWriter` for each shard must be complete.
    """
    for table in ("protected_ngrams", "protected_segments", "suspects", "train_segments"):
        open_table(database, folder, table)
    database.execute("""
        CREATE TABLE shared_segments AS
        SELECT number, count(*) AS segments FROM train_segments
        WHERE segment IN (SELECT segment FROM protected_segments) GROUP BY number
    """)
    database.execute("""
        CREATE TABLE shared_ngrams AS
        SELECT number, count(*) AS ngrams, min((text << 32) + position) AS first FROM suspects
        WHERE ngram IN (SELECT ngram FROM protected_ngrams)
            AND number NOT IN (SELECT number FROM shared_segments)
        GROUP BY number
    """)
    for number, segments in stream(database, "FROM shared_segments"):
        yield number, Rejection("shares text with test", f"{segments} segments stand in test too")
    found: list[list[tuple[int, int, int]]] = [[] for _ in shards]
    shard_index = 0
    for number, ngrams, first in stream(database, "FROM shared_ngrams ORDER BY number"):
        while shard_index + 1 < len(shards) and shards[shard_index + 1].first_row <= number:
            shard_index += 1
        found[shard_index].append((number, ngrams, first))
    jobs = [(shard, of_shard) for shard, of_shard in zip(shards, found, strict=True) if of_shard]
    for rejections in map_shards(partial(_quote_ngrams, ngram_size=ngram_size), jobs, "shared n-grams"):
        yield from rejections


def _quote_ngrams(
    job: tuple[Shard, list[tuple[int, int, int]]], ngram_size: int
) -> list[tuple[int, Rejection]]:
    """Return (number, rejection) of some instances: each (number, shared n-grams, place of the first)."""
    shard, found = job
    of_number = {number: (ngrams, first) for number, ngrams, first in found}
    rejections = []
    for columns in read_texts(shard):
        for row, number in enumerate(columns.numbers.tolist()):
            if number in of_number:
                ngrams, first = of_number[number]
                text_index, position = divmod(first, 1 << 32)
                found_words = words(columns.texts(row)[text_index])
                quote = " ".join(found_words[position : position + ngram_size])
                detail = f"{ngrams} runs of words stand in test too, the first: {quote!r}"
                rejections.append((number, Rejection("shares text with test", detail)))
    return rejections
