"""Tell parts of names, and acronyms, from names: chats with assistants are full of both."""

import re

from pipeline.text.casing import WordStatistics
from pipeline.text.keywords import Keyword
from pipeline.text.normalize import fold_case
from pipeline.text.stop_words import stop_words

REJECTED = -20  # a score that keeps a keyword from any minimum
_MAX_EDGE_CHARS = 60  # that are looked at before and after a keyword
_CAPITALIZED_BEFORE = re.compile(r"(?<![\w'’&-])([A-Z][\w'’&-]*+) (?:of |the |de |& )?$")
_JOINED_BEFORE = re.compile(r"\b[Tt]he (?:[A-Z]\w+ ){1,4}and $")  # such as "the National Kitchen and"
_CLAUSE_START = re.compile(r"(?:^|[:.!;*] ?)\W*$")
_CONTINUED = re.compile(
    r"(?:['’]s)? (?:(?:of|the|de|&) ){0,2}[A-Z][\w&'’-]*[a-z]|['’]?[-–/]\w|\.\w| [A-Z]?\d"
)
_ACRONYM = re.compile(r"[A-Z]{1,3}s?")
_YEAR_AFTER = re.compile(r",? (?:1[5-9]|20)\d\d\b")
_QUOTES = {'"': '"', "“": "”", "**": "**"}


def is_acronym(keyword: Keyword) -> bool:
    """Return whether a keyword is a short acronym, such as AI: it says little, and is often guessed."""
    return _ACRONYM.fullmatch(keyword.text) is not None


def starts_clause(keyword: Keyword, sentence: str) -> bool:
    """Return whether a sentence, or what follows a colon or mark-up, begins with the keyword."""
    before = sentence[max(0, keyword.start - _MAX_EDGE_CHARS) : keyword.start]
    return _CLAUSE_START.search(before) is not None


def begins_with_verb(keyword: Keyword, sentence: str, statistics: WordStatistics) -> bool:
    """Return whether a name has taken in the common word that begins its clause, as `Encourage Jen` has."""
    first, _, rest = keyword.text.partition(" ")
    is_title = sentence[keyword.end : keyword.end + 1] in ("*", ":", "'")
    if keyword.kind not in ("name", "place") or not rest or is_title:
        return False
    return bool(statistics.lowercase[fold_case(first)]) and starts_clause(keyword, sentence)


def is_torn(keyword: Keyword, sentence: str) -> bool:
    """Return whether a name or a title goes on before or after the keyword: `Zero` of `Horizon Zero Dawn`.

    A name without a capital is none.
    """
    if keyword.kind in ("name", "place") and keyword.text[0].islower():
        return True
    before = sentence[max(0, keyword.start - _MAX_EDGE_CHARS) : keyword.start]
    capitalized = _CAPITALIZED_BEFORE.search(before)
    if capitalized and capitalized[1] != "I":
        is_common = capitalized[1].lower() in stop_words("en")
        if not (is_common and _CLAUSE_START.search(before[: capitalized.start()])):
            return True
    if _JOINED_BEFORE.search(before):
        return True
    after = sentence[keyword.end : keyword.end + _MAX_EDGE_CHARS]
    continued = _CONTINUED.match(after)
    if continued and not (keyword.kind == "time" and re.fullmatch(r" \d", continued.group())):
        return True
    if keyword.kind == "time" and _YEAR_AFTER.match(after):
        return True
    return any(_is_inside(before, after, *marks) for marks in _QUOTES.items())


def _is_inside(before: str, after: str, opening: str, closing: str) -> bool:
    """Return whether a keyword stands in a short quotation, such as a title, with other words."""
    _, found, start = before.rpartition(opening)
    end, closed, _ = after.partition(closing)
    if not found or not closed or closing in start:
        return False
    if opening == closing and before.count(opening) % 2 == 0:
        return False
    return bool((start + end).strip(" ,.:!"))
