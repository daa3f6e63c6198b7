"""Text normalization in any script: comparison keys, words, and whole-word containment.

Case is folded, accents are composed (NFC), and letters that differ in their form alone, such as full-width
ones and ligatures, become the plain letters. Superscripts and fractions stay as they are: 10² is not 102. A
word is letters, digits and underscores with the marks on them, such as the vowel signs of Devanagari; joiners
may stand inside. Scripts such as Thai and Han put no spaces between words: there an answer may begin and end
between any two letters.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby, pairwise

_ASCII_WORD = re.compile(r"\w+", re.ASCII)
_JOINERS = "\u200c\u200d"  # between letters of Persian and of Indic scripts
# Ligatures, positional forms of Arabic letters, full and half width, mathematical letters.
_COMPATIBILITY_FORMS = re.compile("[\ufb00-\ufdff\ufe70-\ufefc\uff01-\uffee\U0001d400-\U0001d7ff]+")
_VARIATION_SELECTORS = re.compile(
    "[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]+"
)  # choose a glyph, and are not seen themselves
# Thai, Lao, Burmese, Khmer, Tai Tham; kana and Han.
_UNSPACED_SCRIPTS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_MAX_MARKS = 32  # on one letter
_LONG_ANSWER_LENGTH = 100  # characters of an answer
_MIN_STEM_LENGTH = 4  # letters of a word whose other forms give it away


def fold_case(text: str) -> str:
    """Return a text in lowercase, composed (NFC), each letter in its plain form."""
    if text.isascii():
        return text.lower()
    text = _COMPATIBILITY_FORMS.sub(
        lambda found: unicodedata.normalize("NFKC", found[0]), _VARIATION_SELECTORS.sub("", text)
    )
    lowercase = unicodedata.normalize("NFC", text).casefold()
    return unicodedata.normalize("NFC", lowercase.replace("i\u0307", "i"))  # of İ


def normalize_text(text: str) -> str:
    """Return a text with its case folded and each run of white space as one space."""
    return " ".join(fold_case(text).split())


def words(text: str) -> list[str]:
    """Return the words of a text, case folded, without punctuation."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return _word_pattern().findall(fold_case(text))


def search_terms(text: str) -> list[str]:
    """Return the words of a text to search by; of scripts without spaces, each pair of neighboring letters.

    Such bigrams find Chinese text about as well as words do (Nie, Gao, Zhang, Zhou 2000).
    """
    found = words(text)
    if text.isascii() or not _UNSPACED_SCRIPTS.search(text):
        return found
    return [term for word in found for term in _split_unspaced(word)]


def single_letters(text: str) -> Iterator[str]:
    """Yield the words of a text; of scripts without spaces, each letter."""
    for word in words(text):
        for is_unspaced, run in _split_scripts(word):
            yield from run if is_unspaced else [run]


def _split_scripts(word: str) -> Iterator[tuple[bool, str]]:
    """Yield (whether it is of scripts without spaces, run of letters) for the runs of a word."""
    for is_unspaced, run in groupby(word, key=lambda letter: _UNSPACED_SCRIPTS.match(letter) is not None):
        yield is_unspaced, "".join(run)


def _split_unspaced(word: str) -> Iterator[str]:
    """Yield the bigrams of each run of letters of scripts without spaces, and the other parts of a word."""
    for is_unspaced, part in _split_scripts(word):
        if is_unspaced and len(part) > 1:
            yield from map("".join, pairwise(part))
        else:
            yield part


def drop_unneeded_spaces(text: str) -> str:
    """Return a text without the spaces beside a letter of a script that puts none between words."""
    found = text.split(" ")
    joined = found[0]
    for before, piece in pairwise(found):
        is_needed = not any(map(_UNSPACED_SCRIPTS.match, (before[-1:], piece[:1])))
        joined += f" {piece}" if is_needed else piece
    return joined


def occurs_in(answer: str, text: str) -> bool:
    """Return whether the text holds the answer as whole words; case and white space do not matter."""
    return contains_normalized(normalize_text(text), answer)


def contains_normalized(text: str, answer: str) -> bool:
    """Do as `occurs_in` does, in a text that `normalize_text` returned."""
    normalized_answer = normalize_text(answer)
    index = text.find(normalized_answer) if normalized_answer else -1
    while index >= 0:
        begins = not _is_mid_word_at_start(text, index)
        if begins and not _is_mid_word_at_end(text, index + len(normalized_answer)):
            return True
        index += 1
        if len(normalized_answer) > _LONG_ANSWER_LENGTH:  # else the search is quadratic inside a long word
            while index < len(text) and _is_mid_word_at_start(text, index):
                index += 1
        index = text.find(normalized_answer, index)
    return False


def begins_a_word(answer: str, text: str) -> bool:
    """Return whether a word of the text begins with the answer, one word of at least 4 letters."""
    stem = normalize_text(answer)
    return (
        len(stem) >= _MIN_STEM_LENGTH and stem.isalpha() and any(one.startswith(stem) for one in words(text))
    )


def comparison_key(text: str) -> str:
    """Return a key that is equal for texts which differ in case, white space and punctuation only."""
    return " ".join(words(text)) or normalize_text(text)


@cache
def combining_marks() -> str:
    """Return the marks that stand on letters, as the inside of a character class of a pattern."""
    codes = range(0x300, 0x20000)  # all marks beyond are variation selectors
    return "".join(filter(_is_mark, map(chr, codes)))


@cache
def _word_pattern() -> re.Pattern[str]:
    # ASCII holds no mark and no joiner: to rule it out first saves a search of all marks after every word.
    return re.compile(
        rf"\w++(?:(?![\x00-\x7f])(?:[{combining_marks()}]++|[{_JOINERS}]++(?=[\w{combining_marks()}]))\w*+)*"
    )


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Mc")


def _is_word_character(character: str) -> bool:
    """Return whether a word can begin with this character."""
    return character.isalnum() or character == "_"


def _is_mid_word_at_start(text: str, index: int) -> bool:
    """Return whether a word that begins before this index goes on at it."""
    before = text[index - 1 : index]
    if before.isascii():
        return bool(before) and _is_word_character(before) and not _is_break_allowed(text, index)
    return _is_word_character(_base_character(text, index)) and not _is_break_allowed(text, index)


def _is_mid_word_at_end(text: str, end: int) -> bool:
    """Return whether a word, or an answer, that ends before this index goes on at it."""
    after = text[end : end + 1]
    if after.isascii():
        return bool(after) and _is_word_character(after) and not _is_break_allowed(text, end)
    if _is_mark(after):
        return _is_word_character(_base_character(text, end))
    if after in _JOINERS:
        following = text[end : end + _MAX_MARKS].lstrip(_JOINERS)[:1]
        return (
            bool(following)
            and _is_word_character(following)
            and _is_word_character(_base_character(text, end))
        )
    return _is_word_character(after) and not _is_break_allowed(text, end)


def _base_character(text: str, end: int) -> str:
    """Return the character before this index that marks and joiners there stand on; else a space."""
    for character in reversed(text[max(0, end - _MAX_MARKS) : end]):
        if character not in _JOINERS and not _is_mark(character):
            return character
    return " "


def _is_break_allowed(text: str, index: int) -> bool:
    """Return whether a word may end here without a space: beside a letter of a script without spaces."""
    neighbors = text[index - 1 : index + 1]
    if neighbors.isascii() or _is_mark(text[index]):
        return False
    return any(map(_UNSPACED_SCRIPTS.match, neighbors))
