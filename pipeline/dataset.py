"""The dataset out of the filtered sources: nothing on both sides, and so many instances of each source."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from pipeline import draws
from pipeline.errors import MemcurateError
from pipeline.schema import Instance, Reject
from pipeline.text.normal import words

LEAK_WORDS = 20  # a segment of so many words must not stand on both sides; shorter ones may well recur


@dataclass(frozen=True, slots=True)
class Row:
    """What the choice of instances needs to know of one."""

    id: str
    source: str
    split: str
    document: str
    ordinal: int
    marks: frozenset[bytes]  # of its segments: their ids, and the texts of the long ones


def row_of(instance: Instance) -> Row:
    """The row of an instance."""
    marks = set()
    for chunk in instance.chunks:
        for segment in chunk.segments:
            marks.add(_mark(segment.id))
            found = words(chunk.text[segment.start : segment.end])
            if len(found) >= LEAK_WORDS:
                marks.add(_mark(" ".join(found)))
    return Row(
        instance.id, instance.source, instance.split, instance.document, instance.ordinal, frozenset(marks)
    )


def _mark(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def choose(rows: Iterable[Row], limit: int, seed: int) -> tuple[set[str], list[Reject]]:
    """(ids of the instances of the dataset, rejects).

    All of test; of train those that share no segment, by id or by the text of a long one, with test, at
    most `limit` of each source, taken in turn from its documents.
    """
    by_source: dict[str, list[Row]] = defaultdict(list)
    chosen: set[str] = set()
    in_test: set[bytes] = set()
    for row in rows:
        if row.split == "test":
            chosen.add(row.id)
            in_test |= row.marks
        else:
            by_source[row.source].append(row)
    rejects = []
    for source in sorted(by_source):
        clean = []
        for row in by_source[source]:
            shared = len(row.marks & in_test)
            if shared:
                detail = f"{shared} segments of {LEAK_WORDS} words or more stand in test too"
                rejects.append(_rejected(row, "shares text with test", detail))
            else:
                clean.append(row)
        turns = _in_turn(clean, seed, source)
        chosen.update(row.id for row in turns[:limit])
        rejects += [_rejected(row, "over the limit", f"dataset.limit is {limit}") for row in turns[limit:]]
    return chosen, rejects


def _in_turn(rows: list[Row], seed: int, source: str) -> list[Row]:
    """The rows, one of each document, then a second of each, and so on; both orders drawn."""
    by_document: dict[str, list[Row]] = defaultdict(list)
    for row in draws.shuffled(rows, lambda one: one.id, seed, source, "limit"):
        by_document[row.document].append(row)
    documents = draws.shuffled(sorted(by_document), str, seed, source, "turn")
    rounds = max(map(len, by_document.values()), default=0)
    return [
        by_document[document][number]
        for number in range(rounds)
        for document in documents
        if number < len(by_document[document])
    ]


def _rejected(row: Row, reason: str, detail: str) -> Reject:
    return Reject(
        id=row.id,
        source=row.source,
        stage="assemble",
        kind="instance",
        reason=reason,
        detail=detail,
        document=row.document,
        raw=None,
        segments=[],
        question=None,
    )


def verify_sides(read: Callable[[str], Iterator[Instance]]) -> None:
    """Make sure that what was written has nothing on both sides. `read(split)` gives a side.

    Raises MemcurateError that names an instance, else.
    """
    in_test = frozenset[bytes]().union(*(row_of(instance).marks for instance in read("test")))
    for instance in read("train"):
        if row_of(instance).marks & in_test:
            raise MemcurateError(
                f"instance {instance.id} of {instance.source} stands in train and shares a segment with "
                "test: this is a mistake in memcurate, please report it"
            )
