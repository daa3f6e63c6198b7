"""Words of a text with what is written in several ways written in one: numbers, dates, plurals, accents.

Twenty-five is 25, 2 million and 2,000,000 are 2000000, two-thirds are 2/3, the sixteenth is 16th, Henry VIII
is Henry 8, July 4 is 4 July, U.S. is United States, theatre is theater. Articles are left out; every word
knows the clause that it stands in.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Context, Decimal

from pipeline.text.normal import marks

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
_PARTS = {"half": 2, "quarter": 4} | {
    rank: number for number, rank in enumerate(_RANKS, start=1) if number > 2
}
_PART = re.compile(
    rf"(?i)\b(?:(two|three|four|five|seven)[- ]({'|'.join(_PARTS)})s\b"
    rf"|(?:one|a)[- ]({'|'.join(_PARTS)})(?= of\b|[.,;)]|$))"
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
MONTHS = set("january february march april may june july august september october november december".split())
_SHORT_MONTHS = {month[:3]: month for month in MONTHS} | {"sept": "september"}
_SHORT_MONTH = "|".join(short.capitalize() for short in _SHORT_MONTHS)
_SHORTENED = re.compile(r"\b(?:[A-Z]|Mrs?|Ms|Dr|Mt|Gen|Lt|Prof|vs|No)$")
_DAY = re.compile(r"(?:[12]?\d|3[01])(?:th)?")
_NUMBER = re.compile(r"\d{1,30}(?:\.\d{1,30})?")  # that a scale may follow
_EXACT = Context(prec=80)
_ORDINAL = re.compile(r"(?:st|nd|rd|th)$")
_THOUSANDS = re.compile(r",(?=\d{3})")
_GROUPED = re.compile("[, ]")
_NO_FRACTION = re.compile(r"\.0+$")
_NOT = [
    (re.compile(rf"(?i)\b{short}'t\b"), f"{whole} not") for short, whole in (("can", "can"), ("won", "will"))
]
_NOT.append((re.compile(r"(?i)n't\b"), " not"))
# Of the scripts in which they may be left out: Latin, Greek, Cyrillic, Hebrew, Arabic.
_ACCENT = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]"
)
_JOINERS = re.compile("[\u200c\u200d]")
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}

# Written in several ways, and looked for in one.
_ALIKE: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"\bU\.?S\.?(?:A\b\.?)?(?![a-z])"), "United States"),
    (re.compile(r"\bU\.?K\b\.?"), "United Kingdom"),
    (re.compile(r"\bSt\. (?=[A-Z])"), "Saint "),
    (re.compile(r"(?i)\b(?:square kilomet(?:re|er)s?|sq\.? ?km)\b"), "km2"),
    (re.compile(r"(?i)(?<=\w)-fold\b"), "fold"),
    (re.compile(r"'s\b"), ""),
    (re.compile(r"\b\d{1,3}(?:[, ]\d{3})+\b"), lambda number: _GROUPED.sub("", number[0])),
    (re.compile(r"° ?C\b"), " degrees Celsius"),
    (re.compile(r"° ?F\b"), " degrees Fahrenheit"),
    (_PART, lambda part: _fraction(part[1] or "one", part[2] or part[3])),
    (re.compile(r"(?<=\d),(?= \d{4}\b)"), ""),  # July 4, 1776
    (re.compile(r" - |--"), " – "),
    (re.compile(rf"\b(?:{_SHORT_MONTH})\b\.?(?=,? \d)"), lambda month: _month(month[0])),
    (re.compile(rf"(?<=\d )(?:{_SHORT_MONTH})\b\.?"), lambda month: _month(month[0])),
    (re.compile(rf"(?<=\w, )(?:{'|'.join(_STATES)})\b"), lambda state: _STATES[state[0]]),
]
_SAME = {
    **{"%": "percent", "&": "and", "mm": "millimeter", "km": "kilometer", "kg": "kilogram"},
    **{"mi": "mile", "ft": "foot", "feet": "foot", "movie": "film"},
}
# Endings that are British, and those that are not.
_ENDINGS = (
    (re.compile(r"(?<=\w\w)our$"), "or"),
    (re.compile(r"tre$"), "ter"),
    (re.compile(r"is(?=ed$|e$|ing$|ation$)"), "iz"),
)
_NO_PLURALS = {"does", "perhaps"}
_ARTICLES = {"a", "an", "the"}
_TOKEN = re.compile(
    rf"\d+/\d+|\d+(?:[.,]\d+)*(?:st|nd|rd|th)?|[^\W\d_]+(?:(?![\x00-\x7f])[{marks()}]+[^\W\d_]*)*"
    r"|[%&]|[.;:!?,()–—]|\d"
)
_END = re.compile(r"\s*(?:$|[.,;:!?)])")
_SPEAKS = re.compile(r"(?<!\s)\s++[a-z]")  # after I
_CLAUSE_ENDS = set(".;:!?,()–—") | {"but"}
_PLAIN = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss"})


@dataclass(frozen=True, slots=True)
class Word:
    """A word in a row."""

    text: str
    written: str  # as it stands there
    clause: int

    @property
    def capital(self) -> bool:
        """Whether it begins with one."""
        return self.written[0].isupper()


def plain(text: str) -> str:
    """A text without accents, with n't as the word not."""
    letters = _JOINERS.sub("", unicodedata.normalize("NFKD", text.replace("’", "'")))
    letters = _ACCENT.sub(lambda mark: "" if unicodedata.combining(mark[0]) else mark[0], letters)
    letters = letters.translate(_PLAIN)
    for short, whole in _NOT:
        letters = short.sub(whole, letters)
    return letters


