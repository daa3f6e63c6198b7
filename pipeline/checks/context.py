"""The context of a question that its checks read."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

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
    tokenizer: Tokenizer
    bad_verdicts: Mapping[str, str]

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
        """Return the ids of the segments that hold at least `min_shared` of these content words."""
        shared = Counter(
            identity for word in sorted(words) for identity in self._segments_by_word.get(word, ())
        )
        return (identity for identity, count in shared.items() if count >= min_shared)

    @cached_property
    def _segments_by_word(self) -> dict[str, list[str]]:
        """The segments that hold each content word."""
        by_word: dict[str, list[str]] = defaultdict(list)
        for identity, text in self.segment_texts.items():
            for word in content_words(text):
                by_word[word].append(identity)
        return by_word
