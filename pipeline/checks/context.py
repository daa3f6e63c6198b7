"""The context of a question that its checks read."""

from bisect import bisect
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from pipeline.core.params import CheckParams
from pipeline.core.schema import Instance, Question, segment_texts_by_id
from pipeline.text.content_words import content_words
from pipeline.text.normalize import normalize_text
from pipeline.text.tokens import Tokenizer


@dataclass
class CheckContext:
    """The instance of a question, the params of the checks, the tokenizer, and the reviews.

    One object serves every check of an instance's questions. `bad_verdicts` maps the id of each question that
    a person judged bad to the person's reason.
    """

    instance: Instance
    params: CheckParams
    tokenizer: Tokenizer | None  # None where `max_answer_tokens` is None
    bad_verdicts: Mapping[str, str]
    language: str = "en"

    def required_keywords(self, question: Question) -> int:
        """Return the least number of keywords: `min_keywords` for a summary, 1 for a shortened answer."""
        is_of_summary = question.origin == "summary" or question.summary is not None
        return self.params.min_keywords if is_of_summary else 1

    @cached_property
    def segment_texts(self) -> dict[str, str]:
        """The text of each segment of the instance, by its id."""
        return segment_texts_by_id(self.instance)

    @cached_property
    def normalized_text(self) -> str:
        """All segments' text, normalised, a line each."""
        return "\n".join(map(normalize_text, self.segment_texts.values()))

    def segments_sharing(self, words: Set[str], min_shared: int) -> Iterator[str]:
        """Return the ids of the segments that hold at least `min_shared` of these content words.

        They are sorted by the first of the words that they hold, then by their place in the instance.
        """
        # A segment that holds none of these words holds too few of all. Long words are in few segments.
        needed = sorted(words, key=lambda word: (-len(word), word))[: len(words) - min_shared + 1]
        candidates = {index for word in needed for index in self._segments_with(word)}
        identities, lines = self._segment_ids, self._lines
        enough = []
        for index in candidates:
            # Most have too few of the words even as parts of longer ones, which is quick to tell.
            if sum(map(lines[index].__contains__, words)) >= min_shared:
                shared = words & content_words(self.segment_texts[identities[index]], self.language)
                if len(shared) >= min_shared:
                    enough.append((min(shared), index))
        return (identities[index] for _, index in sorted(enough))

    def texts_up_to(self, identity: str, number: int) -> list[str]:
        """Return the texts of a segment and of those before it in the instance, `number` in all, in order."""
        end = self._places[identity] + 1
        return [self.segment_texts[one] for one in self._segment_ids[max(0, end - number) : end]]

    def _segments_with(self, word: str) -> Iterator[int]:
        """Yield the places of the segments that hold a word, or longer words with it inside."""
        starts, text = self._segment_starts, self.normalized_text
        position = text.find(word)
        while position >= 0:
            next_segment = bisect(starts, position)
            yield next_segment - 1
            if next_segment == len(starts):
                break
            position = text.find(word, starts[next_segment])

    @cached_property
    def _segment_ids(self) -> list[str]:
        return list(self.segment_texts)

    @cached_property
    def _places(self) -> dict[str, int]:
        """The place of each segment in `_segment_ids`."""
        return {identity: place for place, identity in enumerate(self._segment_ids)}

    @cached_property
    def _lines(self) -> list[str]:
        """The normalised text of each segment."""
        return self.normalized_text.split("\n")

    @cached_property
    def _segment_starts(self) -> list[int]:
        """The place of each segment in `normalized_text`."""
        return list(accumulate((len(line) + 1 for line in self._lines[:-1]), initial=0))
