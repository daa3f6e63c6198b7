"""Keywords of a sentence: names, places, times, numbers with what is counted, things, events.

The corpus's own casing statistics (`WordStatistics`) say which words are names and which are things; spaCy
tokenizes the sentence and its matcher finds the patterns. The pipeline is `spacy.blank("en")`: rules only,
nothing downloaded, no model. In the paper a language model names keywords of eight aspects of a summary;
this module needs no model.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

from pipeline.text.blocked_import import block_import

# spaCy imports torch where it is installed: that takes seconds, and hundreds of MB in every process.
with block_import("torch"):
    import spacy
    from spacy.language import Language
    from spacy.matcher import Matcher
    from spacy.tokens import Doc, Token

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

KeywordKind = Literal["name", "place", "time", "number", "thing", "event"]


_NUMBER_JOINERS = ("and", "-", "/")  # between the words of a number
_HYPHENS = frozenset("-/&")
_YEAR = re.compile(r"1[0-9]{3}|20[0-9]{2}")
_HOUR = re.compile(r"[0-9]{1,2}(?::[0-9]{2})?[ap]m")
_TAGS_BESIDE_NAMES = ("NOUN", "OTHER", "EVENT")


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword of a sentence: its characters [start, end), their text and their kind."""

    start: int
    end: int
    text: str
    kind: KeywordKind


@cache
def _language() -> Language:
    return spacy.blank("en")


@cache
def _matcher() -> Matcher:
    number: dict[str, Any] = {"TAG": "NUMBER", "OP": "{1,4}"}
    patterns: dict[str, list[list[dict[str, Any]]]] = {
        "name": [[{"TAG": "NAME", "OP": "{1,3}"}]],
        "number": [
            [number],
            [number, {"LOWER": "and"}, number],
            [number, {"LOWER": "and"}, number, {"LOWER": "and"}, number],
            [{"LOWER": {"IN": ["a", "an"]}}, {"LOWER": {"IN": ["hundred", "thousand", "dozen"]}}],
        ],
        "time": [
            [{"TAG": "MONTH"}, {"TAG": {"IN": ["NUMBER", "YEAR"]}}],
            [{"TAG": "NUMBER"}, {"LOWER": "of", "OP": "?"}, {"TAG": "MONTH"}],
            [{"TAG": {"IN": ["MONTH", "YEAR", "DAY", "HOUR"]}}],
        ],
        "event": [[{"TAG": "EVENT"}]],
        "thing": [[{"TAG": "DETERMINER"}, {"TAG": "NOUN", "OP": "{1,2}"}]],
    }
    matcher = Matcher(_language().vocab)
    for kind, rules in patterns.items():
        matcher.add(kind, rules, greedy="LONGEST")
    return matcher


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """The tokens of a sentence: in lowercase, by their first characters, and by their tags."""

    doc: Doc
    lowercase: list[str]
    starts: list[int]
    tags: list[str]


def tag_sentence(sentence: str, statistics: WordStatistics) -> TaggedSentence:
    """Tokenize a sentence and give each token the tag that the patterns look for."""
    doc = _language().make_doc(sentence)
    tokens = list(doc)
    tags = [_tag_token(token, statistics) for token in tokens]
    for index, token in enumerate(tokens):  # a name's other words: Black Panther, Salt Lake
        neighbor_tags = (*tags[max(0, index - 1) : index], *tags[index + 1 : index + 2])
        is_beside_name = index and "NAME" in neighbor_tags and token.text[0].isupper()
        if is_beside_name and tags[index] in _TAGS_BESIDE_NAMES:
            tags[index] = "NAME"
        token.tag_ = tags[index]
    return TaggedSentence(doc, [token.lower_ for token in tokens], [token.idx for token in tokens], tags)


def _tag_token(token: Token, statistics: WordStatistics) -> str:
    word, lower = token.text, token.lower_
    if not any(map(str.isalnum, word)):
        return "MARK"
    if word[0].isdigit():
        if _YEAR.fullmatch(word):
            return "YEAR"
        if _HOUR.fullmatch(lower):
            return "HOUR"
        return "NUMBER" if token.like_num else "OTHER"
    is_capitalized = word[0].isupper()
    if lower in MONTHS and (is_capitalized or lower not in ("may", "march")):
        return "MONTH"
    if lower in DAYS:
        return "DAY"
    if token.like_num or lower in ("fourscore", "threescore"):
        return "NUMBER" if lower not in ("one", "first", "second") else "OTHER"
    if lower in TITLES or lower in NON_NAMES:
        return "TITLE" if is_capitalized else "OTHER"
    if lower in DETERMINERS:
        return "DETERMINER"
    if token.is_stop or len(word) < 2:
        return "STOP"
    # The sentence's first word has a capital anyway.
    if statistics.is_name(word) and (token.i or not statistics.lowercase[fold_case(word)]):
        return "NAME"
    if lower in EVENTS:
        return "EVENT"
    return "NOUN" if statistics.is_noun(word) else "OTHER"


def extract_keywords(sentence: TaggedSentence) -> list[Keyword]:
    """Return the keywords of a tagged sentence, in order; none overlaps another."""
    text = sentence.doc.text
    keywords: list[Keyword] = []
    taken: set[int] = set()
    matches = _matcher()(sentence.doc, allow_missing=True)
    for rule, first, last in sorted(matches, key=lambda match: (match[1] - match[2], match[1])):
        kind = sentence.doc.vocab.strings[rule]
        if kind == "thing":
            first += 1  # without its article
        if taken.isdisjoint(range(first, last)) and not _is_partial_phrase(sentence, first, last):
            taken.update(range(first, last))
            if kind == "name" and first and sentence.lowercase[first - 1] in LOCATIVE_WORDS:
                kind = "place"
            start, end = sentence.starts[first], sentence.starts[last - 1] + len(sentence.doc[last - 1])
            keywords.append(Keyword(start, end, text[start:end], cast(KeywordKind, kind)))
    return sorted(keywords, key=lambda keyword: keyword.start)


def _is_partial_phrase(sentence: TaggedSentence, first: int, last: int) -> bool:
    """Return whether a name or number goes on before or after the tokens [first, last)."""
    tag = sentence.tags[first]
    if tag not in ("NAME", "NUMBER"):
        return False
    tags_before, tags_after = sentence.tags[max(0, first - 2) : first], sentence.tags[last : last + 2]
    if tag in (*tags_before[-1:], *tags_after[:1]):
        return True
    word_before = sentence.lowercase[max(0, first - 1) : first]
    word_after = sentence.lowercase[last : last + 1]
    if tag == "NUMBER":
        joins_back = word_before and word_before[0] in _NUMBER_JOINERS and tags_before[:-1] == [tag]
        joins_on = word_after and word_after[0] in _NUMBER_JOINERS and tags_after[1:] == [tag]
        return bool(joins_back or joins_on)
    if not NAME_PREFIXES.isdisjoint([sentence.lowercase[last - 1], *word_before]):
        return True
    return tags_after[:1] in (["NUMBER"], ["YEAR"]) or not _HYPHENS.isdisjoint([*word_before, *word_after])
