"""What is recalled for a question: out of a memory, or, for baselines without one, out of the chunks.

Everything recalled is a list of pieces, best first. `fitted` cuts it to what an answerer may read, so that
all methods have the same room. Paper: core and the 20 best entries of each list; its code takes fewer
entries until the prompt fits, here the last that fits is cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Protocol

from pipeline.text.tokens import Count, beginning
from training.memory import LISTS, Memory
from training.retrieval import Ranking

LONG_CONTEXT = 32_768  # tokens of the newest chunks that a long context holds (paper: 32K)
BEST_CHUNKS = 2  # of BM25 over chunks (paper)


@dataclass(frozen=True, slots=True)
class Piece:
    """A text and where it is from: `core`, an entry's id, or `chunk 3`."""

    name: str
    text: str


class Recall(Protocol):
    """What a method kept of an instance."""

    tokens: int  # of all that is kept for answering

    def recall(self, question: str) -> list[Piece]:
        """The pieces for a question, best first."""


class FromMemory:
    """Core, and the best entries of both lists by turns. The memory must not change any more."""

    def __init__(self, memory: Memory, best: int) -> None:
        self.tokens = memory.tokens
        self._core = [Piece("core", memory.core)] if memory.core else []
        self._entries = [[Piece(entry.id, entry.text) for entry in memory.lists[name]] for name in LISTS]
        self._rankings = [Ranking([piece.text for piece in pieces]) for pieces in self._entries]
        self._best = best

    def recall(self, question: str) -> list[Piece]:
        """See Recall."""
        ranked = [
            [pieces[position] for position in ranking.best(question, self._best)]
            for pieces, ranking in zip(self._entries, self._rankings, strict=True)
        ]
        turns = chain.from_iterable(zip_longest(*ranked))
        return self._core + [piece for piece in turns if piece is not None]


class FromChunks:
    """The two chunks that BM25 ranks best."""

    def __init__(self, chunks: Sequence[str], tokens: int) -> None:
        self.tokens = tokens
        self._chunks = _numbered(chunks)
        self._ranking = Ranking(chunks)

    def recall(self, question: str) -> list[Piece]:
        """See Recall."""
        return [self._chunks[position] for position in self._ranking.best(question, BEST_CHUNKS)]


class NewestChunks:
    """The newest chunks that a long context holds, the same for every question."""

    def __init__(self, chunks: Sequence[str], most: int, count: Count) -> None:
        """`most`: tokens of the chunks together."""
        self.tokens = 0
        self._chunks: list[Piece] = []
        for chunk in reversed(_numbered(chunks)):
            tokens = count(chunk.text)
            if self.tokens + tokens > most:
                break
            self.tokens += tokens
            self._chunks.insert(0, chunk)

    def recall(self, question: str) -> list[Piece]:
        """See Recall."""
        return self._chunks


class Nothing:
    """An empty memory."""

    tokens = 0

    def recall(self, question: str) -> list[Piece]:
        """See Recall."""
        return []


def _numbered(chunks: Sequence[str]) -> list[Piece]:
    return [Piece(f"chunk {number}", chunk) for number, chunk in enumerate(chunks)]


def fitted(pieces: Sequence[Piece], most: int, count: Count) -> list[Piece]:
    """The first pieces, as many as have `most` tokens together; the last is cut at a word to fill them."""
    kept: list[Piece] = []
    left = most
    for piece in pieces:
        tokens = count(piece.text)
        if tokens > left:
            text = beginning(piece.text, left, count)
            return [*kept, Piece(piece.name, text)] if text else kept
        kept.append(piece)
        left -= tokens
    return kept
