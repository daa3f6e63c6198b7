"""When two texts count as the same, and when one stands in another, in any script.

Case is folded, accents are composed (NFC), and letters that differ in their form alone, such as full-width
ones and ligatures, are the plain letters. Superscripts and fractions stay as they are: 10² is not 102. A word
is letters, digits and underscores with the marks on them, such as the vowel signs of Devanagari; joiners may
stand inside. Scripts such as Thai and Han put no spaces between words: there an answer may begin and end
between any two letters.
"""

import re
import unicodedata
from functools import cache

_ASCII_WORD = re.compile(r"\w+", re.ASCII)
_JOINERS = "\u200c\u200d"  # between letters of Persian and of Indic scripts
# Ligatures, letters by their place in an Arabic word, full and half width, mathematical letters.
_FORMS = re.compile("[\ufb00-\ufdff\ufe70-\ufefc\uff01-\uffee\U0001d400-\U0001d7ff]+")
_SELECTORS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]+")  # of a glyph, unseen
# Thai, Lao, Burmese, Khmer, Tai Tham; kana and Han.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_MOST_MARKS = 32  # on one letter
_LONG = 100  # characters of an answer


def folded(text: str) -> str:
    """A text in small letters, composed, each in its plain form."""
    if text.isascii():
        return text.lower()
    text = _FORMS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), _SELECTORS.sub("", text))
    small = unicodedata.normalize("NFC", text).casefold()
    return unicodedata.normalize("NFC", small.replace("i\u0307", "i"))  # of İ


def normalised(text: str) -> str:
    """Folded, runs of white space as one space."""
    return " ".join(folded(text).split())


def words(text: str) -> list[str]:
    """The words of a text, folded, without punctuation."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return _word().findall(folded(text))


def stands_in(answer: str, text: str) -> bool:
    """Whether the answer stands in the text, as whole words, whatever the case and white space."""
    return holds(normalised(text), answer)


def holds(text: str, answer: str) -> bool:
    """Like `stands_in`, in a text that is normalised already."""
    wanted = normalised(answer)
    place = text.find(wanted) if wanted else -1
    while place >= 0:
        begins = not _goes_on_before(text, place)
        if begins and not _goes_on_after(text, place + len(wanted)):
            return True
        place += 1
        if len(wanted) > _LONG:  # or it is looked for again and again in a word as long
            while place < len(text) and _goes_on_before(text, place):
                place += 1
        place = text.find(wanted, place)
    return False


def same_words(text: str) -> str:
    """What texts have in common that differ in case, white space and punctuation only."""
    return " ".join(words(text)) or normalised(text)


@cache
def marks() -> str:
    """The marks that stand on letters, as the inside of a character class of a pattern."""
    codes = range(0x300, 0x20000)  # beyond there are selectors alone
    return "".join(filter(_is_mark, map(chr, codes)))


@cache
def _word() -> re.Pattern[str]:
    # What is in ASCII goes on no word: said first, it saves a look at all marks after every word.
    return re.compile(rf"\w++(?:(?![\x00-\x7f])(?:[{marks()}]++|[{_JOINERS}]++(?=[\w{marks()}]))\w*+)*")


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Mc")


def _is_letter(character: str) -> bool:
    """Whether a word can begin with it."""
    return character.isalnum() or character == "_"


def _goes_on_before(text: str, place: int) -> bool:
    """Whether a word that stands before this place goes on behind it."""
    before = text[place - 1 : place]
    if before.isascii():
        return bool(before) and _is_letter(before) and not _may_part(text, place)
    return _is_letter(_base(text, place)) and not _may_part(text, place)


def _goes_on_after(text: str, end: int) -> bool:
    """Whether a word that stands before this place, or an answer, goes on behind it."""
    after = text[end : end + 1]
    if after.isascii():
        return bool(after) and _is_letter(after) and not _may_part(text, end)
    if _is_mark(after):
        return _is_letter(_base(text, end))
    if after in _JOINERS:
        following = text[end : end + _MOST_MARKS].lstrip(_JOINERS)[:1]
        return bool(following) and _is_letter(following) and _is_letter(_base(text, end))
    return _is_letter(after) and not _may_part(text, end)


def _base(text: str, end: int) -> str:
    """The character before this place that marks and joiners there stand on; a space if there is none."""
    for character in reversed(text[max(0, end - _MOST_MARKS) : end]):
        if character not in _JOINERS and not _is_mark(character):
            return character
    return " "


def _may_part(text: str, place: int) -> bool:
    """Whether a word may end here without a space: beside a letter of a script that has none."""
    beside = text[place - 1 : place + 1]
    if beside.isascii() or _is_mark(text[place]):
        return False
    return any(map(_UNSPACED.match, beside))
