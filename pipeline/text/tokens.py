"""Token counts, exact for a text that grows piece by piece.

Encodings of OpenAI, and Qwen's (the paper counts by Qwen3's tokenizer; all Qwen models share its vocabulary).
tiktoken is the reference. It first cuts a text by a regular expression and then merges bytes inside each cut.
Where two pieces meet at a position that is such a cut whatever stands around it, the count of the joined text
is the sum of the pieces' counts, so a chunk is counted while it grows, in one pass over the text
(`is_token_boundary` recognizes these positions, `IncrementalTokenCount` adds the counts).

toktok counts for OpenAI's encodings in its place, ten times as fast, where it is installed and its counts
were proved equal: in one version, of one vocabulary (by the file's SHA-256), for the characters that both
class alike. tiktoken is then loaded only for a text with other characters.

tiktoken panics at runs of white space of about a million characters, which its expressions try to match in
every way. Runs of `_LONG_SPACE_LENGTH` characters or more are therefore cut here, where the expressions would
cut them.
"""

import base64
import binascii
import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from tiktoken import Encoding
from tiktoken_ext.openai_public import ENCODING_CONSTRUCTORS

from pipeline.core.errors import MemcurateError

try:
    import toktok
except ImportError:  # no wheel for this machine
    toktok = None

TokenCounter = Callable[[str], int]

_WORD = re.compile(r"\S+")
_LONG_SPACE_LENGTH = 1 << 16
_SPACES = " \t\n\r\x0b\x0c\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # White_Space of Unicode
_PROBE = "\n \n"
_LONG_SPACES = re.compile(rf"(?<![{_SPACES}])[{_SPACES}]{{{_LONG_SPACE_LENGTH},}}+")


@contextmanager
def _use_cache_dir(folder: Path) -> Iterator[None]:
    """Point tiktoken to its files by the environment; without it, it would go to the network."""
    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TIKTOKEN_CACHE_DIR"]
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = before


_QWEN = "qwen3"

# Paths below the assets. tiktoken names its files by the sha1 of the address to download them from.
_FILES = {
    "o200k_base": Path("tiktoken/fb374d419588a4632f3f557e76b4b70aebbca790"),
    "cl100k_base": Path("tiktoken/9b5ad71b2ce5302211f9c61530b329a4922fc6a4"),
    _QWEN: Path("qwen/qwen.tiktoken"),
}

# The split pattern of Qwen's tokenizers: cl100k_base's expression, but every digit alone.
_QWEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


class _Proof(NamedTuple):
    """Conditions for toktok to count in tiktoken's place."""

    sha256: str  # of the file that tiktoken loads: toktok has the same vocabulary compiled in
    check_count: int  # tokens of _CHECK_TEXT


_TOKTOK_VERSION = "0.3.0"
_CHECK_TEXT = (
    "It's 12345 o'clock, they'LL've\r\n\n  HELLOWorld/\n//x "
    "\u00c9t\u00e9 e\u0301 \u4e2d\u6587AB \U0001f642\t <|endoftext|> "
)
_PROOFS = {
    "o200k_base": _Proof("446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d", 34),
    "cl100k_base": _Proof("223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7", 37),
}

# What toktok does not count: characters that Unicode 17 or 18 added or classes otherwise (toktok knows 17,
# tiktoken 16), the long s (tiktoken reads it as s after an apostrophe), lone surrogates, and beyond the basic
# plane some ranges around the first kind. Negating the class of the others is several times as fast.
_NOT_FOR_TOKTOK = re.compile(
    "[^\0-\u017e\u0180-\u0294\u0296-\u0557\u0559-\u058a\u058d-\u05c7\u05ca-\u088e\u0890-\u0b52\u0b55-\u0c5b"
    "\u0c5d-\u0cdb\u0cdd-\u1ace\u1af1-\u208e\u2090-\u209c\u20a0-\ua7cd\ua7d0\ua7d1\ua7d3\ua7d5-\ua7dc"
    "\ua7de-\ua7e1\ua7e3-\ua7f0\ua7f2-\uab6b\uab6e-\ud7ff\ue000-\uffff"
    "\U00010000-\U000107ba\U00012000-\U0001246e\U0001d400-\U0001d6a5\U0001d6a8-\U0001deff\U0001e700-\U0002b739]"
)