def spelt(text: str) -> list[Word]:
    """The words of a text without articles, numbers and dates alike, each with the clause it stands in."""
    written_alike = plain(text)
    for pattern, alike in _ALIKE:
        written_alike = pattern.sub(alike, written_alike)
    clause, clauses = 0, 1
    around: list[int] = []  # clauses that brackets stand in
    words: list[Word] = []
    for found in _TOKEN.finditer(written_alike):
        written = found[0]
        small = written.casefold()
        if small == ")" and around:
            clause = around.pop()
        elif small in _CLAUSE_ENDS:
            if _ends_initial(written_alike, found.start()):
                continue
            if small == "(":
                around.append(clause)
            clause, clauses = clauses, clauses + 1
        elif small not in _ARTICLES or _is_letter(written_alike, found):
            after_name = words and words[-1].capital
            rank = _rank(written_alike, found) if after_name else None
            _append(words, Word(rank or _same(small), written, clause))
    return words


def _is_letter(text: str, found: re.Match[str]) -> bool:
    """Whether an A is no article: an initial, or at an end, as in Vitamin A."""
    return found[0] == "A" and _END.match(text, found.end()) is not None


def _ends_initial(text: str, place: int) -> bool:
    """Whether a full stop ends an initial or a title, as in A. E. Housman and Dr. King, and no clause."""
    return text[place] == "." and _SHORTENED.search(text[max(0, place - 5) : place]) is not None


def _append(words: list[Word], word: Word) -> None:
    """Add a word; twenty and five make 25, forty and fifth 45th, 2 and million 2000000."""
    last, small = words[-1] if words else None, word.written.casefold()
    tens = _tens(last) if last is not None else None
    if last is not None and tens and small in _ONES[1:10]:
        words[-1] = Word(str(tens + _NUMBERS[small]), last.written, word.clause)
    elif last is not None and tens and small in _RANKS[:9]:
        words[-1] = Word(f"{tens + _RANKS.index(small) + 1}th", last.written, word.clause)
    elif small == "hundred":
        if last is not None and last.text.isdecimal() and len(last.text) <= 2 and int(last.text):
            words[-1] = replace(last, text=f"{last.text}00")
        else:
            words.append(replace(word, text="100"))
    elif last is not None and small in SCALES and _NUMBER.fullmatch(last.text):
        scaled = _EXACT.multiply(Decimal(last.text), Decimal(SCALES[small]))
        words[-1] = replace(last, text=f"{scaled:.0f}")
    elif last is not None and _is_month(last) and _DAY.fullmatch(word.text):
        words[-1:] = [Word(word.text.removesuffix("th"), word.written, word.clause), last]
    elif _is_month(word) and (day := _day_before(words)) is not None:
        words[day:] = [replace(words[day], text=words[day].text.removesuffix("th")), word]
    else:
        words.append(word)


def _tens(word: Word) -> int | None:
    """20 of a word that is twenty and no more yet; None of others."""
    number = _NUMBERS.get(word.written.casefold(), 0)
    return number if number >= 20 and word.text == str(number) else None


def _fraction(count: str, part: str) -> str:
    return f"{_NUMBERS[count.casefold()]}/{_PARTS[part.casefold()]}"


def _rank(text: str, found: re.Match[str]) -> str | None:
    """VIII, and Eighth, as 8; None: it is no number after a name, or the one who speaks."""
    written = found[0]
    if written == "I" and _SPEAKS.match(text, found.end()):
        return None
    if written.istitle() and written.casefold() in _ORDINALS:
        return _ORDINALS[written.casefold()].removesuffix("th")
    roman = _ROMAN.fullmatch(written)
    if roman is None:
        return None
    ones = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"].index(roman[2])
    return str(10 * len(roman[1]) + ones)


def _month(short: str) -> str:
    return _SHORT_MONTHS[short.rstrip(".").casefold()].capitalize()


def _is_month(word: Word) -> bool:
    return word.text in MONTHS and word.capital


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
        number = _THOUSANDS.sub("", _ORDINAL.sub("th", word))
        return _NO_FRACTION.sub("", number)
    is_plural = len(word) > 3 and word.endswith("s") and not word.endswith("ss") and word not in _NO_PLURALS
    single = word[:-1] if is_plural else word
    word = _SAME.get(single, single)
    for british, ending in _ENDINGS:
        word = british.sub(ending, word)
    return word
