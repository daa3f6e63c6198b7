"""Keywords of a sentence in a language with spaces: dates, numbers, names, titles and code."""

import re
from collections.abc import Iterator, Sequence

from pipeline.questions.rules.languages.names import find_names
from pipeline.questions.rules.languages.tokens import InstanceWords, Token, tokenize
from pipeline.text.keywords import Keyword, KeywordKind
from pipeline.text.languages.language import SpacedLanguage

_YEAR = re.compile(r"1[0-9]{3}|20[0-9]{2}")
_DAY = re.compile(r"[12]?[0-9]|3[01]")
# Marks beside a number that make it a part of something else: a range, a time, a fraction, a version.
_NUMBER_NEIGHBORS = frozenset("-‐‑–/:_#.,'’=×*+<>~^")
_NAME_NEIGHBORS = frozenset("/\\_.@:-‑#<=")
_FOREIGN_PARTICLES = frozenset("of the for and in on".split())
_CUE_WORDS = 3  # before a title in quotation marks
_QUOTES = {"„": "“”", "“": "”", "«": "»", "»": "«", "‚": "‘’", "‹": "›", "›": "‹", '"': '"'}
_TITLE_CHARS = range(3, 61)
_MAX_TITLE_WORDS = 8
_CODE = re.compile(
    r"`[^`]{2,60}`"
    r"|(?<![\w./-])(?:[a-z]+_[a-z0-9_]*[a-z0-9]|[a-z]+[A-Z][A-Za-z0-9]+|[A-Z]+-?[0-9][A-Z0-9]*|v[0-9]+(?:\.[0-9]+)+)"
    r"(?![\w/-])"
)


def extract_spaced_keywords(
    sentence: str, language: SpacedLanguage, words: InstanceWords
) -> tuple[list[Token], list[Keyword]]:
    """Return the tokens of a sentence, and its keywords; no two of them overlap."""
    tokens = tokenize(sentence)
    keywords: list[Keyword] = []
    for start, end, kind in _find_candidates(sentence, tokens, language, words):
        if all(end <= one.start or one.end <= start for one in keywords):
            keywords.append(Keyword(start, end, sentence[start:end], kind))
    return tokens, sorted(keywords, key=lambda one: one.start)


def _find_candidates(
    sentence: str, tokens: Sequence[Token], language: SpacedLanguage, words: InstanceWords
) -> Iterator[tuple[int, int, KeywordKind]]:
    """Yield (start, end, kind) of possible keywords; of those that overlap, the first counts."""
    for start, end in _find_titles(sentence):
        if _is_title(sentence, tokens, start, end, language):
            yield start, end, "title"
    for match in _CODE.finditer(sentence):
        inner = match[0].startswith("`")
        yield match.start() + inner, match.end() - inner, "code"
    for first, last in _find_dates(tokens, language):
        yield tokens[first].start, tokens[last - 1].end, "time"
    for first, last in _find_numbers(sentence, tokens, language):
        is_year = last == first + 1 and _YEAR.fullmatch(tokens[first].text) is not None
        is_year = is_year and not _counts_something(tokens, last, language)
        yield tokens[first].start, tokens[last - 1].end, "time" if is_year else "number"
    for first, last in find_names(tokens, language, words):
        if first and tokens[first - 1].folded in _FOREIGN_PARTICLES - language.stop_words:
            continue  # a part of a name such as Society for the Arts
        if not _is_whole_name(sentence, tokens[first].start, tokens[last - 1].end):
            continue
        before = tokens[first - 1].folded if first else ""
        kind: KeywordKind = "place" if before in language.place_prepositions else "name"
        yield tokens[first].start, tokens[last - 1].end, kind


def _find_titles(sentence: str) -> Iterator[tuple[int, int]]:
    """Yield what stands in quotation marks and begins with a capital."""
    position = 0
    while position < len(sentence):
        closing = _QUOTES.get(sentence[position])
        end = -1
        if closing and not sentence[position - 1 : position].isalnum():
            ends = [place for mark in closing if (place := sentence.find(mark, position + 1)) > 0]
            end = min(ends, default=-1)
        if end < 0:
            position += 1
            continue
        inside = sentence[position + 1 : end]
        title = inside.strip()
        start = position + 1 + inside.index(title)
        is_title = title[:1].isupper() and len(title) in _TITLE_CHARS and title[-1] not in ".!?,;:…"
        if is_title and len(title.split()) <= _MAX_TITLE_WORDS:
            yield start, start + len(title)
        position = end + 1


