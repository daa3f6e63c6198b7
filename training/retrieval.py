"""BM25 (bm25s, Lucene's variant) over a few texts: which of them a query is about.

No stop words are left out: in a label set "Who" and "How many" say more than most nouns.
"""

import os
from collections.abc import Sequence

import numpy as np

from pipeline.text.normal import words

# Where JAX is installed bm25s starts it, and it would take three quarters of a GPU's memory for itself.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
import bm25s

_DECIMALS = 4


class Ranking:
    """Texts that queries rank."""

    def __init__(self, texts: Sequence[str]) -> None:
        tokens = [words(text) for text in texts]
        self._count = len(texts)
        self._index: bm25s.BM25 | None = None
        if any(tokens):
            self._index = bm25s.BM25()
            self._index.index(tokens, show_progress=False)

    def scores(self, query: str) -> np.ndarray:
        """A score for each text, 0 where nothing matches; rounded: the last bits depend on the processor."""
        known = self._index.get_tokens_ids(words(query)) if self._index else []
        if self._index is None or not known:
            return np.zeros(self._count, np.float32)
        return np.asarray(np.round(self._index.get_scores_from_ids(known), _DECIMALS))

    def best(self, query: str, most: int) -> list[int]:
        """Positions of the `most` texts with the highest scores, best first; of equals the later first."""
        return [position for position, _ in self.scored(query, most)]

    def scored(self, query: str, most: int) -> list[tuple[int, float]]:
        """The same with their scores."""
        scores = self.scores(query)
        order = np.lexsort((-np.arange(self._count), -scores))
        return [(int(position), float(scores[position])) for position in order[:most]]
