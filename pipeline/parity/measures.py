"""Compute the measures of the paper's tables of our instances."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.core.schema import Instance
from pipeline.parity.paper_tables import PaperRow

if TYPE_CHECKING:
    from pipeline.text.tokens import TokenCounter  # loads tiktoken, which the report does not need

MEASURES = ("train", "test", "tokens_per_chunk", "chunks_per_instance", "questions_per_instance")
MEASURE_LABELS = dict(
    zip(
        MEASURES,
        (
            "train instances",
            "test instances",
            "tokens per chunk",
            "chunks per instance",
            "questions per instance",
        ),
        strict=True,
    )
)

PAPER_TOKENIZER = "qwen3"  # the tables count by it, whatever tokenizer cuts the chunks

Measures = Mapping[str, float]  # by the names in MEASURES; empty without instances


@dataclass(slots=True)
class MeasureSums:
    """Sums over instances, which are added one by one."""

    instances: Counter[str] = field(default_factory=Counter)  # by split
    chunks: int = 0
    tokens: int = 0
    questions: int = 0

    def add(self, instance: Instance, count_tokens: "TokenCounter") -> None:
        """Add an instance; `count_tokens` counts the tokens of its chunks."""
        self.instances["train" if instance.split == "train" else "test"] += 1
        self.chunks += len(instance.chunks)
        self.tokens += sum(count_tokens(chunk.text) for chunk in instance.chunks)
        self.questions += len(instance.questions)

    def compute_means(self) -> dict[str, float]:
        """Return the measures: the number of instances of each split, and means over both splits."""
        total = self.instances.total()
        if not total:
            return {}
        return {
            "train": self.instances["train"],
            "test": self.instances["test"],
            "tokens_per_chunk": self.tokens / max(self.chunks, 1),
            "chunks_per_instance": self.chunks / total,
            "questions_per_instance": self.questions / total,
        }


def measure_instances(instances: Iterable[Instance], count_tokens: "TokenCounter") -> dict[str, float]:
    """Measure instances; `count_tokens` counts the tokens of their chunks."""
    sums = MeasureSums()
    for instance in instances:
        sums.add(instance, count_tokens)
    return sums.compute_means()


def paper_measures(row: PaperRow) -> dict[str, float]:
    """Return the measures that the paper states for a row."""
    return {name: value for name in MEASURES if (value := getattr(row, name)) is not None}


def percent_difference(ours: float, paper: float) -> float:
    """Return the difference of our value from the paper's, in percent of the paper's."""
    return 100 * (ours - paper) / paper
