"""Words of a text with what is written in several ways written in one: numbers, dates, plurals, accents.

Twenty-five is 25, 2 million and 2,000,000 are 2000000, the sixteenth is 16th, July 4 is 4 July, U.S. is
United States. Articles are left out; every word knows the clause that it stands in.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_NUMBERS = {word: number for number, word in enumerate(_ONES)} | {
    word: 10 * number for number, word in enumerate(_TENS, start=2)
}
_RANKS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_ORDINALS = {word: f"{number}th" for number, word in enumerate(_RANKS, start=1)}
_MONTHS = set("january february march april may june july august september october november december".split())
_DAY = re.compile(r"(?:[12]?\d|3[01])(?:th)?")
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}

# Written in several ways, and looked for in one.
_ALIKE: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"\bU\.?S\.?(?:A\b\.?)?(?![a-z])"), "United States"),
    (re.compile(r"\bU\.?K\b\.?"), "United Kingdom"),
    (re.compile(r"\bSt\. (?=[A-Z])"), "Saint "),
    (re.compile(r"(?i)\b(?:square kilomet(?:re|er)s?|sq\.? ?km)\b"), "km2"),
    (re.compile(r"(?i)(?<=\w)-fold\b"), "fold"),
    (re.compile(r"'s\b"), ""),
    (re.compile(r"\b\d{1,3}(?:[, ]\d{3})+\b"), lambda number: re.sub("[, ]", "", number[0])),
]
_SAME = {"%": "percent", "&": "and", "mm": "millimetre", "km": "kilometre", "kg": "kilogram"}
_ARTICLES = {"a", "an", "the"}
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*(?:st|nd|rd|th)?|[^\W\d_]+|[%&]|[.;:!?,]|\d")
_CLAUSE_ENDS = set(".;:!?,") | {"but"}
_PLAIN = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss"})


@dataclass(frozen=True, slots=True)
class Word:
    """A word in a row."""

    text: str
    written: str  # as it stands there
    clause: int


def plain(text: str) -> str:
    """A text without accents, with n't as the word not."""
    parts = unicodedata.normalize("NFKD", text.replace("’", "'"))
    letters = "".join(letter for letter in parts if not unicodedata.combining(letter)).translate(_PLAIN)
    whole = re.sub(r"(?i)\bwon't\b", "will not", re.sub(r"(?i)\bcan't\b", "can not", letters))
    return re.sub(r"(?i)n't\b", " not", whole)


def spelt(text: str) -> list[Word]:
    """The words of a text without articles, numbers and dates alike, each with the clause it stands in."""
    written_alike = plain(text)
    for pattern, alike in _ALIKE:
        written_alike = pattern.sub(alike, written_alike)
    clause = 0
    words: list[Word] = []
    for written in _TOKEN.findall(written_alike):
        small = written.casefold()
        if small in _CLAUSE_ENDS:
            clause += 1
        elif small not in _ARTICLES or (written.isupper() and len(written_alike.strip()) == 1):
            _append(words, Word(_same(small), written, clause))
    return words


def _append(words: list[Word], word: Word) -> None:
    """Add a word; twenty and five make 25, forty and fifth 45th, 2 and million 2000000."""
    last, small = words[-1] if words else None, word.written.casefold()
    if last is not None and last.written.casefold() in _TENS and small in _ONES[1:10]:
        words[-1] = Word(str(int(last.text) + int(word.text)), last.written, word.clause)
    elif last is not None and last.written.casefold() in _TENS and small in _RANKS[:9]:
        words[-1] = Word(f"{int(last.text) + _RANKS.index(small) + 1}th", last.written, word.clause)
    elif last is not None and small in SCALES and re.fullmatch(r"\d+(?:\.\d+)?", last.text):
        words[-1] = replace(last, text=f"{float(last.text) * SCALES[small]:.0f}")
    elif last is not None and _is_month(last) and _DAY.fullmatch(word.text):
        words[-1:] = [Word(word.text.removesuffix("th"), word.written, word.clause), last]
    elif _is_month(word) and (day := _day_before(words)) is not None:
        words[day:] = [replace(words[day], text=words[day].text.removesuffix("th")), word]
    else:
        words.append(word)


def _is_month(word: Word) -> bool:
    return word.text in _MONTHS and word.written[0].isupper()


def _day_before(words: list[Word]) -> int | None:
    """The place of the day of a month that follows, perhaps with `of`; None: there is none."""
    place = len(words) - (2 if words and words[-1].text == "of" else 1)
    return place if place >= 0 and _DAY.fullmatch(words[place].text) else None


def _same(word: str) -> str:
    """How a word is written here: numbers as digits, ordinals alike, no plural."""
    if word in _NUMBERS:
        return str(_NUMBERS[word])
    if word == "dozen":
        return "12"
    if word in _ORDINALS:
        return _ORDINALS[word]
    if word[0].isdigit():
        number = re.sub(r"(?:st|nd|rd|th)$", "th", word)
        number = re.sub(r",(?=\d{3})", "", number)
        return re.sub(r"\.0+$", "", number)
    word = _SAME.get(word, word)
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
