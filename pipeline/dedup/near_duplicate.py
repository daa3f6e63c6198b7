"""Near-duplicates: find documents and instances that are nearly the same, within and across sources.

Texts are compared by the Jaccard similarity of their word pairs. Bands of MinHash signatures find candidates
without comparing all with all. Each candidate is then verified exactly, in whole numbers, so two texts never
count as near-duplicates by chance. By chance a pair can only be overlooked: at most one in twenty of the
pairs right at the threshold, and fewer of the more similar ones.

Only the segments' text is compared, not the template that all chunks of a source have in common. Test is kept
before train, then the first by id: `instances.rank` is this order.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from pipeline.core.rejection import Rejection
from pipeline.core.work_tables import TableWriter, open_table, stream
from pipeline.dedup.minhash import band_keys
from pipeline.dedup.sketches import Extent, read_bigrams, read_signature
from pipeline.text.shingles import has_min_jaccard

# Bands that two texts or more share, as the sorted texts of each; many bands are shared by the same texts.
_GROUPS = """
    SELECT DISTINCT list_sort(list(DISTINCT text)) AS members FROM {bands}
    WHERE band IN (SELECT band FROM {bands} GROUP BY band HAVING min(text) <> max(text))
        AND text IN (SELECT text FROM {texts})
    GROUP BY band HAVING min(text) <> max(text)
