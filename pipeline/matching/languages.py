"""Match a free reply against gold answers in another language than English.

Numbers and dates are compared by their value: 1.234,5 and 1234,5, zwölf and 12, 1. März 1979 and 1.3.1979,
一百二十 and 120. An answer counts as whole words, or in a language without spaces as whole numbers and Latin
words, and not where a negation stands shortly before it in its clause.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from pipeline.matching.normalize_words import strip_accents
from pipeline.matching.subsequence_search import find_occurrences
from pipeline.text.languages import find_language
from pipeline.text.languages.language import Language, SpacedLanguage, UnspacedLanguage
from pipeline.text.normalize import contains_normalized, fold_case, words

_NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*")
_CLAUSES = re.compile(r"(?<!\d)[.,]|[.,](?!\d)|[;:!?()–—。，；：！？（）]")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_LOCAL_DATE = re.compile(r"\b(\d{1,2})([./-]) ?(\d{1,2})\2 ?(\d{4})\b")
_DAY_MARK = re.compile(r"(?<=\d)(?:er|º|°|\.(?= ))")
_SPACES = re.compile(r"\s+")
_NEGATION_WINDOW = 4  # in words: how far before an answer a negation counts
_NEGATION_CHARS = 6  # the same in a language without spaces, in letters
_MONTH = "month "  # before the number of a month; no word has a space
_HYPHENATED = re.compile(r"(?<![^\W\d_])[^\W\d_]+(?:-[^\W\d_]+)+")
_MAX_NUMBER_CHARS = 40


def matches_in_language(reply: str, answers: Sequence[str], language: Language) -> bool:
    """Return whether a reply gives any of the gold answers, by the rules of its language."""
    if isinstance(language, SpacedLanguage):
        clauses = [_normalize_spaced(clause, language) for clause in _split_clauses(reply, language)]
        golds = [_drop_determiners(_normalize_spaced(answer, language), language) for answer in answers]
        return any(gold and _is_given(clause, gold, language) for gold in golds for clause in clauses)
    assert isinstance(language, UnspacedLanguage)
    text = _normalize_unspaced(reply, language)
    return any(
        _is_given_unspaced(text, _normalize_unspaced(answer, language), language) for answer in answers
    )


def _split_clauses(text: str, language: SpacedLanguage) -> list[str]:
    return _CLAUSES.split(_rewrite_dates(_drop_day_marks(text), language))


def _drop_day_marks(text: str) -> str:
    """Return a text with the bare number of a day: 1er, 1º, and 1. before a space."""
    return _DAY_MARK.sub("", text)


def _rewrite_dates(text: str, language: SpacedLanguage) -> str:
    """Return a text with dates of digits as day, month and year in words: 1.3.1979, 1979-03-01."""
    names = {number: name for name, number in reversed(list(language.months.items()))}

    def write(year: str, month: str, day: str, whole: str) -> str:
        name = names.get(int(month))
        return whole if name is None else f"{int(day)} {name} {year}"

    text = _ISO_DATE.sub(lambda date: write(date[1], date[2], date[3], date[0]), text)
    return _LOCAL_DATE.sub(lambda date: write(date[4], date[3], date[1], date[0]), text)


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """The words of a language that are compared by value, without accents."""

    months: Mapping[str, int]
    numbers: Mapping[str, int]
    scales: Mapping[str, int]
    negations: frozenset[str]


@cache
def _lexicon(code: str) -> _Lexicon:
    language = find_language(code)
    assert isinstance(language, SpacedLanguage)
    months, numbers, scales = (
        {strip_accents(word): number for word, number in known.items()}
        for known in (language.months, language.number_words, language.scales)
    )
    return _Lexicon(months, numbers, scales, frozenset(map(strip_accents, language.negations)))


def _normalize_spaced(text: str, language: SpacedLanguage) -> list[str]:
    """Return the words of a text without accents: numbers by value, months by number."""
    lexicon = _lexicon(language.code)
    plain = strip_accents(fold_case(_rewrite_dates(_drop_day_marks(text), language)))
    plain = _HYPHENATED.sub(lambda word: str(lexicon.numbers.get(word[0], word[0])), plain)
    spaced = _NUMBER.sub(lambda number: f" {_value(number[0], language).replace('.', '_')} ", plain)
    found: list[str] = []
    for word in words(spaced):
        value = str(lexicon.numbers[word]) if word in lexicon.numbers else word.replace("_", ".")
        follows_joiner = len(found) > 1 and found[-1] in language.date_joiners | language.number_joiners
        if word in lexicon.scales and found and _is_number(found[-1]):
            found[-1] = _plain(Decimal(found[-1]) * lexicon.scales[word])
        elif word in lexicon.months:
            if follows_joiner and _is_number(found[-2]):
                found.pop()  # 1 de marzo
            found.append(f"{_MONTH}{lexicon.months[word]}")
        elif follows_joiner and _is_number(value) and found[-2].startswith(_MONTH):
            found[-1] = value  # marzo de 1979
        elif (
            follows_joiner
            and len(value) == 1
            and found[-1] in language.number_joiners
            and _is_tens(found[-2])
        ):
            found[-2:] = [str(int(found[-2]) + int(value))] if value.isdigit() else [*found[-2:], value]
        else:
            found.append(value)
    return found


def _is_number(word: str) -> bool:
    return len(word) <= _MAX_NUMBER_CHARS and word.replace(".", "", 1).isdecimal()


def _is_tens(word: str) -> bool:
    return len(word) == 2 and word.isdecimal() and word[1] == "0"


def _value(number: str, language: Language) -> str:
    """Return a number in digits with a decimal point, without the marks that group digits."""
    compact = _SPACES.sub("", number)
    group_mark = "." if language.decimal_mark == "," else ","
    if language.decimal_mark not in compact and _GROUPED.fullmatch(compact):
        return compact.replace(group_mark, "")
    if compact.count(language.decimal_mark) > 1:
        return compact.replace(language.decimal_mark, "")
    return compact.replace(group_mark, "").replace(language.decimal_mark, ".")


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _drop_determiners(found: list[str], language: SpacedLanguage) -> list[str]:
    """Return the words of an answer without an article before them."""
    return found[1:] if len(found) > 1 and found[0] in language.determiners else found


def _is_given(clause: Sequence[str], gold: Sequence[str], language: SpacedLanguage) -> bool:
    """Return whether the words of an answer stand in a clause, not denied."""
    negations = _lexicon(language.code).negations
    has_negation = not negations.isdisjoint(gold)
    for start in find_occurrences(clause, gold):
        before = clause[max(0, start - _NEGATION_WINDOW) : start]
        if has_negation or negations.isdisjoint(before):
            return True
    return False


def _normalize_unspaced(text: str, language: UnspacedLanguage) -> str:
    """Return a text without white space, with numbers by value and dates in the marks of the language."""
    year, month, day = language.year_mark, language.month_mark, language.day_marks[:1]
    plain = _ISO_DATE.sub(
        lambda date: f"{date[1]}{year}{int(date[2])}{month}{int(date[3])}{day}", fold_case(text)
    )
    compact = "".join(_join_unspaced(plain))
    for mark in language.day_marks[1:]:
        compact = re.sub(rf"(?<=\d){re.escape(mark)}", day, compact)
    numerals = "".join([*language.numerals, *language.multipliers])
    scales = "".join(mark for mark, factor in language.multipliers.items() if factor >= 10)
    return re.sub(
        rf"\d+(?:[.,]\d+)*[{scales}]*|[{numerals}]+",
        lambda number: _value_unspaced(number[0], language),
        compact,
    )


def _join_unspaced(text: str) -> Iterator[str]:
    """Yield the pieces of a text; a space stays between two words or numbers in ASCII alone."""
    pieces = text.split()
    for number, piece in enumerate(pieces):
        if number and pieces[number - 1][-1].isascii() and piece[0].isascii():
            yield " "
        yield piece


def _value_unspaced(number: str, language: UnspacedLanguage) -> str:
    """Return a number of digits or numerals in digits; others, such as 万 alone, stay."""
    digits = re.match(r"[\d.,]*", number)
    assert digits is not None
    marks = number[digits.end() :]
    if digits[0]:
        value = Decimal(_value(digits[0], language)) if digits[0].count(".") < 2 else None
        if value is None or len(number) > _MAX_NUMBER_CHARS:
            return number
        for mark in marks:
            value *= language.multipliers[mark]
        return _plain(value)
    if all(mark in language.numerals for mark in marks):
        return "".join(str(language.numerals[mark]) for mark in marks)
    if len(marks) > _MAX_NUMBER_CHARS:
        return number
    return _sum_numerals(marks, language)


def _sum_numerals(marks: str, language: UnspacedLanguage) -> str:
    """Return the value of numerals with multipliers: 一百二十, 三万五千."""
    total = section = digit = 0
    for mark in marks:
        factor = language.multipliers.get(mark)
        if factor is None:
            digit = language.numerals[mark]
        elif factor < 10**4:
            section += (digit or 1) * factor
            digit = 0
        else:
            total = (total + section + digit) * factor if section + digit + total else factor
            section = digit = 0
    return str(total + section + digit)


def _is_given_unspaced(text: str, gold: str, language: UnspacedLanguage) -> bool:
    """Return whether an answer stands in a reply, both normalised, not denied in its clause."""
    if not gold:
        return False
    for clause in _CLAUSES.split(text) if not _CLAUSES.search(gold) else [text]:
        if not contains_normalized(clause, gold):
            continue
        before = clause[: clause.find(gold)][-_NEGATION_CHARS:]
        if any(map(gold.__contains__, language.negations)) or not any(
            map(before.__contains__, language.negations)
        ):
            return True
    return False
