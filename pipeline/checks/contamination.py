"""Finds instances that share text with protected ones: those of test, or of any evaluation set.

Shared is a segment, by its id, or a run of so many words: of the segments of a chunk, one after the other,
or of a question. A question of fewer words counts whole, if it has eight. Of a question only its own text
counts: the frame of made questions is the same everywhere, and a summary question is all frame.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from pipeline.checks.dropped import Dropped
from pipeline.questions.frames import own_texts
from pipeline.schema import Instance, InstanceOutline, Question, QuestionOutline
from pipeline.text.normal import words
from pipeline.text.shingles import Hashes, distinct, runs, word_hashes

_HEAD = 24  # bits of a hash, for a table of 16 MB
_LEAST = 8  # words of a question that counts whole: anybody may ask a shorter one


class Protected:
    """The segments and runs of `length` words that must not stand elsewhere: eight bytes a word."""

    def __init__(self, instances: Iterable[Instance | InstanceOutline], length: int) -> None:
        self._length = length
        self._segments: set[str] = set()
        found = [np.empty(0, np.uint64)]
        for instance in instances:
            self._segments.update(_segments(instance))
            found += [hashes for _, hashes in _runs(instance, length)]
        self._runs = distinct(np.concatenate(found))
        self._heads = np.zeros(1 << _HEAD, np.bool_)
        self._heads[self._runs >> (64 - _HEAD)] = True

    def shared_by(self, instance: Instance | InstanceOutline) -> Dropped | None:
        """Why the instance cannot stand beside the protected ones; None where it can."""
        segments = sum(segment in self._segments for segment in _segments(instance))
        if segments:
            return Dropped("shares text with test", f"{segments} segments stand in test too")
        count, quote = 0, ""
        for text, hashes in _runs(instance, self._length):
            places = self._places(hashes)
            if places and not count:
                quote = " ".join(words(text)[places[0] : places[0] + self._length])
            count += len(places)
        if not count:
            return None
        detail = f"{count} runs of words stand in test too, the first: {quote!r}"
        return Dropped("shares text with test", detail)

    def _places(self, hashes: Hashes) -> list[int]:
        """Where the runs are protected. Most are not, as a look at their first bits says quickly."""
        likely = np.flatnonzero(self._heads[hashes >> (64 - _HEAD)])
        found = np.searchsorted(self._runs, hashes[likely])
        places: list[int] = likely[self._runs.take(found, mode="clip") == hashes[likely]].tolist()
        return places


def _segments(instance: Instance | InstanceOutline) -> Iterator[str]:
    return (segment.id for chunk in instance.chunks for segment in chunk.segments)


def _runs(instance: Instance | InstanceOutline, length: int) -> Iterator[tuple[str, Hashes]]:
    """(text, its runs) of each chunk and question."""
    for chunk in instance.chunks:
        text = "\n".join(chunk.text[segment.start : segment.end] for segment in chunk.segments)
        yield text, runs(word_hashes(text), length)
    questions: Sequence[Question | QuestionOutline] = instance.questions
    for question, text in zip(questions, own_texts(questions), strict=True):
        if question.origin != "summary":
            hashes = word_hashes(text)
            yield text, runs(hashes, min(length, max(len(hashes), _LEAST)))
