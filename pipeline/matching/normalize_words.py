"""Normalize the words of a text: one spelling for numbers, dates, plurals, accents, abbreviations.

Twenty-five is 25, 2 million and 2,000,000 are 2000000, two-thirds are 2/3, the sixteenth is 16th, Henry VIII
is Henry 8, July 4 is 4 July, U.S. is United States, theatre is theater. Articles are left out; every word
has the number of its clause.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Context, Decimal

from pipeline.text.lexicon import MONTHS
from pipeline.text.normalize import combining_marks

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_NUMBERS = {word: number for number, word in enumerate(_ONES)} | {
    word: 10 * number for number, word in enumerate(_TENS, start=2)
}
_ORDINAL_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_ORDINALS = {word: f"{number}th" for number, word in enumerate(_ORDINAL_WORDS, start=1)}
_DENOMINATORS = {"half": 2, "quarter": 4} | {
    rank: number for number, rank in enumerate(_ORDINAL_WORDS, start=1) if number > 2
}
_FRACTION = re.compile(
    rf"(?i)\b(?:(two|three|four|five|seven)[- ]({'|'.join(_DENOMINATORS)})s\b"
    rf"|(?:one|a)[- ]({'|'.join(_DENOMINATORS)})(?= of\b|[.,;)]|$))"
)
_STATES = dict(
    pair.split(" ", 1)
    for pair in (
        "AL Alabama,AK Alaska,AZ Arizona,AR Arkansas,CA California,CO Colorado,CT Connecticut,DE Delaware,"
        "FL Florida,GA Georgia,HI Hawaii,ID Idaho,IL Illinois,IN Indiana,IA Iowa,KS Kansas,KY Kentucky,"
        "LA Louisiana,ME Maine,MD Maryland,MA Massachusetts,MI Michigan,MN Minnesota,MS Mississippi,"
        "MO Missouri,MT Montana,NE Nebraska,NV Nevada,NH New Hampshire,NJ New Jersey,NM New Mexico,"
        "NY New York,NC North Carolina,ND North Dakota,OH Ohio,OK Oklahoma,OR Oregon,PA Pennsylvania,"
        "RI Rhode Island,SC South Carolina,SD South Dakota,TN Tennessee,TX Texas,UT Utah,VT Vermont,"
        "VA Virginia,WA Washington,WV West Virginia,WI Wisconsin,WY Wyoming"
    ).split(",")
)
_ROMAN = re.compile(r"(?=[IVX])(X{0,3})(IX|IV|V?I{0,3})")
_SHORT_MONTHS = {month[:3]: month for month in MONTHS} | {"sept": "september"}
_SHORT_MONTH = "|".join(short.capitalize() for short in _SHORT_MONTHS)
_ABBREVIATION = re.compile(r"\b(?:[A-Z]|Mrs?|Ms|Dr|Mt|Gen|Lt|Prof|vs|No)$")
_DAY = re.compile(r"(?:[12]?\d|3[01])(?:th)?")
_NUMBER = re.compile(r"\d{1,30}(?:\.\d{1,30})?")  # a number that a scale may follow
_DECIMAL_CONTEXT = Context(prec=80)
_ORDINAL_SUFFIX = re.compile(r"(?:st|nd|rd|th)$")
_THOUSANDS = re.compile(r",(?=\d{3})")
_GROUP_SEPARATOR = re.compile("[, ]")
_ZERO_FRACTION = re.compile(r"\.0+$")
_CONTRACTED_NOT = [
    (re.compile(rf"(?i)\b{short}'t\b"), f"{whole} not") for short, whole in (("can", "can"), ("won", "will"))
]
_CONTRACTED_NOT.append((re.compile(r"(?i)n't\b"), " not"))
# Accents of the scripts in which they may be left out: Latin, Greek, Cyrillic, Hebrew, Arabic.
_ACCENT = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]"
)
_JOINERS = re.compile("[\u200c\u200d]")
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}

# (pattern, one spelling for all that it matches), applied in this order.
_REWRITES: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"\bU\.?S\.?(?:A\b\.?)?(?![a-z])"), "United States"),
    (re.compile(r"\bU\.?K\b\.?"), "United Kingdom"),
    (re.compile(r"\bSt\. (?=[A-Z])"), "Saint "),
    (re.compile(r"(?i)\b(?:square kilomet(?:re|er)s?|sq\.? ?km)\b"), "km2"),
    (re.compile(r"(?i)(?<=\w)-fold\b"), "fold"),
    (re.compile(r"'s\b"), ""),
    (re.compile(r"\b\d{1,3}(?:[, ]\d{3})+\b"), lambda number: _GROUP_SEPARATOR.sub("", number[0])),
    (re.compile(r"° ?C\b"), " degrees Celsius"),
    (re.compile(r"° ?F\b"), " degrees Fahrenheit"),
    (_FRACTION, lambda part: _format_fraction(part[1] or "one", part[2] or part[3])),
    (re.compile(r"(?<=\d),(?= \d{4}\b)"), ""),  # July 4, 1776
    (re.compile(r" - |--"), " – "),
    (re.compile(rf"\b(?:{_SHORT_MONTH})\b\.?(?=,? \d)"), lambda month: _expand_month(month[0])),
    (re.compile(rf"(?<=\d )(?:{_SHORT_MONTH})\b\.?"), lambda month: _expand_month(month[0])),
    (re.compile(rf"(?<=\w, )(?:{'|'.join(_STATES)})\b"), lambda state: _STATES[state[0]]),
]
_SYNONYMS = {
    **{"%": "percent", "&": "and", "mm": "millimeter", "km": "kilometer", "kg": "kilogram"},
    **{"mi": "mile", "ft": "foot", "feet": "foot", "movie": "film"},
}
# (British ending, American ending)
_BRITISH_ENDINGS = (
    (re.compile(r"(?<=\w\w)our$"), "or"),
    (re.compile(r"tre$"), "ter"),
    (re.compile(r"is(?=ed$|e$|ing$|ation$)"), "iz"),
)
_NON_PLURALS = {"does", "perhaps"}
_ARTICLES = {"a", "an", "the"}
_TOKEN = re.compile(
    rf"\d+/\d+|\d+(?:[.,]\d+)*(?:st|nd|rd|th)?|[^\W\d_]+(?:(?![\x00-\x7f])[{combining_marks()}]+[^\W\d_]*)*"
    r"|[%&]|[.;:!?,()–—]|\d"
)
_END = re.compile(r"\s*(?:$|[.,;:!?)])")
_VERB_AFTER_I = re.compile(r"(?<!\s)\s++[a-z]")  # I is then the pronoun, not the number
_CLAUSE_ENDS = set(".;:!?,()–—") | {"but"}
_BASE_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss"})


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text.

    `norm` is its normalized form, `surface` the form in the text, `clause` the number of its clause.
    """

    norm: str
    surface: str
    clause: int

    @property
    def is_capitalized(self) -> bool:
        """Whether its surface begins with a capital."""
        return self.surface[0].isupper()