class Tokenizer:
    """A tokenizer that is loaded from local files: no network."""

    def __init__(self, name: str, assets: Path) -> None:
        """Load encoding `name` from its file below `assets`.

        Raises MemcurateError when the encoding is unknown, or its file is missing or damaged.
        """
        if name not in _FILES:
            raise MemcurateError(
                f"params key `tokenizer`: unknown tokenizer {name!r}; expected one of {', '.join(_FILES)}"
            )
        self._name = name
        path = assets / _FILES[name]
        if not path.is_file():
            raise MemcurateError(f"{path}, the file of tokenizer {name}, is missing: run `dvc repro assets`")
        self._path = path
        self._normalizes_nfc = name == _QWEN
        self._keeps_trailing_space = name == "cl100k_base"  # cuts no white space at the end of a text
        self._toktok_count = _load_toktok(name, path)
        if self._toktok_count is None:
            _ = self._encoding  # a damaged file is named now

    @cached_property
    def _encoding(self) -> Encoding:
        """The reference. Raises MemcurateError when its file is damaged."""
        name, path = self._name, self._path
        try:
            return _load_qwen(path) if name == _QWEN else _load_openai(name, path.parent)
        except (OSError, ValueError) as error:  # damaged: tiktoken discards it and tries to download
            raise MemcurateError(
                f"{path}, the file of tokenizer {name}, is damaged ({error}): run `dvc repro -f assets`"
            ) from error

    def count(self, text: str) -> int:
        """Return the number of tokens of `text`; a special token's name in it counts as plain text."""
        if self._toktok_count and (text.isascii() or not _NOT_FOR_TOKTOK.search(text)):
            return self._toktok_count(text)
        return self._count_by_tiktoken(text)

    def _count_by_tiktoken(self, text: str) -> int:
        if self._normalizes_nfc:
            text = unicodedata.normalize("NFC", text)
        if len(text) < _LONG_SPACE_LENGTH:
            return len(self._encoding.encode_ordinary(text))
        return self._count_long(text)

    def count_all(self, texts: list[str]) -> list[int]:
        """Return the number of tokens of each text."""
        if self._toktok_count and all(map(str.isascii, texts)):
            return list(map(self._toktok_count, texts))
        return list(map(self.count, texts))

    def _count_long(self, text: str) -> int:
        """Return the number of tokens of a text that may have long runs of white space."""
        total = done = 0
        for run in _LONG_SPACES.finditer(text):
            start, end = run.span()
            if run[0][0] in "\r\n" and self._absorbs_newlines(text[done:start]):
                start = end - len(run[0].lstrip("\r\n"))
            if start == end:
                continue
            pieces = self._split_spaces(text[start:end], end == len(text))
            total += len(self._encoding.encode_ordinary(text[done:start]))
            total += sum(len(self._encoding._encode_single_piece(piece)) for piece in pieces)
            done = start + sum(map(len, pieces))
        return total + len(self._encoding.encode_ordinary(text[done:]))

    def _absorbs_newlines(self, text: str) -> bool:
        """Return whether the last cut of a text would take in newlines that follow it.

        A cut that ends in punctuation marks does. `_PROBE` is one token in every encoding, where it is a cut.
        """
        return self._encoding.encode_ordinary(text + _PROBE)[-1:] != self._encoding._encode_single_piece(
            _PROBE
        )

    def _split_spaces(self, spaces: str, at_end: bool) -> list[str]:
        """Cut a run of white space, without its last character where that may belong to the next token.

        The newlines and all before them are one piece, the rest is another. `at_end`: the text ends with the
        run.
        """
        if at_end and self._keeps_trailing_space:
            return [spaces] if spaces else []
        newlines = 1 + max(spaces.rfind("\n"), spaces.rfind("\r"))
        end = len(spaces) if at_end else max(newlines, len(spaces) - 1)
        return [piece for piece in (spaces[:newlines], spaces[newlines:end]) if piece]


