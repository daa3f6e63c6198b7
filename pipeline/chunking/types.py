"""The input and the output that all chunking strategies share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.chunking.chunk_templates import ChunkTemplate
from pipeline.chunking.packing import PackedChunk, pack_segments
from pipeline.core import seeded_random
from pipeline.core.params import SplitParams
from pipeline.core.schema import Instance, InstanceQuestion, Reject, Segment
from pipeline.sources.parsed import Document
from pipeline.text.sentences import SentenceSplitter, load_splitter
from pipeline.text.tokens import Tokenizer, load_tokenizer


@dataclass(frozen=True)
class ChunkingContext:
    """The params and tools of one source; small when pickled, so that worker processes can have it."""

    source: str
    seed: int
    split: SplitParams
    tokenizer_name: str
    assets: Path

    @property
    def tokenizer(self) -> Tokenizer:
        """The declared tokenizer, loaded once per process."""
        return load_tokenizer(self.tokenizer_name, self.assets)

    @property
    def splitter(self) -> SentenceSplitter:
        """The sentence splitter, loaded once per process."""
        return load_splitter(self.assets / "nltk")

    def count_tokens(self, document: Document) -> int:
        """Return the tokens of a document's segments, before rendering."""
        return sum(self.tokenizer.count(segment.text) for segment in document.segments)

    def draw_targets(self, low: int, high: int, *names: object) -> Callable[[int], int]:
        """Return a function from a chunk's number to its target in tokens, uniform from `low` to `high`."""

        def target(number: int) -> int:
            return seeded_random.randint(low, high, self.seed, self.source, *names, "target", number)

        return target

    def pack(
        self,
        units: Iterable[list[Segment]],
        template: ChunkTemplate[list[Segment]],
        max_tokens: int,
        target_of: Callable[[int], int] | None = None,
        index_of: Callable[[int], int] = lambda number: number,
    ) -> tuple[list[PackedChunk[list[Segment]]], list[Segment]]:
        """Pack units into chunks as `pack_segments` does; return (the chunks, the oversized segments)."""
        oversized: list[Segment] = []
        tools = self.tokenizer, self.splitter
        packed_chunks = list(
            pack_segments(
                units, *tools, template, max_tokens, oversized, target_of=target_of, index_of=index_of
            )
        )
        return packed_chunks, oversized


@dataclass(slots=True)
class ChunkedSource:
    """Instances of both splits, the rejects, and the input of questions.

    `labelled_examples`: all examples of both splits, whether an instance shows them or not.
    `document_questions`: the questions of each document that makes one instance, with that instance.
    """

    instances: list[Instance] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    labelled_examples: list[Segment] = field(default_factory=list)
    document_questions: list[InstanceQuestion] = field(default_factory=list)
