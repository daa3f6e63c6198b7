"""Retrieve passages for a question from a memory or, for baselines without one, from the chunks.

A retriever returns passages, best first. `truncate_passages` cuts them to a number of tokens, so that the
answerer reads equally much of every method. Paper: core and the 20 best entries of each list. Its code drops
entries until the prompt fits; here the last entry is cut instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Protocol, TypeVar

from pipeline.text.tokens import TokenCounter, truncate_to_tokens
from training.evaluation.bm25 import BM25Index
from training.memory.memory import LIST_NAMES, Memory

LONG_CONTEXT_TOKENS = 32_768  # tokens of the newest chunks that a long context holds (paper: 32K)
TOP_K_CHUNKS = 2  # chunks that BM25 retrieves (paper)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that an answerer may read."""

    id: str  # `core`, an entry's id, or `chunk 3`
    text: str


class Retriever(Protocol):
    """The retrieval from all that a method keeps of an instance."""

    memory_tokens: int  # tokens of all that the method keeps

    def retrieve(self, question: str) -> list[Passage]:
        """Return the passages for a question, best first."""


class MemoryRetriever:
    """The retrieval from a memory, which must not change any more."""

    def __init__(self, memory: Memory, top_k: int) -> None:
        """Index the entries; `top_k` entries of each list are retrieved."""
        self.memory_tokens = memory.tokens
        self._core_passages = [Passage("core", memory.core)] if memory.core else []
        self._list_passages = [
            [Passage(entry.id, entry.text) for entry in memory.lists[name]] for name in LIST_NAMES
        ]
        self._indexes = [
            BM25Index([passage.text for passage in passages]) for passages in self._list_passages
        ]
        self._top_k = top_k

    def retrieve(self, question: str) -> list[Passage]:
        """Return core, then the best entries of both lists in turn."""
        ranked = [
            [passages[position] for position in index.rank(question, self._top_k)]
            for passages, index in zip(self._list_passages, self._indexes, strict=True)
        ]
        return self._core_passages + interleave(ranked)


def interleave(ranked: Sequence[Sequence[Item]]) -> list[Item]:
    """Return the items of some lists in turn: the first of each, then the second of each that has one."""
    return [item for items in zip_longest(*ranked) for item in items if item is not None]


class ChunkRetriever:
    """The retrieval from chunks by BM25."""

    def __init__(self, chunks: Sequence[str], tokens: Sequence[int], max_tokens: int | None = None) -> None:
        """Index the chunks, whose tokens are given: all of them, or the newest ones that fit a limit."""
        first = len(chunks)
        self.memory_tokens = 0
        while first and (max_tokens is None or self.memory_tokens + tokens[first - 1] <= max_tokens):
            first -= 1
            self.memory_tokens += tokens[first]
        self._chunks = _number_chunks(chunks)[first:]
        self._index = BM25Index(chunks[first:])

    def retrieve(self, question: str) -> list[Passage]:
        """Return the two best chunks."""
        return [self._chunks[position] for position in self._index.rank(question, TOP_K_CHUNKS)]


class LongContext:
    """The newest chunks that a long context holds, the same for every question."""

    def __init__(self, chunks: Sequence[str], max_tokens: int, count_tokens: TokenCounter) -> None:
        """Keep the newest chunks, as many whole ones as have at most `max_tokens` together."""
        self.memory_tokens = 0
        self._chunks: list[Passage] = []
        for chunk in reversed(_number_chunks(chunks)):
            tokens = count_tokens(chunk.text)
            if self.memory_tokens + tokens > max_tokens:
                break
            self.memory_tokens += tokens
            self._chunks.insert(0, chunk)

    def retrieve(self, question: str) -> list[Passage]:
        """Return the newest chunks, oldest of them first."""
        return self._chunks


class EmptyMemory:
    """The retrieval from nothing."""

    memory_tokens = 0

    def retrieve(self, question: str) -> list[Passage]:
        """Return no passages."""
        return []


def _number_chunks(chunks: Sequence[str]) -> list[Passage]:
    return [Passage(f"chunk {number}", chunk) for number, chunk in enumerate(chunks)]


def truncate_passages(
    passages: Sequence[Passage], max_tokens: int, count_tokens: TokenCounter
) -> list[Passage]:
    """Return the first passages that have `max_tokens` together; the last one is cut at a word to fit."""
    kept: list[Passage] = []
    tokens_left = max_tokens
    for passage in passages:
        tokens = count_tokens(passage.text)
        if tokens > tokens_left:
            text = truncate_to_tokens(passage.text, tokens_left, count_tokens)
            return [*kept, Passage(passage.id, text)] if text else kept
        kept.append(passage)
        tokens_left -= tokens
    return kept
