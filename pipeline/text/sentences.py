"""Split text into sentences: the very spans of NLTK's English punkt, several times faster.

Stops of other scripts, such as `。` and `।`, which punkt does not know, end a sentence too.

Punkt considers every `.`, `?` or `!` that is followed by closing punctuation or by white space and
another token. It tokenizes and annotates the piece of text around such a stop, its context, and breaks
after the stop if the context holds a sentence end that is not its last token. Then it moves closing
marks which follow a break into the sentence before the break. Why the spans here are equal:

* Contexts within a run without ASCII white space overlap, and of these punkt keeps the last, and also
  the first if a stop opens the run, for its word is then empty. A match of `_STOP` begins at the first
  stop of a run and consumes the run, so each match decides its own run. Only a stop that ends its run
  with nothing after it in the text can go unmatched, and punkt does not consider such a stop.
* A *plain* match is a run's only stop, followed by closing marks or none, by white space and by the
  start of a token that no closing marks would be moved from. Punkt keeps its context, in which at
  least one token follows the stop's. `?` and `!` are always tokens of their own and sentence ends. A
  word with a full stop is a sentence end, whatever follows it, unless it is an abbreviation, a number,
  an initial, an ellipsis or the first part of a collocation. `_CertainSentenceEnds` tells from the four
  characters before the stop that the word is none of these.
* Every other stop gets punkt's own context, tokens and annotation. A token's annotation depends on
  that token and the next alone, so it can be remembered for the pair.
* Punkt looks for closing marks to move only within the next sentence. That ends in a stop or where the
  text does, neither of which such marks and their white space extend over: they can be looked for at
  once, in the text.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise, takewhile
from pathlib import Path

from pipeline.core.blocked_import import block_import
from pipeline.core.errors import MemcurateError

# NLTK imports SciPy where it is installed, for measures of association: that takes a second.
with block_import("scipy"):
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer, PunktToken, load_punkt_params

_FILES = ("abbrev_types.txt", "collocations.tab", "ortho_context.tab", "sent_starters.txt")
_CACHE_SIZE = 1 << 14
_MAX_CACHED_LENGTH = 80

# Punkt has three notions of white space: ASCII for runs, White_Space of Unicode (`\s` of the `regex`
# package) for patterns, and that of `str` and `re`, which is White_Space and U+001C to U+001F.
_ASCII = " \t\n\r\x0b\x0c"
_SPACE = _ASCII + "\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_CLOSING = r"\"')\]}‘’“”«»"

_STOP = re.compile(
    rf"""[.?!](?:
        ([{_CLOSING}]*+)[{_ASCII}]++(?=\S)(?![{_CLOSING}]++(?:\s|--|\Z))  # plain
        | [^{_ASCII}]++
        | (?=[{_ASCII}]++[^{_ASCII}])
    )""",
    re.VERBOSE,
)
_CANDIDATE = re.compile(rf"[.?!](?:(?=[{_CLOSING}(\[{{;:*@?!])|(?=[{_SPACE}]++([^{_SPACE}]++)))")
# Stops beyond ASCII end a sentence whatever follows: full width and half width, Devanagari, Arabic, Armenian,
# Ethiopic, Burmese and Khmer.
_OTHER_STOP = re.compile(
    rf"[\u3002\uff01\uff1f\uff61\uff0e\u0964\u0965\u061f\u06d4\u0589\u1362\u1367\u1368\u104a\u104b\u17d4\u17d5]++"
    rf"[{_CLOSING}\u3009\u300b\u300d\u300f\u3011\uff09\uff3d]*+"
)
_NEXT_TOKEN = re.compile(rf"[{_SPACE}]*+[^{_SPACE}]*+")
_MOVED = re.compile(rf"([{_CLOSING}]+?)(?:[{_SPACE}]++|(?=--)|$)", re.MULTILINE)


class _NltkDataDir:
    """A folder for NLTK's loader; NLTK's own class obeys a process-wide list of roots."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def join(self, name: str) -> Path:
        return self._path / name


class _ZeroDefaultCounts(dict[str, int]):
    """Counts that are 0 for unknown words; unlike NLTK's own dict it does not store each word looked up."""

    def __missing__(self, word: str) -> int:
        return 0


class _CertainSentenceEnds(dict[str, bool]):
    """A cache by a stop and the four characters before it: whether every token that ends so ends a sentence.

    That holds for `?` and `!`; for an apostrophe, with which punkt starts a token, and a letter; and for
    two or more letters, unless a word that punkt treats specially has the same letters at its end.
    """

    def __init__(self, special: set[str]) -> None:
        super().__init__()
        self._special_words = special
        self._endings = {_last_letters(word) for word in special}
        self._ending_suffixes = {ending[i:] for ending in self._endings for i in range(len(ending))}

    def __missing__(self, tail: str) -> bool:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        self[tail] = certain = tail[-1] != "." or self._is_certain(tail[:-1])
        return certain

    def _is_certain(self, before: str) -> bool:
        if not (before[-1].isascii() and before[-1].isalpha()):
            return False
        if before[-2] in "'’":
            return before[-2:].lower() not in self._special_words
        if not (before[-2].isascii() and before[-2].isalpha()):
            return False
        letters = _last_letters(before.lower())
        return letters not in (self._ending_suffixes if len(letters) == len(before) else self._endings)


