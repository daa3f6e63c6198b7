"""Read the texts of instances as Arrow columns: most rows are looked at by number alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.core.question_templates import strip_templates
from pipeline.core.schema import InstanceProjection, QuestionProjection, column_paths
from pipeline.core.storage import iter_row_groups, row_group_sizes
from pipeline.text.shingles import (
    Hashes,
    Indices,
    hash_words,
    mix,
    ngram_hashes,
    ngram_hashes_at,
    sorted_unique,
)

Mask = npt.NDArray[np.bool_]

_MIN_SHARD_BYTES = 4 << 20  # of a file, compressed: some 15 MB of text
_COLUMNS = [name for name in column_paths(InstanceProjection) if not name.endswith(".tokens")]


@dataclass(frozen=True, slots=True)
class Shard:
    """Row groups of a file of instances, the work of one task. Its rows are numbered over all shards."""

    index: int
    path: Path
    group_indices: range
    first_row: int  # number of its first row


def plan_shards(paths: Sequence[Path]) -> list[Shard]:
    """Divide files of instances into shards; at least one for each file."""
    shards: list[Shard] = []
    first_row = 0
    for path in paths:
        sizes = row_group_sizes(path)
        bytes_per_row = path.stat().st_size / max(1, sum(sizes))
        start, rows = 0, 0
        for group_index, size in enumerate(sizes):
            rows += size
            if rows * bytes_per_row >= _MIN_SHARD_BYTES or group_index == len(sizes) - 1:
                shards.append(Shard(len(shards), path, range(start, group_index + 1), first_row))
                first_row += rows
                start, rows = group_index + 1, 0
        if not sizes:
            shards.append(Shard(len(shards), path, range(0), first_row))
    return shards


@dataclass(frozen=True, slots=True)
class InstanceWords:
    """The words of an instance: of its chunks, then of its questions."""

    hashes: Hashes  # of all words, one after the other
    ends: Indices  # where each text begins, and the last ends
    num_chunks: int

    def chunk_bigrams(self) -> list[Hashes]:
        """Return the distinct word pairs of each chunk, as sorted hashes that are spread at random."""
        hashes = mix(ngram_hashes(self.hashes, 2))
        bounds = pairwise(self.ends[: self.num_chunks + 1].tolist())
        return [sorted_unique(hashes[start : max(start, end - 1)]) for start, end in bounds]

    def ngrams(self, n: int, min_question_words: int) -> tuple[Hashes, Indices, Indices]:
        """Return (hash, index of the text, position in it) of each n-gram.

        A question of fewer words than `n` and at least `min_question_words` is an n-gram whole.
        """
        sizes = np.diff(self.ends)
        lengths = np.full(len(sizes), n)
        lengths[self.num_chunks :] = np.minimum(n, np.maximum(sizes[self.num_chunks :], min_question_words))
        counts = np.maximum(0, sizes - lengths + 1)
        texts = np.repeat(np.arange(len(sizes)), counts)
        positions = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return ngram_hashes_at(self.hashes, self.ends[texts] + positions, lengths[texts]), texts, positions


class TextColumns:
    """The instances of a row group, for deduplication. Rows are counted from 0."""

    def __init__(self, table: pa.Table, first_row: int) -> None:
        """Wrap a row group; `first_row` is the number of its first row over all shards."""
        self.num_rows = table.num_rows
        self.numbers = np.arange(first_row, first_row + table.num_rows)
        self.ids, self.sources, self.splits, self.documents = (
            table.column(name).to_pylist() for name in ("id", "source", "split", "document")
        )
        self._chunk_ends, chunks = _list_column(table.column("chunks"))
        self._question_ends, questions = _list_column(table.column("questions"))
        label_ends, _ = _list_column(table.column("labels"))
        self.has_examples: Mask = np.diff(label_ends) > 0
        self.num_chunks = np.diff(self._chunk_ends)
        self._texts = chunks.field("text")
        self._segment_ends, segments = _list_column(chunks.field("segments"))
        self._segment_ids = segments.field("id")
        self._starts = segments.field("start").to_numpy()
        self._stops = segments.field("end").to_numpy()
        self._questions, self._origins = questions.field("text"), questions.field("origin")

    def texts(self, row: int) -> list[str]:
        """Return the text of each chunk, then of each question that has its own."""
        return self._chunk_texts(row) + self._question_texts(row)

    def words(self, row: int) -> InstanceWords:
        """Return the words of an instance."""
        hashes, ends = hash_words(self.texts(row))
        return InstanceWords(hashes, ends, int(self.num_chunks[row]))

    def _chunk_texts(self, row: int) -> list[str]:
        """Return the text of each chunk's segments, joined by line ends, without the template around them."""
        texts = []
        for chunk in range(self._chunk_ends[row], self._chunk_ends[row + 1]):
            text = self._texts[chunk].as_py()
            segments = slice(self._segment_ends[chunk], self._segment_ends[chunk + 1])
            bounds = zip(self._starts[segments].tolist(), self._stops[segments].tolist(), strict=True)
            texts.append("\n".join([text[start:stop] for start, stop in bounds]))
        return texts

    def _question_texts(self, row: int) -> list[str]:
        """Return each question's own text; a summary question is nothing but a template, so it has none."""
        bounds = self._question_ends[row], self._question_ends[row + 1] - self._question_ends[row]
        pairs = zip(
            self._questions.slice(*bounds).to_pylist(), self._origins.slice(*bounds).to_pylist(), strict=True
        )
        questions = [QuestionProjection(text, origin) for text, origin in pairs]
        stripped = zip(questions, strip_templates(questions), strict=True)
        return [text for question, text in stripped if question.origin != "summary"]

    def segment_ids(self, rows: Mask) -> tuple[npt.NDArray[np.int64], pa.Array]:
        """Return the segments of the rows that `rows` marks: (numbers of their instances, their ids)."""
        counts = np.diff(self._segment_ends[self._chunk_ends])
        marked = np.repeat(rows, counts)
        return np.repeat(self.numbers, counts)[marked], self._segment_ids.filter(pa.array(marked))


def read_texts(shard: Shard) -> Iterator[TextColumns]:
    """Yield the row groups of a shard. Raises MemcurateError as `iter_row_groups` does."""
    first_row = shard.first_row
    for table in iter_row_groups(shard.path, InstanceProjection, _COLUMNS, shard.group_indices):
        yield TextColumns(table, first_row)
        first_row += table.num_rows


def _list_column(column: pa.ChunkedArray | pa.ListArray) -> tuple[npt.NDArray[np.int32], pa.Array]:
    """Return (offsets of each list and the end of the last, values of all lists)."""
    lists = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return lists.offsets.to_numpy(), lists.values
