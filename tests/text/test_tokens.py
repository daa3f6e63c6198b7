from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import MemcurateError
from pipeline.text.tokens import Tally, Tokenizer, meets_cleanly

# Letters, marks, stops, slashes, digits and every kind of white space that the expressions treat apart.
TEXTS = st.text(st.sampled_from("aB é中.!?\"'/-_1\n\r\t\u00a0\x1c\u3000\x85ſ🙂"), max_size=6) | st.text(
    max_size=6
)
JOINTS = st.sampled_from(["", " ", "  ", "\n", "\n\n", ".\n", " \n", '."', "/"])
PIECES = st.builds("{}{}{}".format, JOINTS, TEXTS, JOINTS)


@pytest.fixture(scope="module", params=["o200k_base", "cl100k_base", "qwen3"])
def tokenizer(request: pytest.FixtureRequest, assets: Path) -> Tokenizer:
    return Tokenizer(request.param, assets)


def test_counts_add_up_where_texts_meet_cleanly(tokenizer: Tokenizer) -> None:
    met = 0

    @settings(max_examples=2000)
    @given(PIECES, PIECES)
    def adds_up(left: str, right: str) -> None:
        nonlocal met
        if meets_cleanly(left, right):
            met += bool(left and right)
            assert tokenizer.count(left + right) == tokenizer.count(left) + tokenizer.count(right)

    adds_up()
    assert met > 100


def test_tally_is_the_count_of_the_whole(tokenizer: Tokenizer) -> None:
    @given(st.lists(PIECES, max_size=12), PIECES)
    def counts(pieces: list[str], end: str) -> None:
        tally = Tally(tokenizer)
        for piece in pieces:
            tally.add(piece, tokenizer.count(piece))
        assert tally.total == tokenizer.count("".join(pieces))
        assert tally.total_with(end) == tokenizer.count("".join(pieces) + end)

    counts()


@pytest.mark.parametrize(
    ("left", "right", "clean"),
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
def test_clean_meetings(left: str, right: str, clean: bool) -> None:
    assert meets_cleanly(left, right) is clean


@pytest.mark.parametrize(
    ("text", "count"), [("Hello world!", 3), ("1234", 4), ("It's", 2), ("e\u0301", 1), ("<|im_start|>", 6)]
)
def test_qwens_counts(text: str, count: int, assets: Path) -> None:
    """Digits are tokens one by one; letters are composed first, as Qwen's tokenizers do."""
    assert Tokenizer("qwen3", assets).count(text) == count


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MemcurateError, match="dvc repro assets"):
        Tokenizer("o200k_base", tmp_path)
    (tmp_path / "tiktoken").mkdir()
    with pytest.raises(MemcurateError, match="o200k_base"):
        Tokenizer("o200k_base", tmp_path)
