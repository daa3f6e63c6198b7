"""Keywords of a sentence in a language without spaces: dates, numbers, titles, names and code.

A keyword begins and ends where the words beside it make its edge certain, so that no word or number is cut.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pipeline.text.keywords import Keyword, KeywordKind
from pipeline.text.languages import find_language
from pipeline.text.languages.language import UnspacedLanguage

_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]"
_DOTS = frozenset("·•・‧")
_DOT = f"[{''.join(sorted(_DOTS))}]"
_TITLE = re.compile(r"《([^《》]{2,40})》")
_QUOTED = re.compile(r"[“「『]([^“”「」『』，。！？；()（）]{2,16})[”」』]")
_LETTERS = "A-Za-z\u00c0-\u024f"
_LATIN_WORD_END = rf"[{_LETTERS}0-9]*+(?:[-_.'’&+][{_LETTERS}0-9]++)*"
_LATIN = re.compile(
    rf"(?<![{_LETTERS}0-9_.@/\\'’-])[{_LETTERS}]{_LATIN_WORD_END}"
    rf"(?: [{_LETTERS}0-9]{_LATIN_WORD_END}){{0,5}}(?![{_LETTERS}0-9_@/\\(+])"
)
_JOINERS = frozenset("-‐–—" + "".join(_DOTS))
_PARTICLES = frozenset("of the and for in on de la le du des von van der di da del y et".split())
_MAX_ACRONYM_CHARS = 6  # longer words in capitals are placeholders
_RANGE_MARKS = ("-", "–", "~", "～", "至")
_OPENING_BRACKETS = frozenset("(（[【")
_MAX_NAME_PART = 6  # letters of a part of a transliterated name


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The patterns of a language, compiled once."""

    date: re.Pattern[str]
    number: re.Pattern[str]
    numeral: re.Pattern[str]
    measure: re.Pattern[str]
    name: re.Pattern[str]
    place: re.Pattern[str]


@cache
def _patterns(code: str) -> _Patterns:
    language = find_language(code)
    assert isinstance(language, UnspacedLanguage)
    numerals = "".join([*language.numerals, *language.multipliers])
    multipliers = "".join(language.multipliers)
    measures = "|".join(sorted(map(re.escape, language.measure_words), key=lambda one: (-len(one), one)))
    letters = language.transliteration_letters
    functions = "".join(sorted(language.function_letters))
    endings = "|".join(sorted(language.place_endings, key=lambda one: (-len(one), one)))
    cues = "|".join(sorted(language.place_cues, key=lambda one: (-len(one), one)))
    digits = "".join(language.numerals)
    part = rf"(?:\d{{1,2}}|[{numerals}]{{1,3}}) ?"  # the number of a month or of a day
    year, month, day = language.year_mark, language.month_mark, f"[{language.day_marks}]"
    return _Patterns(
        date=re.compile(
            rf"(?<![\d.{numerals}])(?:\d{{4}}|[{digits}]{{4}}) ?{year}(?: ?{part}{month}(?: ?{part}{day})?)?"
            rf"|(?<![\d{year}{numerals}]){part}{month} ?{part}{day}"
        ),
        number=re.compile(
            rf"(?<![A-Za-z0-9.,/:_{numerals}-])\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?: ?[{multipliers}]{{1,2}})?"
            rf"|(?<![A-Za-z0-9.,/:_{numerals}-])\d+(?:\.\d+)?(?: ?[{multipliers}]{{1,2}})?"
        ),
        numeral=re.compile(rf"(?<![\d{numerals}])[{numerals}]{{2,12}}"),
        measure=re.compile(rf" ?(?:{measures})"),
        name=re.compile(
            rf"(?<!{_DOT})[{letters}]{{1,{_MAX_NAME_PART}}}(?:{_DOT}[{letters}]{{1,{_MAX_NAME_PART}}}){{1,3}}"
        ),
        place=re.compile(
            rf"(?:{cues}) ?(?P<place>(?:(?![{functions}]){_HAN}){{1,6}}?(?:{endings}))"
            rf"(?![{''.join(sorted(set(''.join(language.place_endings))))}])"
        ),
    )


def extract_unspaced_keywords(sentence: str, language: UnspacedLanguage) -> list[Keyword]:
    """Return the keywords of a sentence in order; no two of them overlap."""
    keywords: list[Keyword] = []
    for start, end, kind in _find_candidates(sentence, language):
        if start < end and all(end <= one.start or one.end <= start for one in keywords):
            keywords.append(Keyword(start, end, sentence[start:end], kind))
    return sorted(keywords, key=lambda one: one.start)