"""

_MAX_OTHERS = 100  # instances with a chunk like one that is repeated; the detail of a reject counts these
_CACHED_TEXTS = 64  # some 12 kB each for a chunk


def find_duplicate_documents(
    database: duckdb.DuckDBPyConnection, folder: Path, percent: int
) -> Iterator[tuple[int, Rejection]]:
    """Yield (number, rejection) of the instances of each document that is nearly one that is kept.

    Two texts are near-duplicates when the Jaccard similarity of their word pairs is at least `percent`.
    Documents of labelled examples are not compared as a whole: two sources may show the same examples under
    other labels. Their instances are compared, since two that are drawn differently share few pairs.
    """
    open_table(database, folder, "signatures")
    database.execute("""
        CREATE TABLE documents AS
        SELECT source, document, row_number() OVER (ORDER BY min(rank)) AS text
        FROM remaining WHERE NOT has_examples GROUP BY source, document
    """)
    database.execute("""
        CREATE VIEW compared AS
        SELECT number, source, document, text FROM remaining JOIN documents USING (source, document)
        WHERE NOT has_examples
    """)
    _write_document_bands(database, folder, percent)
    open_table(database, folder, "document_bands")
    groups = _read_groups(database, "document_bands", "documents")
    extents: dict[int, list[Extent]] = defaultdict(list)
    for text, *extent in stream(
        database,
        "SELECT compared.text, shard, min(start), sum(size) FROM chunks JOIN compared USING (number)"
        " WHERE compared.text IN (SELECT unnest(members) FROM document_bands_groups)"
        " GROUP BY compared.text, shard, number",
    ):
        extents[text].append(Extent(*extent))
    kept = _KeptTexts(groups, extents, folder, percent)
    database.execute("CREATE TABLE repeated_documents (text BIGINT, other BIGINT)")
    for text in sorted(extents):
        other = next(kept.find_similar(text), None)
        if other is None:
            kept.add(text)
        else:
            database.execute("INSERT INTO repeated_documents VALUES (?, ?)", [text, other])
    for number, document, other_document, other_source in stream(
        database,
        "SELECT number, compared.document, others.document, others.source FROM compared"
        " JOIN repeated_documents USING (text) JOIN documents AS others ON others.text = other",
    ):
        detail = f"{document} is nearly {other_document} of {other_source}"
        yield number, Rejection("near-duplicate document", detail)


def _write_document_bands(database: duckdb.DuckDBPyConnection, folder: Path, percent: int) -> None:
    """Write the bands of each document, whose signature is that of its instances together."""
    rows = stream(
        database,
        "SELECT text, shard, place FROM signatures JOIN compared USING (number) ORDER BY text",
    )
    schema = pa.schema([("band", pa.uint64()), ("text", pa.int64())])
    with TableWriter(folder, "document_bands", 0, schema) as bands:
        for text, of_document in groupby(rows, itemgetter(0)):
            signatures = (read_signature(folder, shard, place) for _, shard, place in of_document)
            keys = band_keys(reduce(np.minimum, signatures)[None], percent)[0]
            bands.write(keys, np.full(len(keys), text))


def find_duplicate_instances(
    database: duckdb.DuckDBPyConnection, folder: Path, percent: int
) -> Iterator[tuple[int, Rejection]]:
    """Yield (number, rejection) of each instance that repeats others.

    That is one of which at least half of the chunks are near-duplicates of chunks of kept instances.
    """
    open_table(database, folder, "chunk_bands")
    database.execute("""
        CREATE TABLE remaining_chunks AS
        SELECT chunks.*, rank, id, num_chunks FROM chunks JOIN remaining USING (number)
    """)
    groups = _read_groups(database, "chunk_bands", "remaining_chunks")
    extents = {
        text: [Extent(*extent)]
        for text, *extent in stream(
            database,
            "SELECT text, first(shard), first(start), first(size) FROM remaining_chunks"
            " WHERE text IN (SELECT unnest(members) FROM chunk_bands_groups) GROUP BY text",
        )
    }
    kept = _KeptTexts(groups, extents, folder, percent)
    owners: dict[int, list[str]] = defaultdict(list)  # of each kept text, the first instances with it
    for number, identity, num_chunks, texts in stream(
        database,
        """
        SELECT number, id, num_chunks, list(text ORDER BY position) FROM remaining_chunks
        WHERE text IN (SELECT text FROM remaining_chunks GROUP BY text HAVING count(*) > 1
            UNION SELECT unnest(members) FROM chunk_bands_groups)
        GROUP BY number, id, num_chunks, rank ORDER BY rank
        """,
    ):
        repeated = [text for text in texts if next(kept.find_similar(text), None) is not None]
        if repeated and 2 * len(repeated) >= num_chunks:
            other, shared = _find_most_similar(repeated, kept, owners)
            detail = f"{len(repeated)} of {num_chunks} chunks are nearly those of others, {shared} of {other}"
            yield number, Rejection("near-duplicate of another instance", detail)
            continue
        for text in set(texts):
            kept.add(text)
            if len(owners[text]) < _MAX_OTHERS:
                owners[text].append(identity)


def _find_most_similar(
    repeated: Sequence[int], kept: "_KeptTexts", owners: Mapping[int, Sequence[str]]
) -> tuple[str, int]:
    """Return (the instance that shares most of the repeated chunks, their number); of several the first."""
    shared = Counter[str]()
    for text in repeated:
        others: set[str] = set()
        for similar in kept.find_similar(text):
            others.update(owners[similar])
            if len(others) >= _MAX_OTHERS:
                break
        shared.update(others)
    most = min(shared, key=lambda identity: (-shared[identity], identity))
    return most, shared[most]


def _read_groups(database: duckdb.DuckDBPyConnection, bands: str, texts: str) -> dict[int, list[int]]:
    """Return the groups of candidates that each text is in, from a table of bands."""
    database.execute(f"CREATE TABLE {bands}_groups AS {_GROUPS.format(bands=bands, texts=texts)}")
    groups: dict[int, list[int]] = defaultdict(list)
    for group, (members,) in enumerate(stream(database, f"FROM {bands}_groups ORDER BY members")):
        for text in members:
            groups[text].append(group)
    return groups


class _KeptTexts:
    """The texts that are kept, by the groups of candidates that they are in."""

    def __init__(
        self,
        groups: Mapping[int, Sequence[int]],
        extents: Mapping[int, Sequence[Extent]],
        folder: Path,
        percent: int,
    ) -> None:
        """Begin empty. `groups` and `extents` are those of each text that is in a group."""
        self._groups = groups
        self._percent = percent
        self._texts: dict[int, int] = {}  # place in the order in which they were kept
        self._by_group: dict[int, list[tuple[int, int]]] = defaultdict(list)  # places and texts
        self._bigrams = lru_cache(_CACHED_TEXTS)(lambda text: read_bigrams(folder, extents[text]))

    def add(self, text: int) -> None:
        """Keep a text, which may be kept already."""
        if text not in self._texts:
            place = self._texts[text] = len(self._texts)
            for group in self._groups.get(text, ()):
                self._by_group[group].append((place, text))

    def find_similar(self, text: int) -> Iterator[int]:
        """Yield the kept texts that are near-duplicates of a text, itself first, then in order.

        Each is looked for when it is asked for: of a text that is repeated a million times, the first
        is enough.
        """
        if text in self._texts:
            yield text
        previous = text
        for _, other in merge(*(self._by_group[group] for group in self._groups.get(text, ()))):
            if other not in (previous, text) and self._are_similar(text, other):
                yield other
            previous = other

    def _are_similar(self, one: int, other: int) -> bool:
        return has_min_jaccard(self._bigrams(one), self._bigrams(other), self._percent)
