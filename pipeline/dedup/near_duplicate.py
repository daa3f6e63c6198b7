"""Near-duplicates: find documents and instances that are nearly the same, within and across sources.

Texts are compared by the Jaccard similarity of their word pairs. MinHash and locality-sensitive hashing
(datasketch) find candidates without comparing all with all. Each candidate is then verified exactly, in whole
numbers, so two texts never count as near-duplicates by chance. By chance a pair can only be overlooked: at
most one in twenty of the pairs right at the threshold, and fewer of the more similar ones.

Only the segments' text is compared, not the template that all chunks of a source have in common.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from datasketch import MinHash, MinHashLSH

from pipeline.core.rejection import Rejection
from pipeline.core.schema import Instance, InstanceProjection, Split, joined_segments
from pipeline.text.shingles import Hashes, bigram_hashes, has_min_jaccard, sorted_unique

_NUM_PERM = 192  # values of a signature, 4 bytes each

# All parameters are given: other defaults in a later version then change nothing.
_EMPTY_MINHASH = MinHash(num_perm=_NUM_PERM, seed=1, hashfunc=int, scheme="affine32")


@dataclass(frozen=True, slots=True)
class TextSignature:
    """The distinct word pairs of a text, and their MinHash signature."""

    bigrams: Hashes
    minhash: MinHash


@dataclass(frozen=True, slots=True)
class Sketch:
    """The signatures of an instance's chunks, and the fields by which instances are selected."""

    id: str
    source: str
    split: Split
    document: str
    has_examples: bool  # made of labelled examples, which recur from instance to instance
    chunks: list[TextSignature]


def make_sketch(instance: Instance | InstanceProjection) -> Sketch:
    """Return the sketch of an instance: about 6 kB a chunk, and 15 kB a chunk more in an LSH index."""
    chunks = []
    for chunk in instance.chunks:
        bigrams = bigram_hashes(joined_segments(chunk))
        minhash = _EMPTY_MINHASH.copy()
        minhash.update_batch((bigrams >> np.uint64(32)).tolist())
        chunks.append(TextSignature(bigrams, minhash))
    return Sketch(
        instance.id, instance.source, instance.split, instance.document, bool(instance.labels), chunks
    )


def find_near_duplicates(sketches: Iterable[Sketch], percent: int) -> dict[str, Rejection]:
    """Return the instances to reject, by id, with the reason.

    Two texts are near-duplicates when the Jaccard similarity of their word pairs is at least `percent`. A
    document that is a near-duplicate of another is rejected with all its instances. Of the other instances
    one is rejected if at least half of its chunks are near-duplicates of chunks of kept instances. Test is
    kept before train, then the first by id.

    Documents of labelled examples are not compared as a whole: two sources may show the same examples under
    other labels. Their instances are compared, since two that are drawn differently share few pairs.
    """
    ordered = sorted(sketches, key=lambda sketch: (sketch.split != "test", sketch.id))
    rejections = _reject_documents([one for one in ordered if not one.has_examples], percent)
    return rejections | _reject_instances([one for one in ordered if one.id not in rejections], percent)


class _LshIndex:
    """An index of the kept texts by MinHash signature."""

    def __init__(self, percent: int) -> None:
        """Begin empty; `percent` is the least Jaccard similarity of a near-duplicate."""
        self._percent = percent
        self._lsh = MinHashLSH(num_perm=_NUM_PERM, params=lsh_bands(percent))
        self._texts: list[TextSignature] = []

    def add(self, text: TextSignature) -> None:
        self._lsh.insert(len(self._texts), text.minhash)
        self._texts.append(text)

    def query(self, text: TextSignature) -> list[int]:
        """Return the near-duplicates of a text, as numbers in the order in which they were added."""
        return [
            number
            for number in sorted(self._lsh.query(text.minhash))
            if has_min_jaccard(self._texts[number].bigrams, text.bigrams, self._percent)
        ]


def lsh_bands(percent: int) -> tuple[int, int]:
    """Return (bands, values in each) of a signature: texts with an equal band are candidates.

    These are the longest bands, hence the fewest candidates, that overlook at most one in twenty of the
    pairs whose similarity is just `percent`; in whole numbers, so the same on every machine.
    """
    for rows in range(_NUM_PERM // 2, 1, -1):
        bands = _NUM_PERM // rows
        if 20 * (100**rows - percent**rows) ** bands <= 100 ** (rows * bands):
            return bands, rows
    return _NUM_PERM, 1


def _reject_documents(ordered: list[Sketch], percent: int) -> dict[str, Rejection]:
    by_document: dict[tuple[str, str], list[Sketch]] = defaultdict(list)
    for sketch in ordered:
        by_document[sketch.source, sketch.document].append(sketch)
    index = _LshIndex(percent)
    kept: list[tuple[str, str]] = []
    rejections: dict[str, Rejection] = {}
    for name, sketches in by_document.items():
        text = _merge_signatures([chunk for sketch in sketches for chunk in sketch.chunks])
        duplicates = index.query(text)
        if duplicates:
            source, document = kept[duplicates[0]]
            rejection = Rejection("near-duplicate document", f"{name[1]} is nearly {document} of {source}")
            rejections.update((sketch.id, rejection) for sketch in sketches)
        else:
            index.add(text)
            kept.append(name)
    return rejections


def _merge_signatures(texts: list[TextSignature]) -> TextSignature:
    """Return the signature of several texts together."""
    minhash = _EMPTY_MINHASH.copy()
    for text in texts:
        minhash.merge(text.minhash)
    return TextSignature(sorted_unique(np.concatenate([text.bigrams for text in texts])), minhash)


def _reject_instances(ordered: list[Sketch], percent: int) -> dict[str, Rejection]:
    index = _LshIndex(percent)
    owners: list[str] = []  # of each indexed chunk, the id of its instance
    rejections: dict[str, Rejection] = {}
    for sketch in ordered:
        repeated, chunks_shared = 0, Counter[str]()
        for chunk in sketch.chunks:
            others = {owners[number] for number in index.query(chunk)}
            repeated += bool(others)
            chunks_shared.update(others)
        if repeated and 2 * repeated >= len(sketch.chunks):
            other = _most_similar(chunks_shared)
            detail = (
                f"{repeated} of {len(sketch.chunks)} chunks are nearly those of others, "
                f"{chunks_shared[other]} of {other}"
            )
            rejections[sketch.id] = Rejection("near-duplicate of another instance", detail)
        else:
            for chunk in sketch.chunks:
                index.add(chunk)
                owners.append(sketch.id)
    return rejections


def _most_similar(chunks_shared: Counter[str]) -> str:
    """Return the instance that shares most chunks, of several the first by id."""
    return min(chunks_shared, key=lambda identity: (-chunks_shared[identity], identity))
