"""What every recipe is given, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pipeline import draws
from pipeline.documents import Document
from pipeline.params import SplitParams
from pipeline.schema import AskedQuestion, Instance, Reject, Segment
from pipeline.text.sentences import SentenceSplitter
from pipeline.text.tokens import Tokenizer


@cache
def _tokenizer(name: str, assets: Path) -> Tokenizer:
    return Tokenizer(name, assets)


@cache
def _splitter(nltk_data: Path) -> SentenceSplitter:
    return SentenceSplitter(nltk_data)


@dataclass(frozen=True)
class Context:
    """The params and tools of one source. Small, so that it can be sent to another process."""

    source: str
    seed: int
    split: SplitParams
    tokenizer_name: str
    assets: Path

    @property
    def tokenizer(self) -> Tokenizer:
        """The declared tokenizer, loaded once per process."""
        return _tokenizer(self.tokenizer_name, self.assets)

    @property
    def splitter(self) -> SentenceSplitter:
        """The sentence splitter, loaded once per process."""
        return _splitter(self.assets / "nltk")

    def tokens_of(self, document: Document) -> int:
        """Tokens of a document's segments, as they are before rendering."""
        return sum(self.tokenizer.count(segment.text) for segment in document.segments)

    def targets(self, low: int, high: int, *names: object) -> Callable[[int], int]:
        """The target of chunk `number`, in tokens, drawn uniformly from low to high."""

        def target(number: int) -> int:
            return draws.integer(low, high, self.seed, self.source, *names, "target", number)

        return target


@dataclass(slots=True)
class Chunked:
    """Instances of both sides; what made none; and what the questions are made of or placed by.

    pool: of labelled examples, each side's whole one. asked: a document's questions, of the one instance it
    makes.
    """

    instances: list[Instance] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    pool: list[Segment] = field(default_factory=list)
    asked: list[AskedQuestion] = field(default_factory=list)
