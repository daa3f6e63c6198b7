"""Seeded samples for the report: kept questions of each source and origin, rejects of each reason."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline.core import seeded_random
from pipeline.core.schema import Question, Reject, Span, segment_text
from pipeline.core.storage import read_rows
from pipeline.report.projections import InstanceTextProjection, ReportInputDirs
from pipeline.report.sanitize import TextPiece, highlight_answers

KEPT_PER_GROUP = 3  # examples of a source and origin
REJECTS_PER_GROUP = 2  # examples of a source, stage and reason
MAX_QUOTES = 3  # segments shown of an example
MAX_TEXT_CHARS = 500  # characters shown of a text

T = TypeVar("T")
GroupKey = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A piece of text, with its location as the reader sees it."""

    location: str
    pieces: list[TextPiece]


@dataclass(frozen=True, slots=True)
class Example:
    """A kept question or a reject, ready to be shown."""

    id: str
    split: str | None
    detail: str | None  # of a reject
    question: Question | None
    quotes: list[Quote]
    num_omitted: int  # segments beyond MAX_QUOTES


@dataclass(frozen=True, slots=True)
class ExampleGroup:
    """The examples of one group."""

    key: GroupKey  # (origin,) of kept questions; (stage, kind, reason) of rejects
    num_candidates: int  # the examples were drawn from
    examples: list[Example]


class GroupSampler(Generic[T]):
    """A seeded sample of at most `limit` items of each group, independent of the order of the items.

    Each item draws a number from its group and identity; those with the least numbers are kept.
    """

    def __init__(self, seed: int, limit: int) -> None:
        self._seed = seed
        self._limit = limit
        self._sampled: dict[GroupKey, list[tuple[int, T]]] = defaultdict(list)
        self._num_offered: Counter[GroupKey] = Counter()

    def offer(self, group: GroupKey, identity: str, item: T) -> None:
        """Keep the item if its number is among the `limit` least of its group so far."""
        self._num_offered[group] += 1
        best = self._sampled[group]
        best.append((seeded_random.randint(0, 2**63 - 1, self._seed, "report", *group, identity), item))
        best.sort(key=lambda numbered: numbered[0])
        del best[self._limit :]

    def by_group(self) -> list[tuple[GroupKey, int, list[T]]]:
        """Return (group, number of items offered, items kept) of each group, sorted by group."""
        return [
            (group, self._num_offered[group], [item for _, item in self._sampled[group]])
            for group in sorted(self._sampled)
        ]


class KeptQuestionSampler:
    """A sampler of the dataset's questions, fed with one instance after the other."""

    def __init__(self, seed: int) -> None:
        self._sampler: GroupSampler[tuple[InstanceTextProjection, Question]] = GroupSampler(
            seed, KEPT_PER_GROUP
        )

    def offer(self, instance: InstanceTextProjection) -> None:
        """Offer the questions of an instance."""
        for question in instance.questions:
            name = f"{instance.id} {question.id}"
            self._sampler.offer((instance.source, question.origin), name, (instance, question))

    def by_origin(self, source: str) -> list[ExampleGroup]:
        """Return the examples of a source, by origin."""
        return [
            ExampleGroup(
                group[1:],
                count,
                [_example_from_question(question, instance, None) for instance, question in items],
            )
            for group, count, items in self._sampler.by_group()
            if group[0] == source
        ]


def sample_rejects(source: str, input_dirs: ReportInputDirs, seed: int) -> list[ExampleGroup]:
    """Sample a source's rejects by stage, kind and reason, in the order of the stages."""
    sampler: GroupSampler[Reject] = GroupSampler(seed, REJECTS_PER_GROUP)
    files = input_dirs.reject_files(source)
    for path in files.values():
        for reject in read_rows(path, Reject):
            if reject.source == source:
                group = (source, reject.stage, reject.kind, reject.reason)
                sampler.offer(group, f"{reject.document} {reject.id} {reject.detail}", reject)
    stages = list(files)
    groups = sorted(sampler.by_group(), key=lambda one: stages.index(one[0][1]))
    instance_ids = {reject.document for _, _, rejects in groups for reject in rejects if reject.question}
    rows = read_rows(input_dirs.chunks / source / "instances.parquet", InstanceTextProjection)
    instances = {instance.id: instance for instance in rows if instance.id in instance_ids}
    return [
        ExampleGroup(
            group[1:],
            count,
            [_example_from_reject(one, instances.get(one.document or "")) for one in rejects],
        )
        for group, count, rejects in groups
    ]


def _example_from_reject(reject: Reject, instance: InstanceTextProjection | None) -> Example:
    if reject.question is not None:
        return _example_from_question(reject.question, instance, reject)
    quotes = [
        Quote(_format_location(segment.source_span), highlight_answers(segment.text, (), MAX_TEXT_CHARS))
        for segment in reject.segments[:MAX_QUOTES]
    ]
    if reject.source_span is not None and not quotes:
        quotes = [Quote(_format_location(reject.source_span), [])]
    num_omitted = max(0, len(reject.segments) - MAX_QUOTES)
    return Example(reject.id, reject.split, reject.detail, None, quotes, num_omitted)


def _example_from_question(
    question: Question, instance: InstanceTextProjection | None, reject: Reject | None
) -> Example:
    # A label question's answer is a number, which means nothing in its evidence.
    answers = () if question.origin == "label" else question.answers
    evidence = set(question.evidence)
    chunks = instance.chunks if instance else []
    quotes = [
        Quote(
            f"chunk {chunk.index + 1} of {len(chunks)}, {chunk.time}",
            highlight_answers(segment_text(chunk, segment), answers, MAX_TEXT_CHARS),
        )
        for chunk in chunks
        for segment in chunk.segments
        if segment.id in evidence
    ]
    num_omitted = max(0, len(quotes) - MAX_QUOTES)
    quotes = quotes[:MAX_QUOTES]
    if question.summary is not None:
        quotes.insert(
            0, Quote("the human summary", highlight_answers(question.summary, answers, MAX_TEXT_CHARS))
        )
    return Example(
        reject.id if reject else question.id,
        instance.split if instance else None,
        reject.detail if reject else None,
        question,
        quotes,
        num_omitted,
    )


def _format_location(source_span: Span) -> str:
    """Format a source span: the file, the record in it, the range of characters."""
    characters = f"[{source_span.start}:{source_span.end}]" if source_span.end > source_span.start else ""
    return " ".join(part for part in (source_span.file, source_span.record, characters) if part)
