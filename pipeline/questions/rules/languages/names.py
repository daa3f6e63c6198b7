"""Names in languages with spaces: runs of capitalized words, with evidence where nouns have capitals too."""

from collections.abc import Iterator, Sequence

from pipeline.questions.rules.languages.tokens import ADJECTIVE_ENDINGS, InstanceWords, Token, is_apostrophe
from pipeline.text.languages.language import SpacedLanguage

_MAX_WORDS = 6
_ROMAN = frozenset("IVXLC")
_MAX_ACRONYM_CHARS = 6  # longer words in capitals are shouted
_SENTENCE_OPENERS = frozenset(':;.!?…"“„«»‹(–—-')


def find_names(
    tokens: Sequence[Token], language: SpacedLanguage, words: InstanceWords
) -> Iterator[tuple[int, int]]:
    """Yield the names of a sentence as ranges [first, last) of its tokens."""
    index = 0
    while index < len(tokens):
        if not tokens[index].is_capitalized:
            index += 1
            continue
        end = _find_run_end(tokens, index, language)
        first = _skip_opening_words(tokens, index, end, language, words)
        if first is not None and end - first <= 2 * _MAX_WORDS:
            if language.has_capitalized_nouns:
                yield from _find_evident_names(tokens, first, end, language, words)
            elif _is_plausible(tokens[first:end], language) and not (
                end == first + 1 and tokens[first].folded in words.lowercase
            ):
                yield first, end
        index = end


def _find_run_end(tokens: Sequence[Token], start: int, language: SpacedLanguage) -> int:
    """Return the end of a run of capitalized words, with particles, hyphens and initials inside."""
    end = start + 1
    while True:
        following = _next_capital(tokens, end, language)
        if following is None:
            return end
        end = following + 1


def _next_capital(tokens: Sequence[Token], end: int, language: SpacedLanguage) -> int | None:
    """Return the index of the capitalized word that continues a run which ends here; None where it ends."""
    place = end
    # A full stop after an initial: J. R. R. Tolkien.
    if place < len(tokens) and tokens[place].text == "." and len(tokens[place - 1].text) == 1:
        place += 1
    particles = 0
    while place < len(tokens) and particles <= 2:
        token = tokens[place]
        gap = token.start - tokens[place - 1].end
        if token.is_capitalized and gap <= 1:
            return place
        is_particle = token.kind == "word" and token.folded in language.name_particles and gap == 1
        is_elision = is_apostrophe(token) and tokens[place - 1].folded in language.name_particles and gap == 0
        if not (is_particle or is_elision) or (is_apostrophe(token) and place == end):
            return None
        particles += is_particle
        place += 1
    return None


def _skip_opening_words(
    tokens: Sequence[Token], start: int, end: int, language: SpacedLanguage, words: InstanceWords
) -> int | None:
    """Return where the name in a run begins; None where its beginning is not certain.

    A capital says nothing where a sentence or a quotation begins.
    """
    if start and tokens[start - 1].text not in _SENTENCE_OPENERS:
        return start
    first = tokens[start]
    if first.folded in language.stop_words or first.folded in language.determiners:
        following = start + 1
        while following < end and not tokens[following].is_capitalized:
            following += 1
        return following if following < end else None
    is_known = first.folded in words.capitalized and first.folded not in words.lowercase
    if is_known and not language.has_capitalized_nouns:
        return start
    return None


def _is_plausible(name: Sequence[Token], language: SpacedLanguage) -> bool:
    """Return whether a run of capitalized words names somebody or something."""
    capitalized = [token for token in name if token.is_capitalized]
    if all(_is_roman(token) or len(token.text) < 2 for token in capitalized):
        return False
    shouted = [token for token in capitalized if token.text.isupper() and len(token.text) > 3]
    if len(shouted) > 1 or any(len(token.text) > _MAX_ACRONYM_CHARS for token in shouted):
        return False
    if capitalized[0].folded in language.reference_words:
        return False
    return not all(token.folded in language.stop_words for token in capitalized)


def _is_roman(token: Token) -> bool:
    return set(token.text) <= _ROMAN


def _find_evident_names(
    tokens: Sequence[Token], start: int, end: int, language: SpacedLanguage, words: InstanceWords
) -> Iterator[tuple[int, int]]:
    """Yield the name of a run where the language writes all nouns with capitals."""
    first = start
    while first < end and tokens[first].folded in language.common_nouns | language.name_cues:
        first += 1
    name = [token for token in tokens[first:end] if token.is_capitalized]
    if (
        not name
        or not tokens[first].is_capitalized
        or any(_is_common(token.folded, language, words) for token in name)
        or not _is_plausible(name, language)
    ):
        return
    has_cue = first > 0 and tokens[first - 1].folded in language.name_cues
    if len(name) > 1:
        if has_cue or (
            first == start and _is_bare(tokens, first, language) and _are_names(name, language, words)
        ):
            yield first, end
    elif has_cue or _has_evidence(tokens, first, language):
        yield first, end


def _is_bare(tokens: Sequence[Token], index: int, language: SpacedLanguage) -> bool:
    """Return whether neither a determiner nor an adjective stands before a word: then it may be a name."""
    before = tokens[index - 1].folded if index else ""
    if before in language.determiners:
        return False
    return before in language.stop_words or not before.endswith(ADJECTIVE_ENDINGS)


def _are_names(name: Sequence[Token], language: SpacedLanguage, words: InstanceWords) -> bool:
    """Return whether no word is a noun by its ending: a profession or a plural; and none is a genitive."""
    first, last = name[0].folded, name[-1].folded
    is_noun = first not in language.first_names and (
        first.endswith(language.profession_endings) or first.endswith(("en", "ern", "ische", "ischer"))
    )
    has_genitive = any(
        token.folded.endswith("s") and token.folded[:-1] in words.capitalized for token in name[:-1]
    )
    return not (is_noun or has_genitive or last.endswith(("s", "isch")))


def _is_common(word: str, language: SpacedLanguage, words: InstanceWords) -> bool:
    """Return whether a word is a common noun, as far as the texts and the language's lists say."""
    return (
        word in language.common_nouns
        or word in words.after_determiner
        or word in words.lowercase
        or word in language.stop_words
        or word.endswith(language.noun_endings)
    )


def _has_evidence(tokens: Sequence[Token], index: int, language: SpacedLanguage) -> bool:
    """Return whether the preposition before a single word, and its ending, show that it is a place."""
    before = tokens[index - 1].folded if index else ""
    word = tokens[index].folded
    return before in language.place_prepositions and word.endswith(language.place_endings)
