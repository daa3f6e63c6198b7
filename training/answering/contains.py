"""An answerer without a model: the answer is all that was recalled; for a label the vote of its samples.

A gold answer counts when it stands in what was recalled, so this measures memory and retrieval and not the
skill of a reader. A recalled sample votes for its label with the square of the BM25 score that the sample
asked about gives it, so that the few most alike decide; the `_VOTERS` best vote.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from pipeline.questions.frames import sample_of
from training.answering import Asked
from training.recall import Piece
from training.retrieval import Ranking

_LABEL = re.compile(r"\blabels?\W{0,4}(?:(?:is|number|=|:|→|->)\W{0,3}){0,2}(\d+)\b", re.IGNORECASE)
_VOTERS = 20


class ContainsAnswerer:
    """See above. Answerer."""

    def answer(self, asked: Sequence[Asked]) -> list[str]:
        """See Answerer."""
        return [
            _label(one) if one.question.metric == "exact" else "\n".join(piece.text for piece in one.pieces)
            for one in asked
        ]


def _label(asked: Asked) -> str:
    """The label with most votes, boxed; empty where no sample was recalled."""
    labels, ranking = _samples(tuple(asked.pieces))
    if not labels:
        return ""
    # Without the words that ask: "is", "the" and "of" say much about a sample.
    sample = sample_of(asked.question.text)
    votes: dict[str, float] = defaultdict(float)
    for position, score in ranking.scored(sample, _VOTERS):
        votes[labels[position]] += score**2
    label = max(votes, key=lambda one: votes[one])  # of equal ones that of the better sample
    return f"\\boxed{{{label}}}"


@lru_cache(maxsize=4)  # some methods recall the same for every question
def _samples(pieces: tuple[Piece, ...]) -> tuple[list[str], Ranking]:
    """The labels of all samples in what was recalled, and the samples' texts to rank."""
    samples = [sample for piece in pieces for sample in samples_of(piece)]
    return [label for _, label in samples], Ranking([text for text, _ in samples])


def samples_of(piece: Piece) -> list[tuple[str, str]]:
    """(text, label) of each labelled sample in a piece. Of several, a sample is the text before its label."""
    found = list(_LABEL.finditer(piece.text))
    if len(found) == 1:
        (match,) = found
        return [(piece.text[: match.start()] + piece.text[match.end() :], match.group(1))]
    starts = [0, *(match.end() for match in found)]
    return [
        (piece.text[start : match.start()], match.group(1))
        for start, match in zip(starts, found, strict=False)
    ]
