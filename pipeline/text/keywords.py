"""Keywords of a sentence: names, places, times, numbers with what is counted, things, events.

The corpus's own casing statistics (`WordStatistics`) say which words are names and which are things. Each
token gets a tag, a letter, and regular expressions find the patterns in the tags of a sentence. Nothing is
downloaded, and no model is needed. In the paper a language model names keywords of eight aspects of a
summary.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain
from typing import Literal

from pipeline.text.casing import WordStatistics
from pipeline.text.lexicon import (
    DAYS,
    DETERMINERS,
    EVENTS,
    LOCATIVE_WORDS,
    MONTHS,
    NAME_PREFIXES,
    NON_NAMES,
    TITLES,
)
from pipeline.text.normalize import fold_case
from pipeline.text.spacy_tokens import is_like_number, may_join_words, spacy_tokenizer, split_word
from pipeline.text.stop_words import stop_words

# Titles and code are found in other languages than English alone.
KeywordKind = Literal["name", "place", "time", "number", "thing", "event", "title", "code"]

# Tags of tokens.
NAME, NOUN, EVENT, OTHER = "A", "N", "E", "O"
NUMBER, YEAR, MONTH, DAY, HOUR = "1", "Y", "M", "D", "H"
TITLE, DETERMINER, MARK, STOP = "T", "t", ".", "s"
AND, OF = "&", "f"  # stop words that stand inside numbers and dates

_NUMBER_JOINERS = ("and", "-", "/")  # between the words of a number
_HYPHENS = frozenset("-/&")
_YEAR = re.compile(r"1[0-9]{3}|20[0-9]{2}")
_HOUR = re.compile(r"[0-9]{1,2}(?::[0-9]{2})?[ap]m")
_TAGS_BESIDE_NAMES = frozenset([NOUN, OTHER, EVENT])
_CACHE_SIZE = 1 << 16

# Patterns in the tags of a sentence.
_NAME = re.compile(f"(?<!{NAME}){NAME}{{1,3}}(?!{NAME})")
_NUMBER = re.compile(f"{NUMBER}{{1,4}}(?:{AND}{NUMBER}{{1,4}}){{0,2}}")
_NUMBERS = re.compile(f"{NUMBER}[{NUMBER}{AND}]*")
_MAX_NUMBER_TOKENS = 14  # of _NUMBER
_DETERMINER = re.compile(DETERMINER)
_HUNDREDS = frozenset(["hundred", "thousand", "dozen"])  # numbers after "a"
_TIMES = [
    re.compile(f"(?=({pattern}))")
    for pattern in (
        f"[{MONTH}{YEAR}{DAY}{HOUR}]",
        f"{MONTH}[{NUMBER}{YEAR}]",
        f"{NUMBER}{MONTH}",
        f"{NUMBER}{OF}{MONTH}",
    )
]
_TIME_TAGS = frozenset([MONTH, YEAR, DAY, HOUR])  # one of them is in each of these
_THING = re.compile(f"{DETERMINER}{NOUN}{{1,2}}")
_EVENT = re.compile(EVENT)

_Tokens = tuple[int, int]  # the tokens [first, last) of a sentence


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword of a sentence: its characters [start, end), their text and their kind."""

    start: int
    end: int
    text: str
    kind: KeywordKind


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """The tokens of a sentence: as written, by their first characters, and by their tags, a letter each."""

    text: str
    tokens: list[str]
    starts: list[int]
    tags: str