def strip_accents(text: str) -> str:
    """Return a text without accents, and with n't as the word not."""
    letters = _JOINERS.sub("", unicodedata.normalize("NFKD", text.replace("’", "'")))
    letters = _ACCENT.sub(lambda mark: "" if unicodedata.combining(mark[0]) else mark[0], letters)
    letters = letters.translate(_BASE_LETTERS)
    for short, whole in _CONTRACTED_NOT:
        letters = short.sub(whole, letters)
    return letters


def normalize_words(text: str) -> list[Word]:
    """Return the normalized words of a text, without articles, each with the number of its clause."""
    rewritten = strip_accents(text)
    for pattern, replacement in _REWRITES:
        rewritten = pattern.sub(replacement, rewritten)
    clause, clauses = 0, 1
    outer_clauses: list[int] = []  # the clauses around open brackets
    words: list[Word] = []
    for match in _TOKEN.finditer(rewritten):
        surface = match[0]
        lowercase = surface.casefold()
        if lowercase == ")" and outer_clauses:
            clause = outer_clauses.pop()
        elif lowercase in _CLAUSE_ENDS:
            if _ends_initial(rewritten, match.start()):
                continue
            if lowercase == "(":
                outer_clauses.append(clause)
            clause, clauses = clauses, clauses + 1
        elif lowercase not in _ARTICLES or _is_letter_a(rewritten, match):
            after_name = words and words[-1].is_capitalized
            regnal_number = _regnal_number(rewritten, match) if after_name else None
            _append_merging(words, Word(regnal_number or _normalize_word(lowercase), surface, clause))
    return words