def _is_title(sentence: str, tokens: Sequence[Token], start: int, end: int, language: SpacedLanguage) -> bool:
    """Return whether a quotation is a title or a name, not a word that is only called in question."""
    before = [token.folded for token in tokens if token.end < start and token.kind == "word"]
    after = [token.folded for token in tokens if token.start > end and token.kind == "word"]
    if not language.reference_words.isdisjoint(before[-_CUE_WORDS:]):
        return False
    if " " in sentence[start:end] or not language.has_capitalized_nouns:
        return True
    return not language.title_cues.isdisjoint([*before[-_CUE_WORDS:], *after[:1]])


def _is_whole_name(sentence: str, start: int, end: int) -> bool:
    """Return whether a name is not a part of a word, an address or another identifier."""
    before, after = sentence[start - 1 : start] if start else "", sentence[end : end + 1]
    if before.isalnum() or after.isalnum() or (before and before in _NAME_NEIGHBORS):
        return False
    if after == "(" or (after and after in "/\\_@:" and not sentence[end + 1 : end + 2].isspace()):
        return False
    if after == "." and sentence[end + 1 : end + 2].isalnum():
        return False
    # A word before a number names one of several things, such as a chapter.
    return " " in sentence[start:end] or not sentence[end + 1 : end + 2].isdigit()


def _find_dates(tokens: Sequence[Token], language: SpacedLanguage) -> Iterator[tuple[int, int]]:
    """Yield the ranges of tokens of a month with its day or its year."""
    for index, token in enumerate(tokens):
        if token.kind != "word" or token.folded not in language.months:
            continue
        first, last = index, index + 1
        place = index - 1
        if place >= 0 and tokens[place].folded in language.date_joiners:
            place -= 1
        if place >= 0 and tokens[place].folded in language.ordinal_marks:
            place -= 1
        if place >= 0 and _DAY.fullmatch(tokens[place].text):
            first = place
        place = index + 1
        if place < len(tokens) and tokens[place].folded in language.date_joiners:
            place += 1
        if place < len(tokens) and _YEAR.fullmatch(tokens[place].text):
            last = place + 1
        if last - first > 1:
            yield first, last


def _find_numbers(
    sentence: str, tokens: Sequence[Token], language: SpacedLanguage
) -> Iterator[tuple[int, int]]:
    """Yield the ranges of tokens that are numbers, each with the words that multiply it."""
    index = 0
    while index < len(tokens):
        end = _find_number_end(tokens, index, language)
        if end == index:
            index += 1
            continue
        is_reference = index > 0 and tokens[index - 1].folded in language.reference_words
        if not is_reference and _stands_alone(sentence, tokens[index].start, tokens[end - 1].end, language):
            yield index, end
        index = end


def _find_number_end(tokens: Sequence[Token], start: int, language: SpacedLanguage) -> int:
    """Return the end of the number that begins at a token; `start` where none does."""
    end = start
    while end < len(tokens) and (
        (tokens[end].kind == "number" and end == start)  # two numbers beside each other are two
        or _is_number_word(tokens[end], language)
        or (end > start + 1 and _is_joined_unit(tokens[end - 1], tokens[end], language))
        or (
            tokens[end].folded in language.number_joiners
            and start < end < len(tokens) - 1
            and _is_number_word(tokens[end - 1], language)
            and tokens[end + 1].folded in language.number_words
        )
    ):
        end += 1
    # Millions without a number are a guess.
    is_bare_scale = end == start + 1 and tokens[start].folded in language.scales
    return start if is_bare_scale else end


def _is_joined_unit(joiner: Token, token: Token, language: SpacedLanguage) -> bool:
    """Return whether a word is the last part of a number such as vingt et un."""
    return joiner.folded in language.number_joiners and token.folded in language.number_words


def _is_number_word(token: Token, language: SpacedLanguage) -> bool:
    number = language.number_words.get(token.folded)
    # One is an article too.
    return token.folded in language.scales or (number is not None and number > 1)


def _stands_alone(sentence: str, start: int, end: int, language: SpacedLanguage) -> bool:
    """Return whether a number is not a part of a word, a range, a time or another number."""
    before, after = sentence[start - 1 : start] if start else "", sentence[end : end + 1]
    if before.isalnum() or before in ("_", "½") or after.isalnum() or after.isnumeric():
        return False
    if before and before in _NUMBER_NEIGHBORS:
        return False
    following = sentence[end + 1 : end + 2]
    if after and after in ".,:":
        return not following.isalnum()
    return not (after and after in _NUMBER_NEIGHBORS)


def _counts_something(tokens: Sequence[Token], index: int, language: SpacedLanguage) -> bool:
    """Return whether a noun may follow a number: then it is a number of things, not a year."""
    if index >= len(tokens) or tokens[index].kind != "word":
        return False
    word = tokens[index]
    if language.has_capitalized_nouns:
        return word.is_capitalized
    return not word.is_capitalized and word.folded not in language.stop_words and word.folded.endswith("s")
