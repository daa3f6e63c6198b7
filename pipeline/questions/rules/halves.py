"""Tell keywords that are a half of something: of a date, a name, a size or a label.

No register asks for these. A half cannot be answered by itself, or the other half gives it away:
`____-11-04`, `Mr van ____`, `2 sides ____ x 350`, `Attempt ____ stuck`.
"""

import re

from pipeline.text.keywords import Keyword
from pipeline.text.lexicon import MONTHS
from pipeline.text.stop_words import stop_words

_MAX_EDGE_CHARS = 40  # that are looked at before and after a keyword
_DIGITS_AFTER = re.compile(r"[-/.:]\d")  # of a date, a time or a version
_DIGITS_BEFORE = re.compile(r"\d[-/.:]$")
_SIZE_AFTER = re.compile(r" ?[x×] ?\d")
_SIZE_BEFORE = re.compile(r"\d ?[x×] ?$")
_PARTICLE_BEFORE = re.compile(
    r"\b(?:[Vv]an|[Vv]on|vom|zu|[Tt]er|[Tt]en|[Dd]er|den|dos|das|[Dd]i|[Dd]u|af|bin|ibn)(?: de[rn]?)? $"
)
# One word that begins the sentence, or a mark of numbers.
_LABEL_BEFORE = re.compile(r"^\W*[^\W\d_][\w'’-]* $|(?:#|\b[Nn]os?\.? )$")
_WORD_AFTER = re.compile(r" ([^\W\d_]+)")
_VERB_AFTER = re.compile(
    r" (?:is|was|has|had|did|does|went|came|got|took|made|gave|fell|broke|ran|lost|won|began|stuck|stood|"
    r"\w{2,}ed)\b"
)
_ESTIMATE_BEFORE = re.compile(
    r"(?:\b(?:about|around|roughly|approximately|circa|nearly|almost|maybe|perhaps|some|say|like) |~ ?)$",
    re.IGNORECASE,
)
_MONTH = "|".join(sorted(MONTHS))
_DAY_AFTER = re.compile(r" \d{1,2}(?:st|nd|rd|th)?\b(?![:.,]\d)")
_DAY_BEFORE = re.compile(r"(?<![\d.,:])\d{1,2}(?:st|nd|rd|th)?(?: of)? $")
_MONTH_ALONE = re.compile(_MONTH, re.IGNORECASE)
_DAY_ALONE = re.compile(r"\d{1,2}(?:st|nd|rd|th)?")
_MONTH_AFTER = re.compile(rf" (?:of )?(?:{_MONTH})\b", re.IGNORECASE)
_MONTH_BEFORE = re.compile(rf"\b(?:{_MONTH}) $", re.IGNORECASE)


def is_half(keyword: Keyword, sentence: str) -> bool:
    """Return whether a keyword is a half of a date, a size, a label with a number, or a name."""
    before = sentence[max(0, keyword.start - _MAX_EDGE_CHARS) : keyword.start]
    after = sentence[keyword.end : keyword.end + _MAX_EDGE_CHARS]
    if keyword.kind in ("name", "place"):
        return _PARTICLE_BEFORE.search(before) is not None
    if keyword.kind not in ("number", "time"):
        return False
    if _is_in_open_parenthesis(keyword, sentence):
        return True
    if keyword.text[0].isdigit() and _DIGITS_BEFORE.search(before):
        return True
    if keyword.text[-1].isdigit() and (_DIGITS_AFTER.match(after) or _SIZE_AFTER.match(after)):
        return True
    if _SIZE_BEFORE.search(before) or _is_half_date(keyword.text, before, after):
        return True
    is_beginning = keyword.start <= _MAX_EDGE_CHARS
    word = _WORD_AFTER.match(after)
    is_counted = word and word[1].lower() not in stop_words("en") and not _VERB_AFTER.match(after)
    is_label = keyword.kind == "number" and is_beginning and _LABEL_BEFORE.search(before)
    return bool(is_label and not is_counted)


def _is_half_date(text: str, before: str, after: str) -> bool:
    """Return whether a month stands beside its day, or a day beside its month."""
    if _MONTH_ALONE.fullmatch(text):
        return bool(_DAY_AFTER.match(after) or _DAY_BEFORE.search(before))
    return bool(_DAY_ALONE.fullmatch(text) and (_MONTH_AFTER.match(after) or _MONTH_BEFORE.search(before)))


def _is_in_open_parenthesis(keyword: Keyword, sentence: str) -> bool:
    """Return whether a parenthesis is open before the keyword, and does not close: its sentence is torn."""
    opening = sentence.rfind("(", 0, keyword.start)
    return opening >= 0 and sentence.find(")", opening) < 0


def is_estimate(keyword: Keyword, sentence: str) -> bool:
    """Return whether a number is one of several that would be right, such as `about 35 hours a month`."""
    return (
        _ESTIMATE_BEFORE.search(sentence[max(0, keyword.start - _MAX_EDGE_CHARS) : keyword.start]) is not None
    )
