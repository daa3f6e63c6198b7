"""Decontamination: find instances that share text with protected ones, of test or of any evaluation set.

Two instances share text when they share a segment, by its id, or an n-gram of `ngram_size` words: of the
segments of a chunk, one after the other, or of a question. A question of fewer words counts whole, if it has
at least eight. Of a question only its own text counts: the template of a rule-based question is the same
everywhere, and a summary question is nothing but its template.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from pipeline.core.question_templates import strip_templates
from pipeline.core.rejection import Rejection
from pipeline.core.schema import Instance, InstanceProjection, Question, QuestionProjection, joined_segments
from pipeline.text.normalize import words
from pipeline.text.shingles import Hashes, ngram_hashes, sorted_unique, word_hashes

_PREFIX_BITS = 24  # bits of a hash, for a table of 16 MB
_MIN_QUESTION_WORDS = 8  # shorter questions are too common to count


class ContaminationIndex:
    """The segment ids and word n-grams of protected instances: eight bytes a word."""

    def __init__(self, instances: Iterable[Instance | InstanceProjection], ngram_size: int) -> None:
        """Index the protected instances; `ngram_size` is in words."""
        self._ngram_size = ngram_size
        self._segment_ids: set[str] = set()
        hash_arrays = [np.empty(0, np.uint64)]
        for instance in instances:
            self._segment_ids.update(_segment_ids(instance))
            hash_arrays += [hashes for _, hashes in _text_ngrams(instance, ngram_size)]
        self._ngram_hashes = sorted_unique(np.concatenate(hash_arrays))
        self._prefix_table = np.zeros(1 << _PREFIX_BITS, np.bool_)
        self._prefix_table[self._ngram_hashes >> (64 - _PREFIX_BITS)] = True

    def find_overlap(self, instance: Instance | InstanceProjection) -> Rejection | None:
        """Return a rejection where the instance shares text with a protected one; else None."""
        segments = sum(segment in self._segment_ids for segment in _segment_ids(instance))
        if segments:
            return Rejection("shares text with test", f"{segments} segments stand in test too")
        count, quote = 0, ""
        for text, hashes in _text_ngrams(instance, self._ngram_size):
            positions = self._find_protected(hashes)
            if positions and not count:
                quote = " ".join(words(text)[positions[0] : positions[0] + self._ngram_size])
            count += len(positions)
        if not count:
            return None
        detail = f"{count} runs of words stand in test too, the first: {quote!r}"
        return Rejection("shares text with test", detail)

    def _find_protected(self, hashes: Hashes) -> list[int]:
        """Return the indices of the protected n-grams; a table of first bits rules out most others fast."""
        likely = np.flatnonzero(self._prefix_table[hashes >> (64 - _PREFIX_BITS)])
        nearest = np.searchsorted(self._ngram_hashes, hashes[likely])
        positions: list[int] = likely[
            self._ngram_hashes.take(nearest, mode="clip") == hashes[likely]
        ].tolist()
        return positions


def _segment_ids(instance: Instance | InstanceProjection) -> Iterator[str]:
    return (segment.id for chunk in instance.chunks for segment in chunk.segments)


def _text_ngrams(instance: Instance | InstanceProjection, ngram_size: int) -> Iterator[tuple[str, Hashes]]:
    """Yield (text, hashes of its n-grams) for each chunk and question."""
    for chunk in instance.chunks:
        text = joined_segments(chunk)
        yield text, ngram_hashes(word_hashes(text), ngram_size)
    questions: Sequence[Question | QuestionProjection] = instance.questions
    for question, text in zip(questions, strip_templates(questions), strict=True):
        if question.origin != "summary":
            hashes = word_hashes(text)
            yield text, ngram_hashes(hashes, min(ngram_size, max(len(hashes), _MIN_QUESTION_WORDS)))
