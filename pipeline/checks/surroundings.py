"""What a check may look at around a question."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

from pipeline.params import Checks
from pipeline.schema import Instance, Question
from pipeline.text.content import content_words
from pipeline.text.normal import normalised
from pipeline.text.tokens import Tokenizer


@dataclass
class Surroundings:
    """The instance that a question is asked of, the settings of the checks, the tokenizer, the reviews.

    Made once for an instance and handed to every check of its questions. `judged_bad`: why, by the id of
    each question that a person judged bad.
    """

    instance: Instance
    params: Checks
    tokenizer: Tokenizer
    judged_bad: Mapping[str, str]

    def least_keywords(self, question: Question) -> int:
        """How many keywords a question must be left with: several of a summary, one of a shortened answer."""
        of_summary = question.origin == "summary" or question.summary is not None
        return self.params.min_keywords if of_summary else 1

    @cached_property
    def segments(self) -> dict[str, str]:
        """The text of each segment of the instance, by its id."""
        return {
            segment.id: chunk.text[segment.start : segment.end]
            for chunk in self.instance.chunks
            for segment in chunk.segments
        }

    @cached_property
    def whole(self) -> str:
        """All segments' text, normalised, a line each."""
        return "\n".join(map(normalised, self.segments.values()))

    def sharing(self, words: Set[str], least: int) -> Iterator[str]:
        """The ids of the segments that hold at least so many of these content words."""
        shared = Counter(identity for word in sorted(words) for identity in self._holders.get(word, ()))
        return (identity for identity, count in shared.items() if count >= least)

    @cached_property
    def _holders(self) -> dict[str, list[str]]:
        """The segments that hold each content word."""
        holders: dict[str, list[str]] = defaultdict(list)
        for identity, text in self.segments.items():
            for word in content_words(text):
                holders[word].append(identity)
        return holders