def _is_letter_a(text: str, match: re.Match[str]) -> bool:
    """Return whether an A is a letter, not the article: an initial, or at an end, as in Vitamin A."""
    return match[0] == "A" and _END.match(text, match.end()) is not None


def _ends_initial(text: str, index: int) -> bool:
    """Return whether a full stop ends an initial or a title, not a clause: A. E. Housman, Dr. King."""
    return text[index] == "." and _ABBREVIATION.search(text[max(0, index - 5) : index]) is not None


def _append_merging(words: list[Word], word: Word) -> None:
    """Add a word; twenty and five make 25, forty and fifth 45th, 2 and million 2000000."""
    last, lowercase = words[-1] if words else None, word.surface.casefold()
    tens = _spelled_tens(last) if last is not None else None
    if last is not None and tens and lowercase in _ONES[1:10]:
        words[-1] = Word(str(tens + _NUMBERS[lowercase]), last.surface, word.clause)
    elif last is not None and tens and lowercase in _ORDINAL_WORDS[:9]:
        words[-1] = Word(f"{tens + _ORDINAL_WORDS.index(lowercase) + 1}th", last.surface, word.clause)
    elif lowercase == "hundred":
        if last is not None and last.norm.isdecimal() and len(last.norm) <= 2 and int(last.norm):
            words[-1] = replace(last, norm=f"{last.norm}00")
        else:
            words.append(replace(word, norm="100"))
    elif last is not None and lowercase in SCALES and _NUMBER.fullmatch(last.norm):
        scaled = _DECIMAL_CONTEXT.multiply(Decimal(last.norm), Decimal(SCALES[lowercase]))
        words[-1] = replace(last, norm=f"{scaled:.0f}")
    elif last is not None and _is_month(last) and _DAY.fullmatch(word.norm):
        words[-1:] = [Word(word.norm.removesuffix("th"), word.surface, word.clause), last]
    elif _is_month(word) and (day := _find_day_before(words)) is not None:
        words[day:] = [replace(words[day], norm=words[day].norm.removesuffix("th")), word]
    else:
        words.append(word)


def _spelled_tens(word: Word) -> int | None:
    """Return 20 for the word twenty that no unit follows yet, and so on; None for other words."""
    number = _NUMBERS.get(word.surface.casefold(), 0)
    return number if number >= 20 and word.norm == str(number) else None


def _format_fraction(count: str, part: str) -> str:
    return f"{_NUMBERS[count.casefold()]}/{_DENOMINATORS[part.casefold()]}"


def _regnal_number(text: str, match: re.Match[str]) -> str | None:
    """Return a number after a name, VIII or Eighth, as 8; None where it is another word or the pronoun I."""
    surface = match[0]
    if surface == "I" and _VERB_AFTER_I.match(text, match.end()):
        return None
    if surface.istitle() and surface.casefold() in _ORDINALS:
        return _ORDINALS[surface.casefold()].removesuffix("th")
    roman = _ROMAN.fullmatch(surface)
    if roman is None:
        return None
    ones = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"].index(roman[2])
    return str(10 * len(roman[1]) + ones)


def _expand_month(short: str) -> str:
    return _SHORT_MONTHS[short.rstrip(".").casefold()].capitalize()


def _is_month(word: Word) -> bool:
    return word.norm in MONTHS and word.is_capitalized


def _find_day_before(words: list[Word]) -> int | None:
    """Return the index of the day before a month that follows, perhaps with `of`; None without a day."""
    index = len(words) - (2 if words and words[-1].norm == "of" else 1)
    return index if index >= 0 and _DAY.fullmatch(words[index].norm) else None


def _normalize_word(word: str) -> str:
    """Return a lowercase word in its normal form: numbers as digits, ordinals as 8th, no plural."""
    if word in _NUMBERS:
        return str(_NUMBERS[word])
    if word == "dozen":
        return "12"
    if word in _ORDINALS:
        return _ORDINALS[word]
    if word[0].isdigit():
        number = _THOUSANDS.sub("", _ORDINAL_SUFFIX.sub("th", word))
        return _ZERO_FRACTION.sub("", number)
    is_plural = len(word) > 3 and word.endswith("s") and not word.endswith("ss") and word not in _NON_PLURALS
    single = word[:-1] if is_plural else word
    word = _SYNONYMS.get(single, single)
    for british, ending in _BRITISH_ENDINGS:
        word = british.sub(ending, word)
    return word
