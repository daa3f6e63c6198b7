"""Tokens of a sentence in a language with spaces, and the words of an instance."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from pipeline.text.casing import WORD
from pipeline.text.languages.language import SpacedLanguage
from pipeline.text.normalize import combining_marks, fold_case

TokenKind = Literal["word", "number", "mark"]

_MARKED_LETTERS = rf"(?:(?![\x00-\x7f])[{combining_marks()}]+[^\W\d_]*)*"
_LETTERS = rf"[^\W\d_]+{_MARKED_LETTERS}"
_TOKEN = re.compile(
    r"(?P<number>\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*)"
    rf"|(?P<word>{_LETTERS}(?:[-‑]{_LETTERS})*)|(?P<mark>\S)"
)
_APOSTROPHES = frozenset("'’")
ADJECTIVE_ENDINGS = ("e", "en", "er", "es", "em")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number, or a mark: its characters [start, end), and its text, as written and case folded."""

    start: int
    end: int
    text: str
    folded: str
    kind: TokenKind

    @property
    def is_capitalized(self) -> bool:
        """Whether it is a word that begins with a capital."""
        return self.kind == "word" and self.text[0].isupper()


def tokenize(sentence: str) -> list[Token]:
    """Return the tokens of a sentence; an apostrophe is a mark between two words."""
    tokens = []
    for match in _TOKEN.finditer(sentence):
        kind: TokenKind = "word" if match["word"] else "number" if match["number"] else "mark"
        tokens.append(Token(match.start(), match.end(), match[0], fold_case(match[0]), kind))
    return tokens


def is_apostrophe(token: Token) -> bool:
    """Return whether a token is an apostrophe."""
    return token.text in _APOSTROPHES


@dataclass
class InstanceWords:
    """How the texts of an instance write their words, case folded."""

    lowercase: set[str] = field(default_factory=set)  # without a capital, anywhere
    capitalized: set[str] = field(default_factory=set)  # with a capital, after a word in lowercase
    after_determiner: set[str] = field(default_factory=set)  # alone after a determiner: a common noun

    @classmethod
    def from_texts(cls, texts: Iterable[str], language: SpacedLanguage) -> "InstanceWords":
        """Read the words of some texts."""
        found = cls()
        for text in texts:
            found._add(text, language)
        return found

    def _add(self, text: str, language: SpacedLanguage) -> None:
        words = list(WORD.finditer(text))
        for index, match in enumerate(words):
            word = fold_case(match[0])
            if match[0][0].islower():
                self.lowercase.add(word)
                continue
            before = [words[place][0] for place in range(max(0, index - 2), index)]
            if before and text[words[index - 1].end() : match.start()] == " " and before[-1][0].islower():
                self.capitalized.add(word)
                following = words[index + 1] if index + 1 < len(words) else None
                is_run = (
                    following is not None
                    and following[0][0].isupper()
                    and text[match.end() : following.start()] == " "
                )
                if not is_run and _is_determined([fold_case(one) for one in before], language):
                    self.after_determiner.add(word)


def _is_determined(before: list[str], language: SpacedLanguage) -> bool:
    """Return whether a determiner stands before a word, or one with an adjective after it."""
    if before[-1] in language.determiners:
        return True
    is_adjective = before[-1].endswith(ADJECTIVE_ENDINGS) and before[-1] not in language.stop_words
    return len(before) == 2 and is_adjective and before[0] in language.determiners
