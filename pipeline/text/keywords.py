"""Keywords of a sentence: names, places, times, numbers with what is counted, things, events.

The corpus's own statistics (`Usage`) say which words are names and which are things; spaCy cuts the
sentence into words and its matcher finds the patterns. The pipeline is `spacy.blank("en")`: rules only,
nothing downloaded, no model. The paper has a language model name keywords of eight aspects of a summary;
this is the road without one.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

from pipeline.text.without import without

with without("torch"):  # which spaCy imports wherever it is: seconds, and hundreds of MB in every process
    import spacy
    from spacy.language import Language
    from spacy.matcher import Matcher
    from spacy.tokens import Doc, Token

from pipeline.text.lexicon import DAYS, DETERMINERS, EVENTS, LEADS, LOCAL, MONTHS, NO_NAMES, TITLES
from pipeline.text.normal import folded
from pipeline.text.usage import Usage

Kind = Literal["name", "place", "time", "number", "thing", "event"]


_JOINTS = ("and", "-", "/")  # between the words of a number
_HYPHENS = frozenset("-/&")
_YEAR = re.compile(r"1[0-9]{3}|20[0-9]{2}")
_HOUR = re.compile(r"[0-9]{1,2}(?::[0-9]{2})?[ap]m")
_NAME_BESIDE_NAMES = ("NOUN", "OTHER", "EVENT")


@dataclass(frozen=True, slots=True)
class Keyword:
    """Characters start to end of a sentence, and what they are."""

    start: int
    end: int
    text: str
    kind: Kind


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
class Words:
    """The words of a sentence: how they are written in small letters, where they start, and their tags."""

    doc: Doc
    small: list[str]
    starts: list[int]
    tags: list[str]


def tagged(sentence: str, usage: Usage) -> Words:
    """The words of a sentence, each with the tag that the patterns look for."""
    doc = _language().make_doc(sentence)
    tokens = list(doc)
    tags = [_tag(token, usage) for token in tokens]
    for place, token in enumerate(tokens):  # a name's other words: Black Panther, Salt Lake
        beside = (*tags[max(0, place - 1) : place], *tags[place + 1 : place + 2])
        named = place and "NAME" in beside and token.text[0].isupper()
        if named and tags[place] in _NAME_BESIDE_NAMES:
            tags[place] = "NAME"
        token.tag_ = tags[place]
    return Words(doc, [token.lower_ for token in tokens], [token.idx for token in tokens], tags)


def _tag(token: Token, usage: Usage) -> str:
    word, lower = token.text, token.lower_
    if not any(map(str.isalnum, word)):
        return "MARK"
    if word[0].isdigit():
        if _YEAR.fullmatch(word):
            return "YEAR"
        if _HOUR.fullmatch(lower):
            return "HOUR"
        return "NUMBER" if token.like_num else "OTHER"
    capital = word[0].isupper()
    if lower in MONTHS and (capital or lower not in ("may", "march")):
        return "MONTH"
    if lower in DAYS:
        return "DAY"
    if token.like_num or lower in ("fourscore", "threescore"):
        return "NUMBER" if lower not in ("one", "first", "second") else "OTHER"
    if lower in TITLES or lower in NO_NAMES:
        return "TITLE" if capital else "OTHER"
    if lower in DETERMINERS:
        return "DETERMINER"
    if token.is_stop or len(word) < 2:
        return "STOP"
    if usage.is_name(word) and (
        token.i or not usage.small[folded(word)]
    ):  # a first word has a capital anyway
        return "NAME"
    if lower in EVENTS:
        return "EVENT"
    return "NOUN" if usage.is_noun(word) else "OTHER"


def keywords(words: Words) -> list[Keyword]:
    """The keywords of a tagged sentence, in order; none lies in another."""
    text = words.doc.text
    found: list[Keyword] = []
    taken: set[int] = set()
    matches = _matcher()(words.doc, allow_missing=True)
    for rule, first, last in sorted(matches, key=lambda match: (match[1] - match[2], match[1])):
        kind = words.doc.vocab.strings[rule]
        if kind == "thing":
            first += 1  # without its article
        if taken.isdisjoint(range(first, last)) and not _torn(words, first, last):
            taken.update(range(first, last))
            if kind == "name" and first and words.small[first - 1] in LOCAL:
                kind = "place"
            start, end = words.starts[first], words.starts[last - 1] + len(words.doc[last - 1])
            found.append(Keyword(start, end, text[start:end], cast(Kind, kind)))
    return sorted(found, key=lambda keyword: keyword.start)


def _torn(words: Words, first: int, last: int) -> bool:
    """Whether a name or number goes on before or after these words."""
    tag = words.tags[first]
    if tag not in ("NAME", "NUMBER"):
        return False
    before, after = words.tags[max(0, first - 2) : first], words.tags[last : last + 2]
    if tag in (*before[-1:], *after[:1]):
        return True
    behind, ahead = words.small[max(0, first - 1) : first], words.small[last : last + 1]
    if tag == "NUMBER":
        joins_back = behind and behind[0] in _JOINTS and before[:-1] == [tag]
        joins_on = ahead and ahead[0] in _JOINTS and after[1:] == [tag]
        return bool(joins_back or joins_on)
    if not LEADS.isdisjoint([words.small[last - 1], *behind]):
        return True
    return after[:1] in (["NUMBER"], ["YEAR"]) or not _HYPHENS.isdisjoint([*behind, *ahead])
