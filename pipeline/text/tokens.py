"""Token counts, exact for a text that grows piece by piece.

Encodings of OpenAI, and Qwen's (the paper counts by Qwen3's tokenizer; the vocabulary is that of all Qwen
models), all by tiktoken. It first cuts a text by a regular expression and then merges bytes inside each cut.
Where two pieces meet at a place that is such a cut whatever stands around it, the count of the joined text is
the sum of the pieces' counts, so a chunk is counted while it grows, in one pass over the text
(`meets_cleanly` gives the places, `Tally` does the adding).

tiktoken panics at runs of white space of about a million characters, which its expressions try to match in
every way. Longer ones than `_LONG_SPACE` are therefore cut here, where the expressions would cut them.
"""

import base64
import binascii
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tiktoken import Encoding
from tiktoken_ext.openai_public import ENCODING_CONSTRUCTORS

from pipeline.errors import MemcurateError

Count = Callable[[str], int]

_WORD = re.compile(r"\S+")
_LONG_SPACE = 1 << 16
_SPACES = " \t\n\r\x0b\x0c\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # White_Space of Unicode
_PROBE = "\n \n"
_LONG_SPACES = re.compile(rf"(?<![{_SPACES}])[{_SPACES}]{{{_LONG_SPACE},}}+")


@contextmanager
def _cache_folder(folder: Path) -> Iterator[None]:
    """tiktoken reads its folder from the environment; unset, it would go to the network."""
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

# Below the assets. tiktoken names its files by the sha1 of the address that it would download them from.
_FILES = {
    "o200k_base": Path("tiktoken/fb374d419588a4632f3f557e76b4b70aebbca790"),
    "cl100k_base": Path("tiktoken/9b5ad71b2ce5302211f9c61530b329a4922fc6a4"),
    _QWEN: Path("qwen/qwen.tiktoken"),
}

# What Qwen's tokenizers cut by: cl100k_base's expression, but every digit alone.
_QWEN_CUTS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


class Tokenizer:
    """An encoding out of local files: no network."""

    def __init__(self, name: str, assets: Path) -> None:
        """Load encoding `name` from its file below `assets`.

        Raises MemcurateError when there is no such encoding, or its file is missing or damaged.
        """
        if name not in _FILES:
            raise MemcurateError(
                f"there is no tokenizer {name!r}: params key `tokenizer` takes {', '.join(_FILES)}"
            )
        path = assets / _FILES[name]
        if not path.is_file():
            raise MemcurateError(f"{path} is missing, the file of tokenizer {name}: run `dvc repro assets`")
        try:
            self._encoding = _qwen(path) if name == _QWEN else _openai(name, path.parent)
        except (OSError, ValueError) as error:  # damaged: tiktoken discards it and tries to download
            raise MemcurateError(f"{path} is damaged ({error}): run `dvc repro -f assets`") from error
        self._composes = name == _QWEN
        self._ends_whole = name == "cl100k_base"  # cuts no white space at the end of a text

    def count(self, text: str) -> int:
        """Tokens of `text`; text that looks like a special token counts as the text it is."""
        if self._composes:
            text = unicodedata.normalize("NFC", text)
        if len(text) < _LONG_SPACE:
            return len(self._encoding.encode_ordinary(text))
        return self._count_long(text)

    def _count_long(self, text: str) -> int:
        """Tokens of a text that may have long runs of white space."""
        total = done = 0
        for run in _LONG_SPACES.finditer(text):
            start, end = run.span()
            if run[0][0] in "\r\n" and self._takes_newlines(text[done:start]):
                start = end - len(run[0].lstrip("\r\n"))
            if start == end:
                continue
            pieces = self._pieces(text[start:end], end == len(text))
            total += len(self._encoding.encode_ordinary(text[done:start]))
            total += sum(len(self._encoding._encode_single_piece(piece)) for piece in pieces)
            done = start + sum(map(len, pieces))
        return total + len(self._encoding.encode_ordinary(text[done:]))

    def _takes_newlines(self, text: str) -> bool:
        """Whether the last cut of a text would take newlines that follow, as one of punctuation marks does.

        `_PROBE` is one token in every encoding, where it is a cut.
        """
        return self._encoding.encode_ordinary(text + _PROBE)[-1:] != self._encoding._encode_single_piece(
            _PROBE
        )

    def _pieces(self, spaces: str, at_end: bool) -> list[str]:
        """How a run of white space is cut, without its last character where that may belong to what follows.

        The newlines are one piece with all before them, then what follows them is one, all but the last.
        """
        if at_end and self._ends_whole:
            return [spaces] if spaces else []
        newlines = 1 + max(spaces.rfind("\n"), spaces.rfind("\r"))
        end = len(spaces) if at_end else max(newlines, len(spaces) - 1)
        return [piece for piece in (spaces[:newlines], spaces[newlines:end]) if piece]


def _openai(name: str, folder: Path) -> Encoding:
    with _cache_folder(folder):
        return Encoding(**ENCODING_CONSTRUCTORS[name]())


def _qwen(path: Path) -> Encoding:
    """Lines of a token's bytes in base 64 and its rank. Raises ValueError when they are something else."""
    try:
        lines = (line.split() for line in path.read_bytes().splitlines())
        ranks = {base64.b64decode(token, validate=True): int(rank) for token, rank in lines}
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    return Encoding(_QWEN, pat_str=_QWEN_CUTS, mergeable_ranks=ranks, special_tokens={})


def meets_cleanly(left: str, right: str) -> bool:
    """Whether count(left + right) = count(left) + count(right), for certain, in all encodings.

    The encodings' expressions let no cut reach over a space that follows a character which is not
    white space, nor over the end of a run of newlines, unless a slash follows (which o200k_base joins
    to the newlines after a punctuation mark) or more newlines do. False: not known, count together.
    """
    if not left or not right:
        return not left and not right
    last, first = left[-1], right[0]
    if first == " ":
        if not last.isspace():
            return True
        return last == "\n" and not right.lstrip(" ")[:1].isspace() and right.strip(" ") != ""
    return last == "\n" and not first.isspace() and first != "/"


def beginning(text: str, most: int, count: Count) -> str:
    """The longest beginning of a text that has `most` tokens at most, in whole words."""
    if count(text) <= most:
        return text
    ends = [match.end() for match in _WORD.finditer(text)]
    low, high = 0, len(ends)  # words
    while low < high:
        middle = (low + high + 1) // 2
        if count(text[: ends[middle - 1]]) <= most:
            low = middle
        else:
            high = middle - 1
    return text[: ends[low - 1]] if low else ""


class Tally:
    """The exact token count of a text that grows piece by piece, each piece encoded once."""

    __slots__ = ("_counter", "_settled", "_tail", "_tail_count")

    def __init__(self, counter: Tokenizer, opening: str = "") -> None:
        self._counter = counter
        self._settled = 0
        self._tail = opening
        self._tail_count = counter.count(opening)

    @property
    def total(self) -> int:
        """Tokens of the text so far."""
        return self._settled + self._tail_count

    def add(self, piece: str, count: int) -> None:
        """Append `piece`, whose own count is given."""
        if not piece:
            return
        if meets_cleanly(self._tail, piece):
            self._settled += self._tail_count
            self._tail, self._tail_count = piece, count
        else:
            self._tail += piece
            self._tail_count = self._counter.count(self._tail)

    def total_with(self, end: str) -> int:
        """Tokens of the text so far followed by `end`, which is not added."""
        if meets_cleanly(self._tail, end):
            return self.total + self._counter.count(end)
        return self._settled + self._counter.count(self._tail + end)