class SentenceSplitter:
    """A splitter with Punkt's English sentence spans; pickled, it is only the folder that it loads from."""

    def __init__(self, nltk_data: Path) -> None:
        """Load punkt's parameters as `load_punkt` does."""
        self._nltk_data = nltk_data
        params = load_punkt(nltk_data)
        self._punkt = PunktSentenceTokenizer(params)
        self._certain_ends = _CertainSentenceEnds(
            params.abbrev_types | {first for first, _ in params.collocations}
        )
        self._context_cache = lru_cache(_CACHE_SIZE)(self._contains_break)
        self._pair_cache = lru_cache(_CACHE_SIZE)(self._is_sentence_end)

    def __reduce__(self) -> tuple[type["SentenceSplitter"], tuple[Path]]:
        """Pickle the folder alone: the parameters are loaded again where it is read."""
        return SentenceSplitter, (self._nltk_data,)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the start and end of each sentence in `text`, as character offsets."""
        spans = self._punkt_spans(text)
        if text.isascii() or not _OTHER_STOP.search(text):
            return spans
        return [part for start, end in spans for part in _split_at_other_stops(text, start, end)]

    def _punkt_spans(self, text: str) -> list[tuple[int, int]]:
        spans = []
        start, end = 0, len(text.rstrip())
        certain = self._certain_ends
        for run in _STOP.finditer(text):
            stop, run_end = run.span(1) if run.lastindex else (0, run.end())
            if stop > 4 and certain[text[stop - 5 : stop]]:
                spans.append((start, run_end))
                start = run.end()
                continue
            for stop, following in self._find_breaks(text, run.start(), run_end):
                moved = _MOVED.match(text, following, end)
                spans.append((start, moved.end(1) if moved else stop))
                start = moved.end() if moved else following
        if start < end:
            spans.append((start, end))
        return spans

    def _find_breaks(self, text: str, first: int, run_end: int) -> Iterator[tuple[int, int]]:
        """Yield (break, start of the next sentence) for the run whose first stop is at `first`."""
        next_token = _NEXT_TOKEN.match(text, run_end)
        assert next_token  # the pattern matches the empty string too
        found = _CANDIDATE.finditer(text, first, next_token.end())
        candidates = list(takewhile(lambda candidate: candidate.start() < run_end, found))
        if not candidates:
            return
        word = _word_start(text, first)
        opens_run = len(candidates) > 1 and candidates[0].start() == word
        for candidate in (candidates[0], candidates[-1]) if opens_run else candidates[-1:]:
            stop = candidate.end()
            following, context_end = candidate.span(1) if candidate.lastindex else (stop, stop + 1)
            if self._is_break(text[word:context_end]):
                yield stop, following

    def _is_break(self, context: str) -> bool:
        if len(context) > _MAX_CACHED_LENGTH:
            return bool(self._punkt.text_contains_sentbreak(context))
        return self._context_cache(context)

    def _contains_break(self, context: str) -> bool:
        """Do as Punkt's `text_contains_sentbreak` does, and annotate each pair of tokens only once."""
        tokens: list[str] = []
        for line in context.split("\n"):
            if line.strip():
                tokens += self._punkt._lang_vars.word_tokenize(line)
        return any(
            token in ("?", "!") or (token[-1] == "." and self._pair_cache(token, following))
            for token, following in pairwise(tokens)
        )

    def _is_sentence_end(self, token: str, following: str) -> bool:
        first, second = PunktToken(token), PunktToken(following)
        self._punkt._first_pass_annotation(first)
        self._punkt._first_pass_annotation(second)
        self._punkt._second_pass_annotation(first, second)
        return bool(first.sentbreak)


def _split_at_other_stops(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of a sentence's parts, without white space between them."""
    for stop in _OTHER_STOP.finditer(text, start, end):
        yield start, stop.end()
        start = end - len(text[stop.end() : end].lstrip())
    if start < end:
        yield start, end


@cache
def load_splitter(nltk_data: Path) -> SentenceSplitter:
    """Return the splitter of a folder, which is loaded once per process."""
    return SentenceSplitter(nltk_data)


def _last_letters(word: str) -> str:
    return word[len(word.rstrip("abcdefghijklmnopqrstuvwxyz")) :]


def _word_start(text: str, position: int) -> int:
    while position and text[position - 1] not in _ASCII:
        position -= 1
    # Punkt counts a single white space before the first word as part of it.
    return 0 if position == 1 else position


def load_punkt(nltk_data: Path) -> PunktParameters:
    """Load Punkt's English parameters from local files: no network, no process-wide paths.

    `nltk_data` holds `tokenizers/punkt_tab/english`. Raises MemcurateError when a file is missing.
    """
    folder = nltk_data / "tokenizers" / "punkt_tab" / "english"
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise MemcurateError(
            f"{folder}, the sentence splitter's data, lacks {', '.join(missing)}: run `dvc repro assets`"
        )
    params = load_punkt_params(_NltkDataDir(folder))
    params.ortho_context = _ZeroDefaultCounts(params.ortho_context)
    return params
