"""The corpus of altered copies: its size, the same bytes again, few word pairs in common."""

import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.text.shingles import bigram_hashes
from stages.cli.bench.altered_corpus import write_altered_corpus
from tests.integration.project import tree


@pytest.fixture(scope="module")
def corpus(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 MB: two copies of the 18 books, and part of a third."""
    target = tmp_path_factory.mktemp("scale") / "gutenberg"
    written = write_altered_corpus(raw / "gutenberg", target, 24_000_000, seed=20)
    assert written == sum(path.stat().st_size for path in target.iterdir())
    assert abs(written - 24_000_000) < 400_000  # half of a book
    return target


def test_copies_keep_form_and_length(corpus: Path, raw: Path) -> None:
    assert len(list(corpus.iterdir())) > 2 * 18
    original = _read(raw / "gutenberg/carroll-alice.txt")
    for copy in (1, 2):
        altered = _read(corpus / f"carroll-alice-{copy:05}.txt")
        assert _signs(altered) == _signs(original)  # punctuation, and short words
        for shape in (r"\b[a-z]+\b", r"\b[A-Z][a-z]+\b", r"\b[A-Z]+\b"):
            assert len(re.findall(shape, altered)) == len(re.findall(shape, original))
        assert len(altered) == len(original)


def test_copies_share_few_word_pairs(corpus: Path, raw: Path) -> None:
    for stem in ("austen-emma", "carroll-alice", "milton-paradise"):
        books = [raw / f"gutenberg/{stem}.txt", *sorted(corpus.glob(f"{stem}-*.txt"))]
        assert len(books) >= 3
        for one, other in combinations([set(bigram_hashes(_read(path)).tolist()) for path in books], 2):
            assert len(one & other) < 0.25 * len(one | other)  # near-duplicates share half


def test_the_seed_and_the_books_give_the_bytes(tmp_path: Path) -> None:
    books = tmp_path / "books"
    books.mkdir()
    for name in ("one", "two"):
        text = "\n\n".join(f"Anna said: they couldn't find {name} {chr(97 + n) * 5}." for n in range(26))
        (books / f"{name}.txt").write_text(text)
    corpora = []
    for number, seed in enumerate((1, 1, 2)):
        write_altered_corpus(books, tmp_path / f"copy{number}", 5000, seed)
        corpora.append(tree(tmp_path / f"copy{number}"))
    assert corpora[0] == corpora[1] != corpora[2]
    text = _read(tmp_path / "copy0/one-00001.txt")
    assert text.count("they couldn't find one") == 26
    assert len(set(re.findall(r"\b[a-z]{5}\b", text))) == 26


def test_a_corpus_of_no_books_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MemcurateError, match=r"\.txt"):
        write_altered_corpus(tmp_path, tmp_path / "copies", 1000, seed=1)


def _read(path: Path) -> str:
    return path.read_bytes().decode()


def _signs(text: str) -> Counter[str]:
    return Counter(re.sub(r"[^\W\d_]{4,}", "word", text).split())