class SentenceTagger:
    """Gives tokens their tags; the statistics must be complete, for the tags of words are remembered."""

    def __init__(self, statistics: WordStatistics) -> None:
        """Keep the words of a source."""
        self.statistics = statistics
        self._stop_words = stop_words("en")
        self._tag_token = lru_cache(_CACHE_SIZE)(self._find_tag)
        self._words = _TaggedWords(self._tag_token)

    def __reduce__(self) -> tuple[type["SentenceTagger"], tuple[WordStatistics]]:
        """Pickle the statistics alone, without the tags that are remembered."""
        return SentenceTagger, (self.statistics,)

    def tag(self, sentence: str) -> TaggedSentence:
        """Tokenize a sentence with single spaces, and give each token the tag that the patterns look for."""
        words = sentence.split(" ")
        if "" in words or may_join_words(sentence):
            doc = spacy_tokenizer()(sentence)
            tokens, starts = [token.text for token in doc], [token.idx for token in doc]
            tags = "".join(map(self._tag_token, tokens))
        else:
            tagged = map(self._words.__getitem__, words)
            word_tokens, word_widths, word_tags = zip(*tagged, strict=True)
            tokens = list(chain.from_iterable(word_tokens))
            starts = list(accumulate(chain.from_iterable(word_widths), initial=0))[:-1]
            tags = "".join(word_tags)
        # The sentence's first word has a capital anyway.
        if tags[:1] == NAME and self.statistics.lowercase[fold_case(tokens[0])]:
            tags = self._tag_common_word(tokens[0]) + tags[1:]
        return TaggedSentence(sentence, tokens, starts, _extend_names(tags, tokens) if NAME in tags else tags)

    def _find_tag(self, token: str) -> str:
        if not (token.isalpha() or any(map(str.isalnum, token))):
            return MARK
        lower = token.lower()
        if token[0].isdigit():
            if _YEAR.fullmatch(token):
                return YEAR
            if _HOUR.fullmatch(lower):
                return HOUR
            return NUMBER if is_like_number(token) else OTHER
        is_capitalized = token[0].isupper()
        if lower in MONTHS and (is_capitalized or lower not in ("may", "march")):
            return MONTH
        if lower in DAYS:
            return DAY
        if is_like_number(token) or lower in ("fourscore", "threescore"):
            return NUMBER if lower not in ("one", "first", "second") else OTHER
        if lower in TITLES or lower in NON_NAMES:
            return TITLE if is_capitalized else OTHER
        if lower in DETERMINERS:
            return DETERMINER
        if lower in self._stop_words or len(token) < 2:
            return {"and": AND, "of": OF}.get(lower, STOP)
        return NAME if self.statistics.is_name(token) else self._tag_common_word(token)

    def _tag_common_word(self, token: str) -> str:
        if token.lower() in EVENTS:
            return EVENT
        return NOUN if self.statistics.is_noun(token) else OTHER


class _TaggedWords(dict[str, tuple[tuple[str, ...], list[int], str]]):
    """A cache by word, between spaces: tokens, their lengths with the space after the word, and tags."""

    def __init__(self, tag_token: Callable[[str], str]) -> None:
        super().__init__()
        self._tag_token = tag_token

    def __missing__(self, word: str) -> tuple[tuple[str, ...], list[int], str]:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        tokens = split_word(word)
        widths = list(map(len, tokens))
        widths[-1] += 1
        self[word] = tagged = tokens, widths, "".join(map(self._tag_token, tokens))
        return tagged


def _extend_names(tags: str, tokens: list[str]) -> str:
    """Tag a name's other words as names too: Black Panther, Salt Lake."""
    extended = list(tags)
    for index, tag in enumerate(tags):
        if (
            tag in _TAGS_BESIDE_NAMES
            and index
            and (extended[index - 1] == NAME or tags[index + 1 : index + 2] == NAME)
            and tokens[index][0].isupper()
        ):
            extended[index] = NAME
    return "".join(extended)


