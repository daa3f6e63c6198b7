"""How long, how many and where: the values of the dataset's instances, counted source by source."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.report.shapes import ReadInstance
from pipeline.schema import SIDES, SPLITS

MAX_BINS = 24


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is counted, and how it is shown."""

    key: str  # names its folder of CSV files
    title: str
    note: str
    first: int = 0  # the least value that there can be
    last: int | None = None  # values from here on share the last bin; None: as far as they go


MEASURES = (
    Measure("tokens_per_chunk", "Tokens per chunk", "of the text as rendered"),
    Measure("chunks_per_instance", "Chunks per instance", ""),
    Measure("questions_per_instance", "Questions per instance", ""),
    Measure("answer_words", "Words in a gold answer", "each gold answer counts by itself", 1, 20),
    Measure(
        "evidence_tenth",
        "Where the evidence begins",
        "the tenth of its instance that the first chunk with evidence stands in; an instance of less than "
        "ten chunks cannot fill every tenth",
        1,
        10,
    ),
)


@dataclass(slots=True)
class Distributions:
    """The values of one source's instances in the dataset: how often each occurs."""

    instances: Counter[str] = field(default_factory=Counter)  # by side, as the next two
    chunks: Counter[str] = field(default_factory=Counter)
    questions: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    origins: Counter[str] = field(default_factory=Counter)
    values: dict[str, Counter[int]] = field(
        default_factory=lambda: {measure.key: Counter() for measure in MEASURES}
    )

    def add(self, instance: ReadInstance) -> None:
        """Count an instance."""
        chunks, split = instance.chunks, instance.split
        self.instances[split] += 1
        self.chunks[split] += len(chunks)
        self.questions[split] += len(instance.questions)
        self.tokens[split] += sum(chunk.tokens for chunk in chunks)
        self.origins.update(question.origin for question in instance.questions)
        self.values["tokens_per_chunk"].update(chunk.tokens for chunk in chunks)
        self.values["chunks_per_instance"][len(chunks)] += 1
        self.values["questions_per_instance"][len(instance.questions)] += 1
        for question in instance.questions:
            self.values["answer_words"].update(len(answer.split()) for answer in question.answers)
            if question.evidence_chunks:
                tenth = 1 + 10 * min(question.evidence_chunks) // len(chunks)
                self.values["evidence_tenth"][tenth] += 1

    def mean(self, key: str) -> float | None:
        """The mean of a measure; None where it has no value."""
        counts = self.values[key]
        return sum(value * count for value, count in counts.items()) / counts.total() if counts else None


def totals(of_sources: Iterable[Distributions]) -> dict[str, dict[str, int]]:
    """Instances, chunks, questions and tokens of each split, of all sources together."""
    sums: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    for one in of_sources:
        for split, counts in sums.items():
            counts["instances"] += one.instances[split]
            counts["chunks"] += one.chunks[split]
            counts["questions"] += one.questions[split]
            counts["tokens"] += one.tokens[split]
    return {split: dict(counts) for split, counts in sums.items() if split in SIDES or counts["instances"]}


@dataclass(frozen=True, slots=True)
class Bins:
    """Equal bins of whole numbers: `count` of `width`, from `first`; the last may be open."""

    first: int
    width: int
    count: int
    open: bool

    def low(self, number: int) -> int:
        """The least value of a bin."""
        return self.first + number * self.width

    def label(self, number: int) -> str:
        """A bin as text: `5`, `5–9` or `20 or more`."""
        low = self.low(number)
        if self.open and number == self.count - 1:
            return f"{low} or more"
        return str(low) if self.width == 1 else f"{low}–{low + self.width - 1}"

    @property
    def end(self) -> str:
        """Where the axis ends, as text: the last value, or the end of the last bin where bins are wide."""
        if self.width > 1:
            return f"{self.low(self.count):,}"
        return f"{self.low(self.count - 1):,}{'+' if self.open else ''}"

    def counted(self, values: Counter[int]) -> list[int]:
        """How many of the values fall in each bin."""
        counts = [0] * self.count
        for value, times in values.items():
            counts[max(0, min((value - self.first) // self.width, self.count - 1))] += times
        return counts


def bins(measure: Measure, of_sources: Sequence[Counter[int]]) -> Bins:
    """The bins that all sources share, so that they compare: at most MAX_BINS, of a round width."""
    greatest = max((value for values in of_sources for value in values), default=measure.first)
    if measure.last is not None:
        # A tenth cannot be over ten: its last bin is no open one.
        is_open = greatest > measure.last
        return Bins(measure.first, 1, measure.last - measure.first + 1, is_open)
    width = 1
    while (greatest - measure.first) // width >= MAX_BINS:
        width = _next_round(width)
    first = measure.first
    return Bins(first, width, (greatest - first) // width + 1, False)


def _next_round(width: int) -> int:
    """1, 2, 5, 10, 20, 50, 100 …"""
    return width * 5 // 2 if str(width).startswith("2") else width * 2
