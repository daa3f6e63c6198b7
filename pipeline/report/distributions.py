"""Distributions of sizes, numbers and positions in the dataset's instances, by source."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.core.schema import DRAWN_SPLITS, SPLITS
from pipeline.report.projections import InstanceTextProjection

MAX_BINS = 24


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured quantity, and how the report shows it."""

    key: str  # names its folder of CSV files
    title: str
    note: str
    min_value: int = 0  # the least possible value
    max_value: int | None = None  # values from here on share the last bin; None: no limit


MEASURES = (
    Measure("tokens_per_chunk", "Tokens per chunk", "of the text as rendered"),
    Measure("chunks_per_instance", "Chunks per instance", ""),
    Measure("questions_per_instance", "Questions per instance", ""),
    Measure("answer_words", "Words in a gold answer", "each gold answer is counted separately", 1, 20),
    Measure(
        "evidence_tenth",
        "Where the evidence begins",
        "the tenth of its instance in which the first chunk with evidence is; an instance of fewer than "
        "ten chunks cannot fill every tenth",
        1,
        10,
    ),
)


@dataclass(slots=True)
class SourceDistributions:
    """The counts of one source's instances in the dataset: numbers by split, and values of each measure."""

    instances: Counter[str] = field(default_factory=Counter)  # by split, as the next three
    chunks: Counter[str] = field(default_factory=Counter)
    questions: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    origins: Counter[str] = field(default_factory=Counter)  # questions by origin
    values: dict[str, Counter[int]] = field(  # by a measure's key
        default_factory=lambda: {measure.key: Counter() for measure in MEASURES}
    )

    def add(self, instance: InstanceTextProjection) -> None:
        """Add an instance to the counts."""
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
        """Return the mean of a measure by its key; None where it has no values."""
        counts = self.values[key]
        return sum(value * count for value, count in counts.items()) / counts.total() if counts else None


def count_totals(distributions: Iterable[SourceDistributions]) -> dict[str, dict[str, int]]:
    """Count instances, chunks, questions and tokens of each split, over all sources.

    A split that is not drawn (evaluation) is left out where it has no instances.
    """
    totals: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    for one in distributions:
        for split, counts in totals.items():
            counts["instances"] += one.instances[split]
            counts["chunks"] += one.chunks[split]
            counts["questions"] += one.questions[split]
            counts["tokens"] += one.tokens[split]
    return {
        split: dict(counts)
        for split, counts in totals.items()
        if split in DRAWN_SPLITS or counts["instances"]
    }


@dataclass(frozen=True, slots=True)
class Bins:
    """Equal bins of whole numbers: `count` bins of `width` values, from `first` on."""

    first: int
    width: int
    count: int
    is_open: bool  # whether the last bin also holds all greater values

    def lower_edge(self, number: int) -> int:
        """Return the least value of a bin."""
        return self.first + number * self.width

    def label(self, number: int) -> str:
        """Format a bin: `5`, `5–9` or `20 or more`."""
        low = self.lower_edge(number)
        if self.is_open and number == self.count - 1:
            return f"{low} or more"
        return str(low) if self.width == 1 else f"{low}–{low + self.width - 1}"

    @property
    def axis_end_label(self) -> str:
        """The label of the axis's end: the last value, or the end of the last bin where bins are wide."""
        if self.width > 1:
            return f"{self.lower_edge(self.count):,}"
        return f"{self.lower_edge(self.count - 1):,}{'+' if self.is_open else ''}"

    def count_values(self, values: Counter[int]) -> list[int]:
        """Count the values in each bin."""
        counts = [0] * self.count
        for value, times in values.items():
            counts[max(0, min((value - self.first) // self.width, self.count - 1))] += times
        return counts


def make_shared_bins(measure: Measure, value_counts: Sequence[Counter[int]]) -> Bins:
    """Make the bins that all sources share, so that they compare: at most MAX_BINS, of a round width."""
    greatest = max((value for values in value_counts for value in values), default=measure.min_value)
    if measure.max_value is not None:
        # The last bin is open only where a value exceeds it: tenths never do.
        count = measure.max_value - measure.min_value + 1
        return Bins(measure.min_value, 1, count, is_open=greatest > measure.max_value)
    width = 1
    while (greatest - measure.min_value) // width >= MAX_BINS:
        width = _next_round_width(width)
    first = measure.min_value
    return Bins(first, width, (greatest - first) // width + 1, is_open=False)


def _next_round_width(width: int) -> int:
    """Return the width after this one in 1, 2, 5, 10, 20, 50, 100 and so on."""
    return width * 5 // 2 if str(width).startswith("2") else width * 2
