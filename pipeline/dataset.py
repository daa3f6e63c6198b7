"""The dataset out of the filtered sources: nothing on both sides, and so many instances of each source."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from pipeline import draws
from pipeline.errors import MemcurateError
from pipeline.schema import Instance, InstanceOutline, Reject, Split
from pipeline.text.normal import words

LEAK_WORDS = 20  # a segment of so many words must not stand on both sides; shorter ones may well recur


@dataclass(frozen=True, slots=True)
class Row:
    """What the choice of instances needs to know of one."""

    id: str
    source: str
    split: Split
    document: str
    ordinal: int
    segments: list[tuple[bytes, ...]]  # the marks of each: of its id and, if it is long, of its text

    def shared(self, marks: set[bytes]) -> int:
        """How many of its segments have one of the marks."""
        return sum(not marks.isdisjoint(segment) for segment in self.segments)


def row_of(instance: Instance | InstanceOutline) -> Row:
    """The row of an instance."""
    segments = []
    for chunk in instance.chunks:
        for segment in chunk.segments:
            marks = [_mark(segment.id)]
            if segment.end - segment.start >= 2 * LEAK_WORDS - 1:  # a word and a space at least
                found = words(chunk.text[segment.start : segment.end])
                if len(found) >= LEAK_WORDS:
                    marks.append(_mark(" ".join(found)))
            segments.append(tuple(marks))
    return Row(instance.id, instance.source, instance.split, instance.document, instance.ordinal, segments)


def _mark(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def choose(rows: Iterable[Row], limit: int, seed: int) -> tuple[dict[Split, set[str]], list[Reject]]:
    """(ids of the instances of each side of the dataset, rejects).

    All of test; of train those that share no segment, by id or by the text of a long one, with test, at
    most `limit` of each source, taken in turn from its documents.
    """
    by_source: dict[str, list[Row]] = defaultdict(list)
    chosen: dict[Split, set[str]] = {"train": set(), "test": set()}
    in_test: set[bytes] = set()
    for row in rows:
        if row.split == "test":
            chosen["test"].add(row.id)
            in_test.update(*row.segments)
        else:
            by_source[row.source].append(row)
    rejects = []
    for source in sorted(by_source):
        clean = []
        for row in by_source[source]:
            shared = row.shared(in_test)
            if shared:
                detail = f"{shared} segments stand in test too, by id or by their text"
                rejects.append(_rejected(row, "shares text with test", detail))
            else:
                clean.append(row)
        turns = _in_turn(clean, seed, source)
        chosen["train"].update(row.id for row in turns[:limit])
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
        split=row.split,
        document=row.document,
    )


def verify_sides(read: Callable[[Split], Iterator[Instance | InstanceOutline]]) -> None:
    """Make sure that what was written has nothing on both sides. `read(split)` gives a side.

    Raises MemcurateError that names an instance, else.
    """
    in_test: set[bytes] = set()
    for instance in read("test"):
        in_test.update(*row_of(instance).segments)
    for instance in read("train"):
        if row_of(instance).shared(in_test):
            raise MemcurateError(
                f"instance {instance.id} of {instance.source} stands in train and shares a segment with "
                "test: this is a mistake in memcurate, please report it"
            )