def _load_toktok(name: str, path: Path) -> TokenCounter | None:
    """Return toktok's counter for an encoding, where it is proved to count as tiktoken does from this file.

    Of toktok's two interfaces this is not the public one, which takes a hundred times as long for a sentence.
    """
    proof = _PROOFS.get(name)
    if toktok is None or proof is None or toktok.__version__ != _TOKTOK_VERSION:
        return None
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != proof.sha256:
            return None
    except OSError:  # tiktoken says so
        return None
    count: TokenCounter = toktok._encoding(name).count
    return count if count(_CHECK_TEXT) == proof.check_count else None


def tokenizer_file(name: str) -> Path:
    """Return the path of a tokenizer's file below the assets. Raises KeyError for an unknown name."""
    return _FILES[name]


@cache
def load_tokenizer(name: str, assets: Path) -> Tokenizer:
    """Return a tokenizer, which is loaded once per process. Raises MemcurateError as `Tokenizer` does."""
    return Tokenizer(name, assets)


def _load_openai(name: str, folder: Path) -> Encoding:
    with _use_cache_dir(folder):
        return Encoding(**ENCODING_CONSTRUCTORS[name]())


def _load_qwen(path: Path) -> Encoding:
    """Load Qwen's encoding from lines of a token's bytes in base64 and its rank.

    Raises ValueError when a line is anything else.
    """
    try:
        lines = (line.split() for line in path.read_bytes().splitlines())
        ranks = {base64.b64decode(token, validate=True): int(rank) for token, rank in lines}
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    return Encoding(_QWEN, pat_str=_QWEN_PATTERN, mergeable_ranks=ranks, special_tokens={})


def is_token_boundary(left: str, right: str) -> bool:
    """Return whether count(left + right) = count(left) + count(right), for certain, in all encodings.

    The encodings' expressions let no cut reach over a space that follows a character which is not
    white space, nor over the end of a run of newlines, unless a slash follows (which o200k_base joins
    to the newlines after a punctuation mark) or more newlines do. False means not known: count them together.
    """
    if not left or not right:
        return not left and not right
    last, first = left[-1], right[0]
    if first == " ":
        if not last.isspace():
            return True
        return last == "\n" and not right.lstrip(" ")[:1].isspace() and right.strip(" ") != ""
    return last == "\n" and not first.isspace() and first != "/"


def truncate_to_tokens(text: str, max_tokens: int, count_tokens: TokenCounter) -> str:
    """Return the longest beginning of a text that has at most `max_tokens` tokens, in whole words."""
    if count_tokens(text) <= max_tokens:
        return text
    ends = [match.end() for match in _WORD.finditer(text)]
    low, high = 0, len(ends)  # numbers of words
    while low < high:
        middle = (low + high + 1) // 2
        if count_tokens(text[: ends[middle - 1]]) <= max_tokens:
            low = middle
        else:
            high = middle - 1
    return text[: ends[low - 1]] if low else ""


class IncrementalTokenCount:
    """The exact token count of a text that grows piece by piece, each piece encoded once."""

    __slots__ = ("_final_count", "_tail", "_tail_count", "_tokenizer")

    def __init__(self, tokenizer: Tokenizer, opening: str = "") -> None:
        """Begin the text with `opening`."""
        self._tokenizer = tokenizer
        self._final_count = 0
        self._tail = opening
        self._tail_count = tokenizer.count(opening)

    @property
    def total(self) -> int:
        """Tokens of the text so far."""
        return self._final_count + self._tail_count

    def add(self, piece: str, count: int) -> None:
        """Append `piece`, which has `count` tokens alone."""
        if not piece:
            return
        if is_token_boundary(self._tail, piece):
            self._final_count += self._tail_count
            self._tail, self._tail_count = piece, count
        else:
            self._tail += piece
            self._tail_count = self._tokenizer.count(self._tail)

    def extend(self, last_piece: str, earlier_count: int, last_count: int) -> None:
        """Append pieces that begin at token boundaries: some of `earlier_count` tokens, and the last."""
        self._final_count += self._tail_count + earlier_count
        self._tail, self._tail_count = last_piece, last_count

    def total_with(self, end: str) -> int:
        """Return the tokens of the text so far followed by `end`, which is not added."""
        if is_token_boundary(self._tail, end):
            return self.total + self._tokenizer.count(end)
        return self._final_count + self._tokenizer.count(self._tail + end)
