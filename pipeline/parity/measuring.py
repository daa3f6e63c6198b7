"""The measures of the paper's tables, of instances of ours."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.parity.table import Row
from pipeline.schema import Instance

if TYPE_CHECKING:
    from pipeline.text.tokens import Count  # loads tiktoken, which the report does not need

MEASURES = ("train", "test", "tokens_per_chunk", "chunks_per_instance", "questions_per_instance")
NAMES = dict(
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

PAPERS_TOKENIZER = "qwen3"  # that the tables count by, whatever chunks are cut by

Measured = Mapping[str, float]  # by the names in MEASURES; without those that nothing was there to measure


@dataclass(slots=True)
class Sums:
    """Sums over instances, one by one."""

    instances: Counter[str] = field(default_factory=Counter)  # by split
    chunks: int = 0
    tokens: int = 0
    questions: int = 0

    def add(self, instance: Instance, count: "Count") -> None:
        """Count an instance, its tokens by `count`."""
        self.instances["train" if instance.split == "train" else "test"] += 1
        self.chunks += len(instance.chunks)
        self.tokens += sum(count(chunk.text) for chunk in instance.chunks)
        self.questions += len(instance.questions)

    def measured(self) -> dict[str, float]:
        """The measures, means over both sides."""
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


def measured(instances: Iterable[Instance], count: "Count") -> dict[str, float]:
    """The measures of instances, tokens counted by `count`."""
    sums = Sums()
    for instance in instances:
        sums.add(instance, count)
    return sums.measured()


def of_paper(row: Row) -> dict[str, float]:
    """The measures that the paper states."""
    return {name: value for name in MEASURES if (value := getattr(row, name)) is not None}


def off(ours: float, theirs: float) -> float:
    """By how many percent ours is off the paper's."""
    return 100 * (ours - theirs) / theirs