def extract_keywords(sentence: TaggedSentence) -> list[Keyword]:
    """Return the keywords of a tagged sentence, in order; none overlaps another."""
    text, tokens, starts = sentence.text, sentence.tokens, sentence.starts
    keywords: list[Keyword] = []
    taken: set[int] = set()
    matches = _find_matches(sentence)
    for kind, first, last in sorted(matches, key=lambda match: (match[1] - match[2], match[1])):
        if kind == "thing":
            first += 1  # without its article
        if taken.isdisjoint(range(first, last)) and not _is_partial_phrase(sentence, first, last):
            taken.update(range(first, last))
            if kind == "name" and first and tokens[first - 1].lower() in LOCATIVE_WORDS:
                kind = "place"
            start, end = starts[first], starts[last - 1] + len(tokens[last - 1])
            keywords.append(Keyword(start, end, text[start:end], kind))
    return sorted(keywords, key=lambda keyword: keyword.start)


def _find_matches(sentence: TaggedSentence) -> list[tuple[KeywordKind, int, int]]:
    """Return the kind and the tokens of each phrase that may be a keyword.

    Phrases of one kind do not overlap: the longest are chosen. "A dozen" can be a number and a thing: of
    these two kinds, the one that the sentence has first goes first.
    """
    tags = sentence.tags
    times = (
        []
        if _TIME_TAGS.isdisjoint(tags)
        else [match.span(1) for pattern in _TIMES for match in pattern.finditer(tags)]
    )
    numbers = _find_numbers(sentence)
    things = [match.span() for match in _THING.finditer(tags)]
    phrases: list[tuple[KeywordKind, list[_Tokens]]] = [
        ("name", [match.span() for match in _NAME.finditer(tags)]),
        ("time", _choose_longest(times)),
        ("event", [match.span() for match in _EVENT.finditer(tags)]),
        ("number", numbers),
        ("thing", things),
    ]
    if things and numbers and min(things) < min(numbers):
        phrases.reverse()
    return [(kind, first, last) for kind, spans in phrases for first, last in spans]


def _find_numbers(sentence: TaggedSentence) -> list[_Tokens]:
    tokens, tags = sentence.tokens, sentence.tags
    spans = [
        (match.start(), match.start() + 2)
        for match in _DETERMINER.finditer(tags, 0, len(tags) - 1)
        if tokens[match.end()].lower() in _HUNDREDS and tokens[match.start()].lower() in ("a", "an")
    ]
    for run in _NUMBERS.finditer(tags):
        for first in range(*run.span()):
            ends = range(first + 1, min(first + _MAX_NUMBER_TOKENS, run.end()) + 1)
            spans += [(first, last) for last in ends if _NUMBER.fullmatch(tags, first, last)]
    return _choose_longest(spans)


def _choose_longest(spans: list[_Tokens]) -> list[_Tokens]:
    """Return the longest spans that do not overlap; of equally long ones, the first."""
    if len(spans) < 2:
        return spans
    chosen: list[_Tokens] = []
    taken: set[int] = set()
    for first, last in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        if taken.isdisjoint(range(first, last)):
            chosen.append((first, last))
            taken.update(range(first, last))
    return chosen


def _is_partial_phrase(sentence: TaggedSentence, first: int, last: int) -> bool:
    """Return whether a name or number goes on before or after the tokens [first, last)."""
    tag = sentence.tags[first]
    if tag not in (NAME, NUMBER):
        return False
    tags_before, tags_after = sentence.tags[max(0, first - 2) : first], sentence.tags[last : last + 2]
    if tag in (tags_before[-1:], tags_after[:1]):
        return True
    tokens = sentence.tokens
    word_before = tokens[first - 1].lower() if first else ""
    word_after = tokens[last].lower() if last < len(tokens) else ""
    if tag == NUMBER:
        joins_back = word_before in _NUMBER_JOINERS and tags_before[:-1] == tag
        joins_on = word_after in _NUMBER_JOINERS and tags_after[1:] == tag
        return joins_back or joins_on
    if word_before in NAME_PREFIXES or tokens[last - 1].lower() in NAME_PREFIXES:
        return True
    return tags_after[:1] in (NUMBER, YEAR) or word_before in _HYPHENS or word_after in _HYPHENS
