"""A corpus of books of any size: copies of the starter's books, each copy in other words.

In each copy, each word of at least four letters that is not a stop word is replaced, wherever it stands, by
another of the same length, of similar frequency, and mostly with or mostly without a capital, as it is. And
each book begins at another paragraph, and ends where it began. So sentences, punctuation, names and the
distribution of words stay, while two copies share few word pairs, and are not near-duplicates.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from pipeline.core import seeded_random
from pipeline.sources.io import find_raw_files, read_text
from pipeline.text.stop_words import stop_words

_GROUP_SIZE = 32  # words that are exchanged with each other
_WORD = re.compile(r"[^\W\d_]{4,}+(?!['’]t\b)")  # not the first part of couldn't


def write_altered_corpus(raw_dir: Path, target: Path, size: int, seed: int) -> int:
    """Write altered copies of the .txt files in `raw_dir` until they have about `size` bytes.

    Each copy begins with the shortest book; the last one ends with the book after which the size is nearest.
    Holds one book in memory. Returns the bytes written. Raises MemcurateError when `raw_dir` has no book.
    """
    target.mkdir(parents=True)
    written = 0
    paths = sorted(find_raw_files(raw_dir, "*.txt"), key=lambda path: (path.stat().st_size, path.name))
    for stem, text in _iter_altered_books(paths, seed):
        content = text.encode()
        if written and abs(size - written) <= abs(written + len(content) - size):
            return written
        (target / f"{stem}.txt").write_bytes(content)
        written += len(content)
    raise AssertionError("copies do not end")


def _iter_altered_books(paths: Sequence[Path], seed: int) -> Iterator[tuple[str, str]]:
    """Yield (stem, text) of the books of one copy after the other, without end."""
    groups = _group_words(paths)
    copy = 0
    while True:
        copy += 1
        forms = _exchange_words(groups, seed, copy)
        for path in paths:
            text = _WORD.sub(partial(_replace_word, forms), _read(path))
            middle = seeded_random.randint(0, len(text), seed, "first paragraph", copy, path.stem)
            start = text.rfind("\n\n", 0, middle) + 1  # 0 where there is none
            yield f"{path.stem}-{copy:05}", text[start:] + text[:start]


def _group_words(paths: Sequence[Path]) -> list[list[str]]:
    """Return the lowercase words in groups of similar length, frequency and capitalization."""
    counts: Counter[str] = Counter()
    capitalized: Counter[str] = Counter()
    for path in paths:
        for form, count in Counter(_WORD.findall(_read(path))).items():
            counts[form.lower()] += count
            capitalized[form.lower()] += 0 if form.islower() else count
    alike: dict[tuple[bool, int], list[str]] = defaultdict(list)
    for word in sorted(counts.keys() - stop_words("en"), key=lambda word: (-counts[word], word)):
        alike[2 * capitalized[word] > counts[word], len(word)].append(word)
    return [
        words[start : start + _GROUP_SIZE]
        for words in alike.values()
        for start in range(0, len(words), _GROUP_SIZE)
    ]


def _exchange_words(groups: Sequence[Sequence[str]], seed: int, copy: int) -> dict[str, str]:
    """Return the new form of each form of a word: lowercase, Capitalized and UPPERCASE."""
    forms: dict[str, str] = {}
    for group in groups:
        for word, other in zip(group, seeded_random.shuffled(group, str, seed, "altered", copy), strict=True):
            forms[word] = other
            forms[word.capitalize()] = other.capitalize()
            forms[word.upper()] = other.upper()
    return forms


def _replace_word(forms: Mapping[str, str], match: re.Match[str]) -> str:
    return forms.get(match[0], match[0])


def _read(path: Path) -> str:
    return read_text(path, ("utf-8", "latin-1"))