def _find_candidates(sentence: str, language: UnspacedLanguage) -> Iterator[tuple[int, int, KeywordKind]]:
    """Yield (start, end, kind) of possible keywords; of those that overlap, the first counts."""
    patterns = _patterns(language.code)
    for match in _TITLE.finditer(sentence):
        start = match.start(1) + len(match[1]) - len(match[1].lstrip())
        yield start, start + len(match[1].strip()), "title"
    for match in _QUOTED.finditer(sentence):
        is_named = sentence[: match.start()].rstrip().endswith(language.title_cues)
        if is_named and match[1][-1] not in language.function_letters:
            yield match.start(1), match.end(1), "title"
    for match in patterns.date.finditer(sentence):
        if not _is_period(sentence, match.end(), language):
            # Of a year alone the digits are asked for: a reply may write it with a space or without.
            is_year = match[0].endswith(language.year_mark)
            end = match.start() + len(match[0][:-1].rstrip()) if is_year else match.end()
            yield match.start(), end, "time"
    yield from _find_numbers(sentence, patterns, language)
    for match in patterns.name.finditer(sentence):
        if _is_whole_name(sentence, match.start(), match.end(), language):
            yield match.start(), match.end(), "name"
    for match in patterns.place.finditer(sentence):
        yield match.start("place"), match.end("place"), "place"
    for match in _LATIN.finditer(sentence):
        if len(match[0]) > 1 and _is_latin_name(sentence, match.start(), match.end()):
            is_code = "_" in match[0] or (any(map(str.isdigit, match[0])) and " " not in match[0])
            yield match.start(), match.end(), "code" if is_code else "name"


def _is_latin_name(sentence: str, start: int, end: int) -> bool:
    """Return whether Latin words name something: all have capitals, and are not a gloss or a part of code."""
    before, after, text = sentence[:start], sentence[end : end + 2], sentence[start:end]
    if (
        before.rstrip()[-1:] in _OPENING_BRACKETS
        or before.endswith((". ", ":", "-"))
        or after.startswith(":")
    ):
        return False
    if after[:1] in (".", "-") and after[1:].isalnum():
        return False
    if text.isupper() and " " not in text and len(text) > _MAX_ACRONYM_CHARS:
        return False
    parts = text.split(" ")
    if len(parts) == 1:
        return "_" in text or any(map(str.isupper, text))
    return all(part in _PARTICLES or not part.islower() for part in parts) and not parts[0].islower()


def _is_period(sentence: str, end: int, language: UnspacedLanguage) -> bool:
    """Return whether what follows a date makes a decade or a duration of it."""
    after = sentence[end : end + 1]
    return bool(after) and after in language.period_marks


def _find_numbers(
    sentence: str, patterns: _Patterns, language: UnspacedLanguage
) -> Iterator[tuple[int, int, KeywordKind]]:
    """Yield the numbers that a measure word follows."""
    for match in patterns.number.finditer(sentence):
        measure = patterns.measure.match(sentence, match.end())
        is_range = sentence[match.end() : match.end() + 1] in _RANGE_MARKS
        is_other = is_range or _is_reference(sentence, match.start(), match.end(), language)
        if measure and not is_other and not _is_period(sentence, measure.end(), language):
            yield match.start(), match.end(), "number"
    for match in patterns.numeral.finditer(sentence):
        is_reference = _is_reference(sentence, match.start(), match.end(), language)
        if patterns.measure.match(sentence, match.end()) and not is_reference:
            yield match.start(), match.end(), "number"


def _is_reference(sentence: str, start: int, end: int, language: UnspacedLanguage) -> bool:
    """Return whether a number is that of a section or page of a text."""
    is_ordinal = sentence[:start].rstrip().endswith(language.ordinal_prefix)
    return is_ordinal and sentence[end:].lstrip().startswith(language.reference_words)


def _is_whole_name(sentence: str, start: int, end: int, language: UnspacedLanguage) -> bool:
    """Return whether a transliterated name certainly begins and ends here."""
    before, after = sentence[start - 1 : start] if start else "", sentence[end : end + 1]
    begins = not before.isalnum() or before in language.function_letters or before in language.name_prefixes
    ends = not after.isalnum() or after in language.name_followers
    return begins and ends and not _JOINERS.intersection((before, after))
