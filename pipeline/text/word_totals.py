"""Count the words of many texts at once, as columns of Arrow.

A text is cut into pieces at white space and at the ASCII characters that no word crosses. Texts repeat most
of their pieces: each different one is searched for words once, and the rest is arithmetic.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

# Finds the words of a piece, case folded, and for each whether it is written in lowercase.
FindWords: TypeAlias = Callable[[str], Sequence[tuple[str, bool]]]
_Integers: TypeAlias = npt.NDArray[np.int64]

_LOWERCASE_DETERMINERS = "a an the my your his her its our their thy".split()
_DETERMINERS = frozenset([*_LOWERCASE_DETERMINERS, *map(str.capitalize, _LOWERCASE_DETERMINERS)])
_DETERMINER_AT_END = re.compile(rf"(?:^|\W)(?:{'|'.join(sorted(_DETERMINERS))})$")
_LAST_LETTERS = frozenset(word[-1] for word in _DETERMINERS)
_NOUN = re.compile(r"[a-z]+(?:-[a-z]+)*")

# Stands for each ASCII character that is neither of a word nor white space.
_MARK, _SPACED_MARK = b"\x01", b" \x01 "


def _translate_byte(code: int) -> int:
    character = chr(code)
    if code > 127 or character.isalnum() or character in "'-_":
        return code
    return ord(" " if character.isspace() else _MARK)


_TABLE = bytes(map(_translate_byte, range(256)))


@dataclass(frozen=True, slots=True)
class WordTotals:
    """How often words stand in texts, case folded; a word that is not there counts 0."""

    lowercase: dict[str, int]  # without a capital, anywhere
    after_determiner: Counter[str]  # after an article or possessive
    text_frequency: dict[str, int]  # texts that hold the word


def count_word_totals(texts: Sequence[str], find_words: FindWords) -> WordTotals:
    """Count the words of texts. `find_words` finds those of a piece of text that has no white space."""
    codes, pieces, ends = _split_texts(texts)
    found = [((piece, True),) if is_plain(piece) else find_words(piece) for piece in pieces]
    numbers: dict[str, int] = defaultdict(count().__next__)  # of words
    words = np.array([numbers[word] for of_piece in found for word, _ in of_piece], np.int64)
    is_lowercase = np.array([flag for of_piece in found for _, flag in of_piece], np.bool_)
    owners = np.repeat(np.arange(len(pieces)), list(map(len, found)))  # the piece that holds each word

    piece_counts = np.bincount(codes, minlength=len(pieces))
    lowercase = np.bincount(words, piece_counts[owners] * is_lowercase, len(numbers))
    frequency = np.zeros(len(numbers), np.int64)
    for start, end in pairwise([0, *ends]):
        has_piece = np.zeros(len(pieces), np.bool_)
        has_piece[codes[start:end]] = True
        has_word = np.zeros(len(numbers), np.bool_)
        has_word[words[has_piece[owners]]] = True
        frequency += has_word
    return WordTotals(
        {word: int(total) for word, total in zip(numbers, lowercase.tolist(), strict=True) if total},
        _count_after_determiners(codes, pieces),
        dict(zip(numbers, frequency.tolist(), strict=True)),
    )


def is_plain(piece: str) -> bool:
    """Return whether a piece is one word in lowercase ASCII letters, which is also what it is case folded."""
    return piece.isalpha() and piece.islower() and piece.isascii()


def _split_texts(texts: Sequence[str]) -> tuple[_Integers, list[str], list[int]]:
    """Cut texts into pieces; return the number of each piece, the different pieces, and where each text ends.

    The last piece of a text is a mark.
    """
    # A lone surrogate, which UTF-8 cannot hold, is of no word.
    spaced = [
        text.encode("utf-8", "replace").translate(_TABLE).replace(b"--", _MARK).replace(_MARK, _SPACED_MARK)
        + _SPACED_MARK
        for text in texts
    ]
    split = pc.ascii_split_whitespace if all(map(str.isascii, texts)) else pc.utf8_split_whitespace
    pieces = split(pa.array(spaced, pa.large_string()))
    encoded = pieces.flatten().dictionary_encode()
    ends = np.cumsum(pieces.value_lengths().to_numpy())
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist(), ends.tolist()


def _count_after_determiners(codes: _Integers, pieces: Sequence[str]) -> Counter[str]:
    """Count the words in lowercase that follow a determiner and nothing but white space."""
    determiners = [code for code, piece in enumerate(pieces) if _ends_in_determiner(piece)]
    is_determiner = np.zeros(len(pieces), np.bool_)
    is_determiner[determiners] = True
    after = np.flatnonzero(is_determiner[codes[:-1]]) + 1
    # A word that is counted has no noun after it: in "of the the owl" that is the second determiner.
    is_both = np.zeros(len(pieces), np.bool_)
    is_both[[code for code in determiners if _NOUN.fullmatch(pieces[code])]] = True
    is_counted = np.ones(len(codes) + 1, np.bool_)
    for position in after[is_both[codes[after]]].tolist():
        if is_counted[position]:
            is_counted[position + 1] = False
    counts = np.bincount(codes[after[is_counted[after]]], minlength=len(pieces))
    counter = Counter[str]()
    for code in np.flatnonzero(counts).tolist():
        noun = _NOUN.match(pieces[code])
        if noun:
            counter[noun[0]] += int(counts[code])
    return counter


def _ends_in_determiner(piece: str) -> bool:
    if piece.isalpha() or piece[-1:] not in _LAST_LETTERS:
        return piece in _DETERMINERS
    return _DETERMINER_AT_END.search(piece) is not None
