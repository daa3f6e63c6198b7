"""Token counts are exact, also for a text that grows piece by piece."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import MemcurateError
from pipeline.text import tokens
from pipeline.text.tokens import IncrementalTokenCount, Tokenizer, is_token_boundary

# Letters, marks, stops, slashes, digits and every kind of white space that the expressions treat apart.
TEXTS = st.text(st.sampled_from("aB é中.!?\"'/-_1\n\r\t\u00a0\x1c\u3000\x85ſ🙂"), max_size=6) | st.text(
    max_size=6
)
JOINTS = st.sampled_from(["", " ", "  ", "\n", "\n\n", ".\n", " \n", '."', "/"])
PIECES = st.builds("{}{}{}".format, JOINTS, TEXTS, JOINTS)


@pytest.fixture(scope="module", params=["o200k_base", "cl100k_base", "qwen3"])
def tokenizer(request: pytest.FixtureRequest, assets: Path) -> Tokenizer:
    return Tokenizer(request.param, assets)


def test_counts_add_up_at_token_boundaries(tokenizer: Tokenizer) -> None:
    met = 0

    @settings(max_examples=2000)
    @given(PIECES, PIECES)
    def adds_up(left: str, right: str) -> None:
        nonlocal met
        if is_token_boundary(left, right):
            met += bool(left and right)
            assert tokenizer.count(left + right) == tokenizer.count(left) + tokenizer.count(right)

    adds_up()
    assert met > 100


def test_the_incremental_count_is_the_count_of_the_whole(tokenizer: Tokenizer) -> None:
    @given(st.lists(PIECES, max_size=12), PIECES)
    def counts(pieces: list[str], end: str) -> None:
        token_count = IncrementalTokenCount(tokenizer)
        for piece in pieces:
            token_count.add(piece, tokenizer.count(piece))
        assert token_count.total == tokenizer.count("".join(pieces))
        assert token_count.total_with(end) == tokenizer.count("".join(pieces) + end)

    counts()


@pytest.mark.parametrize(
    ("left", "right", "is_boundary"),
    [
        ("end.", " Next", True),
        ("end.\n\n", "Next", True),
        ("end.\n\n", "   Next", True),
        ("end.", "\n\nNext", False),  # the newlines join the full stop
        ("end.\n", "/path", False),  # so does a slash behind them
        ("word", "word", False),
        ("1", "2", False),
    ],
)
def test_token_boundaries(left: str, right: str, is_boundary: bool) -> None:
    assert is_token_boundary(left, right) is is_boundary


@pytest.mark.parametrize(
    ("text", "count"), [("Hello world!", 3), ("1234", 4), ("It's", 2), ("e\u0301", 1), ("<|im_start|>", 6)]
)
def test_counts_of_qwen(text: str, count: int, assets: Path) -> None:
    """Digits are tokens one by one; letters are composed first, as Qwen's tokenizers do."""
    assert Tokenizer("qwen3", assets).count(text) == count


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MemcurateError, match="dvc repro assets"):
        Tokenizer("o200k_base", tmp_path)
    (tmp_path / "tiktoken").mkdir()
    with pytest.raises(MemcurateError, match="o200k_base"):
        Tokenizer("o200k_base", tmp_path)


SPACES = st.text(st.sampled_from(" \n\t\r\xa0\u3000\x85\u2028\x0b"), max_size=8)
BESIDE = st.text(st.sampled_from("aBé1./'\x1c\u0301中🙂_\u200b-²\u0e31"), max_size=3)


def test_long_white_space_is_cut_where_the_encoding_cuts_it(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here four characters are long, so that the encoding can count what is cut here."""
    monkeypatch.setattr(tokens, "_LONG_SPACE_LENGTH", 4)
    pattern = tokens._LONG_SPACES.pattern.replace(str(1 << 16), "4")
    monkeypatch.setattr(tokens, "_LONG_SPACES", re.compile(pattern))
    composes = tokenizer.count("e\u0301\u0301") != len(tokenizer._encoding.encode_ordinary("e\u0301\u0301"))
    cut = 0

    @settings(max_examples=2000)
    @given(
        st.lists(st.tuples(BESIDE, SPACES), max_size=4).map(lambda parts: "".join(map("".join, parts))),
        BESIDE,
    )
    def counts(text: str, end: str) -> None:
        nonlocal cut
        plain = unicodedata.normalize("NFC", text + end) if composes else text + end
        cut += bool(tokens._LONG_SPACES.search(plain))
        assert tokenizer.count(text + end) == len(tokenizer._encoding.encode_ordinary(plain))

    counts()
    assert cut > 100


@pytest.mark.parametrize("before", ["", ".\n"])
def test_a_million_spaces(before: str, tokenizer: Tokenizer) -> None:
    """tiktoken alone panics. The last space is of the cut that follows."""
    run = before + " " * 1_100_000
    assert tokenizer.count(f"{run}x") == tokenizer.count(run[:-1]) + tokenizer.count(" x")
