"""Casing statistics of a corpus: they tell names and things from other words.

One pass over the text, by regular expressions alone. Counts of shards add up, so any number of workers
gives the same statistics.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any

from pipeline.text.normalize import combining_marks, fold_case
from pipeline.text.word_totals import count_word_totals, is_plain

# Letters with their marks. No ASCII character is a mark: to rule ASCII out first is quicker.
_MARKED_LETTERS = rf"(?:(?![\x00-\x7f])[{combining_marks()}]+[^\W\d_]*)*"
_LETTERS = rf"[^\W\d_]+{_MARKED_LETTERS}"
WORD = re.compile(rf"{_LETTERS}(?:['’-]{_LETTERS})*")

MAX_INVERSE_FREQUENCY = 40  # words of at most 1 in 40 instances count alike
_CACHE_SIZE = 1 << 15
# WORD crosses no other ASCII character. All bytes of other characters are beyond ASCII.
_SEPARATORS = bytes(code for code in range(128) if not (chr(code).isalpha() or chr(code) in "'-"))
_TO_SPACES = bytes.maketrans(_SEPARATORS, b" " * len(_SEPARATORS))

# A capital says something only inside a sentence, on the same line. This pattern begins with the capital, and
# the next with a determiner's last letter: to search for a letter, and look back from there, is quicker.
_REST = rf"[^\W\d_]*{_MARKED_LETTERS}(?:['’-]{_LETTERS})*"
_INNER_CAPITALS = re.compile(
    r"[A-Z](?:(?<=[a-z,;] [A-Z])|(?<=Mr\. [A-Z])|(?<=Mrs\. [A-Z])|(?<=Dr\. [A-Z])|(?<=St\. [A-Z]))"
    rf"{_REST}(?: [A-Z]{_REST})*"
)


def mid_sentence_capitals(text: str) -> list[str]:
    """Return the words that a text writes with a capital inside a sentence, in order."""
    return [word for run in _INNER_CAPITALS.findall(text) for word in run.split(" ")]


def count_words(text: str) -> Counter[str]:
    """Return how often each word of a text occurs, case folded."""
    folded = text.lower() if text.isascii() else text
    # Each word is in one piece. A text repeats most of its pieces: to search each of them once for words is
    # quicker than to search the text.
    spaced = folded.encode("utf-8", "surrogatepass").translate(_TO_SPACES).replace(b"--", b" ")
    counts = Counter(spaced.decode("utf-8", "surrogatepass").split())
    is_word = str.isalpha if text.isascii() else is_plain
    others = {piece: counts.pop(piece) for piece in [one for one in counts if not is_word(one)]}
    for piece, count in others.items():
        for word, _ in _find_words(piece):
            counts[word] += count
    return counts


@lru_cache(_CACHE_SIZE)
def _find_words(piece: str) -> tuple[tuple[str, bool], ...]:
    """Return the words of a piece, case folded, and for each whether it is written in lowercase."""
    forms = [piece] if piece.isalpha() else WORD.findall(piece)
    return tuple((fold_case(form), form[0].islower()) for form in forms)


@dataclass
class WordStatistics:
    """Counts of words, case folded, over the instances of a source; the counters are keyed by word."""

    capitalized: Counter[str] = field(default_factory=Counter)  # inside a sentence, with a capital
    lowercase: Counter[str] = field(default_factory=Counter)  # without a capital, anywhere
    after_determiner: Counter[str] = field(default_factory=Counter)  # after an article or possessive
    instance_frequency: Counter[str] = field(default_factory=Counter)  # instances that hold the word
    num_instances: int = 0

    def add_instances(self, instances: Iterable[Iterable[str]]) -> None:
        """Count the segments' texts of instances."""
        texts = ["\n\n".join(segments) for segments in instances]
        totals = count_word_totals(texts, _find_words)
        self.lowercase.update(totals.lowercase)
        self.after_determiner.update(totals.after_determiner)
        self.instance_frequency.update(totals.text_frequency)
        runs = Counter(chain.from_iterable(map(_INNER_CAPITALS.findall, texts)))
        for run, count in runs.items():
            for word in run.split(" "):
                self.capitalized[fold_case(word)] += count
        self.num_instances += len(texts)

    def merge(self, other: "WordStatistics") -> None:
        """Add the counts of another shard."""
        self.capitalized.update(other.capitalized)
        self.lowercase.update(other.lowercase)
        self.after_determiner.update(other.after_determiner)
        self.instance_frequency.update(other.instance_frequency)
        self.num_instances += other.num_instances

    def to_json(self) -> dict[str, Any]:
        """Return the fields as a JSON object."""
        return {
            "capitalized": dict(self.capitalized),
            "lowercase": dict(self.lowercase),
            "after_determiner": dict(self.after_determiner),
            "instance_frequency": dict(self.instance_frequency),
            "num_instances": self.num_instances,
        }

    @classmethod
    def from_json(cls, counts: dict[str, Any]) -> "WordStatistics":
        """Return the statistics that `to_json` returned."""
        return cls(
            capitalized=Counter(counts["capitalized"]),
            lowercase=Counter(counts["lowercase"]),
            after_determiner=Counter(counts["after_determiner"]),
            instance_frequency=Counter(counts["instance_frequency"]),
            num_instances=counts["num_instances"],
        )

    def drop_irrelevant_words(self) -> None:
        """Drop what changes no answer of the methods below, once all shards are counted.

        That is the casing of words that are neither names nor nouns, however they are written, and the
        frequency of rare words: a large corpus has hundreds of thousands of them.
        """
        relevant = {"i"}  # tells whether casing is careless
        relevant.update(word for word, count in self.capitalized.items() if count >= 2)
        relevant.update(word for word, count in self.after_determiner.items() if count >= 2)
        for counts in (self.capitalized, self.lowercase, self.after_determiner):
            for word in counts.keys() - relevant:
                del counts[word]
        max_rare = self.num_instances // MAX_INVERSE_FREQUENCY
        frequent = {word: count for word, count in self.instance_frequency.items() if count > max_rare}
        self.instance_frequency = Counter(frequent)

    def inverse_frequency(self, word: str) -> int:
        """Return how many instances there are for one that has the word, case folded; from 1 to 40.

        A word that no instance has counts as a rare one.
        """
        frequency = self.instance_frequency[word]
        if not frequency:
            return MAX_INVERSE_FREQUENCY
        return min(self.num_instances // frequency, MAX_INVERSE_FREQUENCY)

    @property
    def has_careless_casing(self) -> bool:
        """Whether the corpus often leaves capitals out: it then writes some `i`, and names in lowercase."""
        return 10 * self.lowercase["i"] > self.capitalized["i"]

    def is_name(self, form: str) -> bool:
        """Return whether the word, written like this inside a sentence, is a name."""
        is_careless, has_capital = self.has_careless_casing, form[0].isupper()
        if not (is_careless or has_capital):
            return False
        word = fold_case(form)
        capitalized, lowercase = self.capitalized[word], self.lowercase[word]
        if not is_careless:
            return capitalized >= 3 and capitalized >= 4 * lowercase
        if has_capital:
            return capitalized >= 2 and 2 * capitalized >= lowercase
        return capitalized >= 3 and capitalized >= (lowercase * 3 // 4 if len(form) > 3 else lowercase * 3)

    def is_noun(self, form: str) -> bool:
        """Return whether the word, case folded, follows articles and possessives often enough for a noun."""
        return self.after_determiner[form] >= 2 and 4 * self.after_determiner[form] >= self.lowercase[form]
