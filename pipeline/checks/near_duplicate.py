"""Finds documents and instances that are nearly the same as others, within and across sources.

Texts are compared by the share of their word pairs that they have in common (Jaccard). MinHash and locality-
sensitive hashing (datasketch) find the candidates without comparing all with all; each is then verified
exactly, in whole numbers, so that no chance decides that two texts are alike. Chance decides only that a
pair is overlooked: at most one in twenty of those that share no more than they must, and fewer of others.

Only the segments' text is compared, not the frame that every chunk of a source has.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from datasketch import MinHash, MinHashLSH

from pipeline.checks.dropped import Dropped
from pipeline.schema import Instance, InstanceOutline, Split
from pipeline.text.shingles import Hashes, alike, distinct, word_pairs

_VALUES = 192  # of a signature; 4 bytes each

# All named, so that another version's defaults change nothing.
_EMPTY = MinHash(num_perm=_VALUES, seed=1, hashfunc=int, scheme="affine32")


@dataclass(frozen=True, slots=True)
class Text:
    """What is compared of a text: its distinct word pairs, and their signature."""

    pairs: Hashes
    signature: MinHash


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is compared of an instance, and what the choice of instances needs to know of one."""

    id: str
    source: str
    split: Split
    document: str
    of_examples: bool  # made of labelled examples, which recur from instance to instance
    chunks: list[Text]


def sketch_of(instance: Instance | InstanceOutline) -> Sketch:
    """The sketch of an instance: about 6 kB a chunk; finding it again takes 15 kB a chunk more."""
    chunks = []
    for chunk in instance.chunks:
        pairs = word_pairs("\n".join(chunk.text[segment.start : segment.end] for segment in chunk.segments))
        signature = _EMPTY.copy()
        signature.update_batch((pairs >> np.uint64(32)).tolist())
        chunks.append(Text(pairs, signature))
    return Sketch(
        instance.id, instance.source, instance.split, instance.document, bool(instance.labels), chunks
    )


def near_duplicates(sketches: Iterable[Sketch], percent: int) -> dict[str, Dropped]:
    """The instances that should go, by id, and why.

    Texts are near-duplicates that share `percent` of their word pairs. All instances of a document go whose
    word pairs nearly are another document's. Of the others an instance goes if at least half of its chunks
    are near-duplicates of chunks of instances that stay. Test stays before train, then the first by name.

    Documents of labelled examples are not compared as a whole: two sources may show the same examples under
    other labels. Their instances are, since two that are drawn differently share few pairs.
    """
    ordered = sorted(sketches, key=lambda one: (one.split != "test", one.id))
    dropped = _documents([one for one in ordered if not one.of_examples], percent)
    return dropped | _instances([one for one in ordered if one.id not in dropped], percent)


class _Index:
    """The texts that stay, found by others that are nearly the same."""

    def __init__(self, percent: int) -> None:
        self._percent = percent
        self._lsh = MinHashLSH(num_perm=_VALUES, params=bands(percent))
        self._texts: list[Text] = []

    def add(self, text: Text) -> None:
        self._lsh.insert(len(self._texts), text.signature)
        self._texts.append(text)

    def near(self, text: Text) -> list[int]:
        """Near-duplicates by their place in the order in which they were added."""
        return [
            place
            for place in sorted(self._lsh.query(text.signature))
            if alike(self._texts[place].pairs, text.pairs, self._percent)
        ]


def bands(percent: int) -> tuple[int, int]:
    """(bands, values in each) of a signature: texts of which any band is the same are candidates.

    The longest bands, hence the fewest candidates, with which at most one in twenty is overlooked of the
    pairs that share just `percent`; in whole numbers, so that it is the same everywhere.
    """
    for rows in range(_VALUES // 2, 1, -1):
        count = _VALUES // rows
        if 20 * (100**rows - percent**rows) ** count <= 100 ** (rows * count):
            return count, rows
    return _VALUES, 1


def _documents(ordered: list[Sketch], percent: int) -> dict[str, Dropped]:
    parts: dict[tuple[str, str], list[Sketch]] = defaultdict(list)
    for one in ordered:
        parts[one.source, one.document].append(one)
    index = _Index(percent)
    kept: list[tuple[str, str]] = []
    dropped: dict[str, Dropped] = {}
    for name, instances in parts.items():
        text = _joined([chunk for one in instances for chunk in one.chunks])
        near = index.near(text)
        if near:
            source, document = kept[near[0]]
            why = Dropped("near-duplicate document", f"{name[1]} is nearly {document} of {source}")
            dropped.update((one.id, why) for one in instances)
        else:
            index.add(text)
            kept.append(name)
    return dropped


def _joined(texts: list[Text]) -> Text:
    """What is compared of several texts together."""
    signature = _EMPTY.copy()
    for text in texts:
        signature.merge(text.signature)
    return Text(distinct(np.concatenate([text.pairs for text in texts])), signature)


def _instances(ordered: list[Sketch], percent: int) -> dict[str, Dropped]:
    index = _Index(percent)
    owners: list[str] = []
    dropped: dict[str, Dropped] = {}
    for one in ordered:
        repeated, of = 0, Counter[str]()
        for chunk in one.chunks:
            near = {owners[place] for place in index.near(chunk)}
            repeated += bool(near)
            of.update(near)
        if repeated and 2 * repeated >= len(one.chunks):
            other = min(of, key=lambda identity: (-of[identity], identity))
            detail = (
                f"{repeated} of {len(one.chunks)} chunks are nearly those of others, {of[other]} of {other}"
            )
            dropped[one.id] = Dropped("near-duplicate of another instance", detail)
        else:
            for chunk in one.chunks:
                index.add(chunk)
                owners.append(one.id)
    return dropped
