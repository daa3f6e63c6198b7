"""Rank a few texts by BM25 (bm25s, Lucene's variant).

Stop words are kept: in a set of labelled samples "Who" and "How many" tell more than most nouns.
"""

import os
from collections.abc import Sequence

import numpy as np

from pipeline.text.normalize import search_terms

# bm25s starts JAX where it is installed, which would reserve three quarters of a GPU's memory.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
import bm25s

SCORE_DECIMALS = 4


class BM25Index:
    """An index of texts, which queries rank."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Index the words of the texts; of scripts without spaces, their bigrams."""
        tokens = [search_terms(text) for text in texts]
        self._num_texts = len(texts)
        self._index: bm25s.BM25 | None = None
        if any(tokens):
            self._index = bm25s.BM25()
            self._index.index(tokens, show_progress=False)

    def scores(self, query: str) -> np.ndarray:
        """Return a score for each text, 0 where no word matches; float32 of shape (texts,).

        Scores are rounded to four decimals, since the last bits depend on the processor.
        """
        token_ids = self._index.get_tokens_ids(search_terms(query)) if self._index else []
        if self._index is None or not token_ids:
            return np.zeros(self._num_texts, np.float32)
        return np.asarray(np.round(self._index.get_scores_from_ids(token_ids), SCORE_DECIMALS))

    def rank(self, query: str, top_k: int) -> list[int]:
        """Return the indices of the `top_k` best texts, best first; of equal scores the later text first."""
        return [index for index, _ in self.rank_with_scores(query, top_k)]

    def rank_with_scores(self, query: str, top_k: int) -> list[tuple[int, float]]:
        """Return (index, score) of the `top_k` best texts, ordered as in `rank`."""
        scores = self.scores(query)
        order = np.lexsort((-np.arange(self._num_texts), -scores))
        return [(int(index), float(scores[index])) for index in order[:top_k]]
