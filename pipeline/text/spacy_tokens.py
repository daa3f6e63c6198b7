"""spaCy's tokens of a sentence: the very tokens, many times faster.

spaCy tokenizes each word between spaces for itself, so callers can remember the tokens of a word, and most
words are letters and a mark. Only then does it look for its exceptions, such as emoticons, in the tokens of
the whole sentence. Within a word that is remembered too. Where an exception's tokens could be those of two
words, as in `:) )`, spaCy gets the whole sentence.
"""

import re
from collections import defaultdict
from functools import cache
from itertools import pairwise
from typing import Any

from pipeline.core.blocked_import import block_import, replace_import

# spaCy imports torch where it is installed: that takes seconds, and hundreds of MB in every process. For its
# function `info` it imports its command line, which is most of what there is.
with block_import("torch"), replace_import("spacy.cli.info", "info"):
    import spacy
    from spacy.lang.en.lex_attrs import _num_words, _ordinal_words, like_num
    from spacy.symbols import ORTH  # type: ignore[import-not-found]  # it is compiled

# The tokens of a plain word. A token or a run of them may be an exception: then spaCy decides.
_LETTERS = r"([A-Za-z]+(?:'(?![Ss](?![A-Za-z]))[A-Za-z]+)?)"
_PLAIN_WORD = re.compile(
    rf"([\"'(]?)(?:{_LETTERS}(?:(--?)([A-Za-z]+)(?:(--?)([A-Za-z]+))?)?('s)?((?<=[a-z])\.)?|(\d+(?::\d+)?))"
    r"([,;:!?]?)([\"')]?)([,;]?)"
)
_NUMBER_WORDS = frozenset(_num_words + _ordinal_words)
_FINAL_MARKS = frozenset(",;:!?.\"')")  # that end a plain word


@cache
def spacy_tokenizer() -> Any:
    """Return spaCy's English tokenizer: rules only, nothing downloaded, no model."""
    return spacy.blank("en").tokenizer


def split_word(word: str) -> tuple[str, ...]:
    """Return spaCy's tokens of a word without spaces; joined, they are the word."""
    exceptions = _exceptions()
    if word in exceptions:
        return exceptions[word]
    # Most are letters, or letters and a mark.
    mark = word[-1:] if word[-1:] in _FINAL_MARKS else ""
    letters = word[: len(word) - len(mark)]
    is_plain = letters.isalpha() and letters.isascii() and (mark != "." or letters[-1].islower())
    if is_plain and letters not in exceptions and mark not in exceptions:
        return (letters, mark) if mark else (word,)
    plain = _PLAIN_WORD.fullmatch(word)
    if plain:
        tokens = tuple(filter(None, plain.groups()))
        runs = [
            tokens[first:last] for first in range(len(tokens)) for last in range(first + 1, len(tokens) + 1)
        ]
        if all(exceptions.get("".join(run), run) == run for run in runs):
            return tokens
    return tuple(token.text for token in spacy_tokenizer()(word))


def is_like_number(token: str) -> bool:
    """Return whether a token is a number to spaCy: digits, a fraction, or a word such as `two` or `third`."""
    if token.isalpha() and token.isascii():
        return token.lower() in _NUMBER_WORDS
    return bool(like_num(token))  # type: ignore[no-untyped-call]  # spaCy declares no types


def may_join_words(sentence: str) -> bool:
    """Return whether spaCy may find an exception in the tokens of two words that single spaces divide."""
    return _exception_over_space().search(sentence) is not None


@cache
def _exceptions() -> dict[str, tuple[str, ...]]:
    """Return spaCy's exceptions, with the tokens of each."""
    return {
        exception: tuple(token[ORTH] for token in tokens)
        for exception, tokens in spacy_tokenizer().rules.items()
    }


@cache
def _exception_over_space() -> re.Pattern[str]:
    """Match a space where the tokens before and after it are neighbors in one of spaCy's exceptions."""
    own = spacy_tokenizer()
    without_exceptions = type(own)(
        own.vocab,
        {},
        own.prefix_search,
        own.suffix_search,
        own.infix_finditer,
        own.token_match,
        own.url_match,
    )
    tokens_before = defaultdict(set)
    for exception in _exceptions():
        tokens = [token.text for token in without_exceptions(exception)]
        for before, after in pairwise(tokens):
            tokens_before[after].add(before)
    alternatives = [
        re.escape(after)
        + "(?:"
        + "|".join(rf"(?<={re.escape(f'{one} {after}')})" for one in sorted(before))
        + ")"
        for after, before in sorted(tokens_before.items())
    ]
    return re.compile(f" (?:{'|'.join(alternatives)})")
