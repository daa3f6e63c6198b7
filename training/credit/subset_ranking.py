"""Rank subsets of texts by BM25 for many queries, without an index for each subset.

Scores are those of `BM25Index` on the subset, to the last bit: number of texts, their mean length and the
texts that hold a term are counted in the subset. Only terms of the queries are kept.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from math import log

import numpy as np

from pipeline.text.normalize import search_terms
from training.evaluation.bm25 import SCORE_DECIMALS

_K1, _B = 1.5, 0.75  # defaults of bm25s


class SubsetRanking:
    """Term counts of texts, which queries rank."""

    def __init__(self, texts: Sequence[str], queries: Sequence[str]) -> None:
        """Count the terms of `queries` in `texts`."""
        terms_by_query = [search_terms(query) for query in queries]
        ids = {term: number for number, term in enumerate(sorted(set(chain.from_iterable(terms_by_query))))}
        self._counts = np.zeros((len(ids) + 1, len(texts)))  # float64; the last row stays 0
        self._lengths = np.zeros(len(texts))
        for column, text in enumerate(texts):
            terms = search_terms(text)
            self._lengths[column] = len(terms)
            for term, count in Counter(terms).items():
                if term in ids:
                    self._counts[ids[term], column] = count
        longest = max(map(len, terms_by_query), default=0)
        self._terms = np.full((len(queries), longest), len(ids))
        for row, terms in enumerate(terms_by_query):
            self._terms[row, : len(terms)] = [ids[term] for term in terms]

    def rank(self, columns: np.ndarray, rows: np.ndarray, top_k: int) -> np.ndarray:
        """Return the `top_k` best of some texts for some queries, best first; of equal ones the later.

        `columns` are indices of texts, `rows` of queries. The result holds indices of texts, int64 of shape
        (rows, at most top_k).
        """
        scores = self._score(columns, rows)
        order = np.argsort(-scores[:, ::-1], axis=1, kind="stable")[:, :top_k]
        return np.asarray(columns[len(columns) - 1 - order])

    def rank_with_scores(self, columns: np.ndarray, row: int, top_k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (positions in `columns`, scores) of the best of some texts for a query, as `rank` does."""
        (scores,) = self._score(columns, np.array([row]))
        order = len(columns) - 1 - np.argsort(-scores[::-1], kind="stable")[:top_k]
        return order, scores[order]

    def _score(self, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return a score for each query and text, float32 of shape (rows, columns)."""
        scores = np.zeros((len(rows), len(columns)), np.float32)
        lengths = self._lengths[columns]
        if not lengths.any():
            return scores
        query_terms = self._terms[rows]
        used, query_terms = np.unique(query_terms, return_inverse=True)
        counts = self._counts[np.ix_(used, columns)]
        weights = self._weigh(counts, lengths)
        for terms in query_terms.reshape(len(rows), -1).T:  # in their order: sums of floats depend on it
            scores += weights[terms]
        return np.asarray(np.round(scores, SCORE_DECIMALS))

    def _weigh(self, counts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return what each term adds to the score of each text, float32 of shape (terms, texts)."""
        num_texts = len(lengths)
        holding = np.count_nonzero(counts, axis=1)
        rarity = np.array([_inverse_frequency(int(number), num_texts) for number in holding], np.float32)
        saturation = _K1 * ((1 - _B) + _B * lengths / lengths.mean())
        return np.asarray((rarity[:, None] * (counts / (saturation + counts))).astype(np.float32))


def _inverse_frequency(holding: int, num_texts: int) -> float:
    return log(1 + (num_texts - holding + 0.5) / (holding + 0.5))
