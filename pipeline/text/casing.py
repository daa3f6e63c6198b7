"""Casing statistics of a corpus: they tell names and things from other words.

One pass over the text, by regular expressions alone. Counts of shards add up, so any number of workers
gives the same statistics.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.text.normalize import combining_marks, fold_case

# Letters with their marks. No ASCII character is a mark: to rule ASCII out first is quicker.
_LETTERS = rf"[^\W\d_]+(?:(?![\x00-\x7f])[{combining_marks()}]+[^\W\d_]*)*"
WORD = re.compile(rf"{_LETTERS}(?:['’-]{_LETTERS})*")

# A capital says something only inside a sentence, on the same line.
_INNER_CAPITALS = re.compile(
    rf"(?:(?<=[a-z,;] )|(?<=Mr\. )|(?<=Mrs\. )|(?<=Dr\. )|(?<=St\. ))(?=[A-Z]){WORD.pattern}"
    rf"(?: (?=[A-Z]){WORD.pattern})*"
)
_AFTER_DETERMINER = re.compile(
    r"\b(?:[Aa]n?|[Tt]he|[Mm]y|[Yy]our|[Hh]is|[Hh]er|[Ii]ts|[Oo]ur|[Tt]heir|[Tt]hy)\s+([a-z]+(?:-[a-z]+)*)"
)


def mid_sentence_capitals(text: str) -> list[str]:
    """Return the words that a text writes with a capital inside a sentence, in order."""
    return [word for run in _INNER_CAPITALS.findall(text) for word in run.split(" ")]


@dataclass
class WordStatistics:
    """Counts of words, case folded, over the instances of a source; the counters are keyed by word."""

    capitalized: Counter[str] = field(default_factory=Counter)  # inside a sentence, with a capital
    lowercase: Counter[str] = field(default_factory=Counter)  # without a capital, anywhere
    after_determiner: Counter[str] = field(default_factory=Counter)  # after an article or possessive
    instance_frequency: Counter[str] = field(default_factory=Counter)  # instances that hold the word
    num_instances: int = 0

    def add_instance(self, texts: Iterable[str]) -> None:
        """Count the segments' texts of one instance."""
        text = "\n\n".join(texts)
        forms = Counter(WORD.findall(text))
        for form, count in forms.items():
            if form[0].islower():
                self.lowercase[fold_case(form)] += count
        self.capitalized.update(map(fold_case, mid_sentence_capitals(text)))
        self.after_determiner.update(_AFTER_DETERMINER.findall(text))
        self.instance_frequency.update({fold_case(form) for form in forms})
        self.num_instances += 1

    def merge(self, other: "WordStatistics") -> None:
        """Add the counts of another shard."""
        self.capitalized.update(other.capitalized)
        self.lowercase.update(other.lowercase)
        self.after_determiner.update(other.after_determiner)
        self.instance_frequency.update(other.instance_frequency)
        self.num_instances += other.num_instances

    @property
    def has_careless_casing(self) -> bool:
        """Whether the corpus often leaves capitals out: it then writes some `i`, and names in lowercase."""
        return 10 * self.lowercase["i"] > self.capitalized["i"]

    def is_name(self, form: str) -> bool:
        """Return whether the word, written like this inside a sentence, is a name."""
        word = fold_case(form)
        capitalized, lowercase = self.capitalized[word], self.lowercase[word]
        if not self.has_careless_casing:
            return form[0].isupper() and capitalized >= 3 and capitalized >= 4 * lowercase
        if form[0].isupper():
            return capitalized >= 2 and 2 * capitalized >= lowercase
        return capitalized >= 3 and capitalized >= (lowercase * 3 // 4 if len(form) > 3 else lowercase * 3)

    def is_noun(self, form: str) -> bool:
        """Return whether the word, case folded, follows articles and possessives often enough for a noun."""
        return self.after_determiner[form] >= 2 and 4 * self.after_determiner[form] >= self.lowercase[form]
