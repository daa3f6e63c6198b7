"""How a corpus uses its words: the statistics that tell names and things from other words.

One pass over the text, by regular expressions alone. Counts of shards add up, so any number of workers
gives the same statistics.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.text.normal import folded, marks

# Letters with their marks; what is in ASCII is none, which is quicker said first.
_LETTERS = rf"[^\W\d_]+(?:(?![\x00-\x7f])[{marks()}]+[^\W\d_]*)*"
WORD = re.compile(rf"{_LETTERS}(?:['’-]{_LETTERS})*")

# A capital says something only inside a sentence, on the same line.
_INSIDE = re.compile(
    rf"(?:(?<=[a-z,;] )|(?<=Mr\. )|(?<=Mrs\. )|(?<=Dr\. )|(?<=St\. ))(?=[A-Z]){WORD.pattern}"
    rf"(?: (?=[A-Z]){WORD.pattern})*"
)
_DETERMINED = re.compile(
    r"\b(?:[Aa]n?|[Tt]he|[Mm]y|[Yy]our|[Hh]is|[Hh]er|[Ii]ts|[Oo]ur|[Tt]heir|[Tt]hy)\s+([a-z]+(?:-[a-z]+)*)"
)


def inner_capitals(text: str) -> list[str]:
    """The words that a text writes with a capital inside a sentence."""
    return [word for run in _INSIDE.findall(text) for word in run.split(" ")]


@dataclass
class Usage:
    """Counts of words, case folded, over the instances of a source."""

    capital: Counter[str] = field(default_factory=Counter)  # inside a sentence, with a capital
    small: Counter[str] = field(default_factory=Counter)  # without a capital
    determined: Counter[str] = field(default_factory=Counter)  # without, after an article or possessive
    instances: Counter[str] = field(default_factory=Counter)  # instances that hold the word
    total: int = 0  # instances

    def read(self, texts: Iterable[str]) -> None:
        """Count the segments' texts of one instance."""
        text = "\n\n".join(texts)
        forms = Counter(WORD.findall(text))
        for form, count in forms.items():
            if form[0].islower():
                self.small[folded(form)] += count
        self.capital.update(map(folded, inner_capitals(text)))
        self.determined.update(_DETERMINED.findall(text))
        self.instances.update({folded(form) for form in forms})
        self.total += 1

    def add(self, other: "Usage") -> None:
        """Add the counts of another shard."""
        self.capital.update(other.capital)
        self.small.update(other.small)
        self.determined.update(other.determined)
        self.instances.update(other.instances)
        self.total += other.total

    @property
    def careless(self) -> bool:
        """Whether the corpus leaves capitals out: it then writes `i` now and then, and names small."""
        return 10 * self.small["i"] > self.capital["i"]

    def is_name(self, form: str) -> bool:
        """Whether the word, written like this inside a sentence, is a name."""
        word = folded(form)
        capital, small = self.capital[word], self.small[word]
        if not self.careless:
            return form[0].isupper() and capital >= 3 and capital >= 4 * small
        if form[0].isupper():
            return capital >= 2 and 2 * capital >= small
        return capital >= 3 and capital >= (small * 3 // 4 if len(form) > 3 else small * 3)

    def is_noun(self, form: str) -> bool:
        """Whether the word stands after an article or a possessive often enough to be a thing's name."""
        return self.determined[form] >= 2 and 4 * self.determined[form] >= self.small[form]
