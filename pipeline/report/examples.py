"""Examples: a few kept questions of each source and origin, a few rejects of each reason, drawn by seed."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline import draws
from pipeline.report.shapes import ReadInstance, Rooms
from pipeline.report.texts import Piece, marked
from pipeline.schema import Question, Reject, Span
from pipeline.storage import read_rows

KEPT = 3  # examples of a source and origin
REJECTED = 2  # examples of a source, stage and reason
QUOTES = 3  # pieces of evidence shown of an example
LENGTH = 500  # characters shown of a text

STAGES = ("chunk", "question", "filter", "assemble")

T = TypeVar("T")
Group = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A piece of text, and where it stands."""

    place: str
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class Example:
    """A kept question, or something rejected, ready to be shown."""

    id: str
    split: str | None
    detail: str | None  # what was found, of a reject
    question: Question | None
    quotes: list[Quote]
    more: int  # pieces of evidence that are not shown


@dataclass(frozen=True, slots=True)
class Examples:
    """Examples that belong together."""

    group: Group  # (origin,) of kept questions; (stage, what was rejected, reason) of rejects
    count: int  # out of so many
    drawn: list[Example]


class Drawn(Generic[T]):
    """Of all the items that were offered, at most `limit` of each group: those with the least draws."""

    def __init__(self, seed: int, limit: int) -> None:
        self._seed = seed
        self._limit = limit
        self._best: dict[Group, list[tuple[int, T]]] = defaultdict(list)
        self._offered: Counter[Group] = Counter()

    def offer(self, group: Group, identity: str, item: T) -> None:
        """Keep the item if its draw, which its group and identity decide, is among the least so far."""
        self._offered[group] += 1
        best = self._best[group]
        best.append((draws.integer(0, 2**63 - 1, self._seed, "report", *group, identity), item))
        best.sort(key=lambda drawn: drawn[0])
        del best[self._limit :]

    def by_group(self) -> list[tuple[Group, int, list[T]]]:
        """(group, how many were offered, the items kept) in the order of the groups."""
        return [
            (group, self._offered[group], [item for _, item in self._best[group]])
            for group in sorted(self._best)
        ]


class KeptExamples:
    """Examples of the questions of the dataset, drawn while its instances pass by."""

    def __init__(self, seed: int) -> None:
        self._drawn: Drawn[tuple[ReadInstance, Question]] = Drawn(seed, KEPT)

    def offer(self, instance: ReadInstance) -> None:
        """Offer the questions of an instance."""
        for question in instance.questions:
            name = f"{instance.id} {question.id}"
            self._drawn.offer((instance.source, question.origin), name, (instance, question))

    def of(self, source: str) -> list[Examples]:
        """The examples of a source, by origin."""
        return [
            Examples(
                group[1:], count, [_of_question(question, instance, None) for instance, question in items]
            )
            for group, count, items in self._drawn.by_group()
            if group[0] == source
        ]


def rejected_examples(source: str, rooms: Rooms, seed: int) -> list[Examples]:
    """Examples of a source's rejects by stage, what was rejected and reason; stages in their order."""
    drawn: Drawn[Reject] = Drawn(seed, REJECTED)
    for folder in (rooms.chunks / source, rooms.questions / source, rooms.filtered / source, rooms.dataset):
        for reject in read_rows(folder / "rejects.parquet", Reject):
            if reject.source == source:
                group = (source, reject.stage, reject.kind, reject.reason)
                drawn.offer(group, f"{reject.document} {reject.id} {reject.detail}", reject)
    groups = sorted(drawn.by_group(), key=lambda one: STAGES.index(one[0][1]))
    homes = {reject.document for _, _, rejects in groups for reject in rejects if reject.question}
    read = read_rows(rooms.chunks / source / "instances.parquet", ReadInstance)
    instances = {instance.id: instance for instance in read if instance.id in homes}
    return [
        Examples(group[1:], count, [_of_reject(one, instances.get(one.document or "")) for one in rejects])
        for group, count, rejects in groups
    ]


def _of_reject(reject: Reject, instance: ReadInstance | None) -> Example:
    if reject.question is not None:
        return _of_question(reject.question, instance, reject)
    quotes = [
        Quote(_place(segment.raw), marked(segment.text, (), LENGTH)) for segment in reject.segments[:QUOTES]
    ]
    if reject.raw is not None and not quotes:
        quotes = [Quote(_place(reject.raw), [])]
    more = max(0, len(reject.segments) - QUOTES)
    return Example(reject.id, reject.split, reject.detail, None, quotes, more)


def _of_question(question: Question, instance: ReadInstance | None, reject: Reject | None) -> Example:
    # A held-out question's answer is the number of a label: the same digits in its evidence mean nothing.
    answers = () if question.origin == "held-out" else question.answers
    wanted, quotes = set(question.evidence), list[Quote]()
    chunks = instance.chunks if instance else []
    for chunk in chunks:
        for segment in chunk.segments:
            if segment.id in wanted:
                place = f"chunk {chunk.ordinal + 1} of {len(chunks)}, {chunk.time}"
                quotes.append(Quote(place, marked(chunk.text[segment.start : segment.end], answers, LENGTH)))
    more = max(0, len(quotes) - QUOTES)
    quotes = quotes[:QUOTES]
    if question.summary is not None:
        quotes.insert(0, Quote("the human summary", marked(question.summary, answers, LENGTH)))
    return Example(
        reject.id if reject else question.id,
        instance.split if instance else None,
        reject.detail if reject else None,
        question,
        quotes,
        more,
    )


def _place(raw: Span) -> str:
    """Where a text was read: the file, the record in it, the characters of its text."""
    characters = f"[{raw.start}:{raw.end}]" if raw.end > raw.start else ""
    return " ".join(part for part in (raw.file, raw.record, characters) if part)
