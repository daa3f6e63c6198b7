"""Token counts are exact, also for a text that grows piece by piece."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

import pytest
import regex
import tiktoken
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
CONTRACTIONS = ["'s", "'S", "'t", "'re", "'RE", "'Ve", "'m", "'lL", "'D", "'ſ", "’s", "'", "''", "'k", "'K"]


@pytest.fixture(scope="module", params=["o200k_base", "cl100k_base", "qwen3"])
def tokenizer(request: pytest.FixtureRequest, assets: Path) -> Tokenizer:
    made = Tokenizer(request.param, assets)
    assert made._encoding.name  # loaded now, not in an example of a property, which has a deadline
    return made


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
    monkeypatch.setattr(tokenizer, "_toktok_count", None)
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


OPENAI = ["o200k_base", "cl100k_base"]


@pytest.fixture(scope="module", params=OPENAI)
def fast(request: pytest.FixtureRequest, assets: Path) -> Tokenizer:
    pytest.importorskip("toktok")
    tokenizer = Tokenizer(request.param, assets)
    assert tokenizer._toktok_count is not None
    assert tokenizer._encoding.name == request.param
    return tokenizer


def _differ(tokenizer: Tokenizer, texts: Iterable[str]) -> list[str]:
    return [text for text in texts if tokenizer.count(text) != tokenizer._count_by_tiktoken(text)]


def test_both_have_one_vocabulary(fast: Tokenizer) -> None:
    toktok = pytest.importorskip("toktok")
    ranks = fast._encoding._mergeable_ranks
    assert toktok._encoding(fast._name).token_byte_values() == sorted(ranks, key=ranks.__getitem__)


def test_both_count_alike(fast: Tokenizer) -> None:
    @settings(max_examples=1000)
    @given(st.lists(TEXTS | st.sampled_from(CONTRACTIONS), max_size=8).map("".join))
    def alike(text: str) -> None:
        assert fast.count(text) == fast._count_by_tiktoken(text)

    alike()


def test_both_count_the_corpora_alike(fast: Tokenizer, raw: Path) -> None:
    for path in sorted(raw.rglob("*.*")):
        text = path.read_bytes()[:100_000].decode("utf-8", "replace")
        assert _differ(fast, [text, *text.splitlines(keepends=True), *re.split(r"(?<=[.!?])\s", text)]) == []


def test_both_count_hostile_texts_alike(fast: Tokenizer) -> None:
    units = [
        "a",
        "A",
        "aA",
        "7",
        " ",
        "\n",
        " \n",
        "'",
        "!",
        "\u0301",
        "ʰ",
        "中",
        "中A",
        "🙂",
        "\u200d",
        "/\n",
    ]
    assert _differ(fast, [unit * 30_000 + end for unit in units for end in ("", "x", "'s", "\n")]) == []


def test_texts_that_toktok_would_count_otherwise_do_not_reach_it(
    fast: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each character stands before or in what only one of the two takes for a contraction."""
    texts = [
        "it'ſabc",
        "'ſ'Ve",
        "\U00033445're",
        "\U00011de5'lL",
        "\u088f's",
        "\u1ad9's",
        "\U00010949's",
        "a\ud800b",
    ]
    assert _differ(fast, texts) == []
    monkeypatch.setattr(fast, "_toktok_count", lambda text: pytest.fail(ascii(text)))
    assert all(fast.count(text) for text in texts)


@pytest.mark.parametrize("name", OPENAI)
def test_without_its_proof_toktok_is_not_used(
    name: str, assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toktok = pytest.importorskip("toktok")
    path = assets / tokens._FILES[name]
    assert tokens._load_toktok(name, path) is not None
    (tmp_path / "other").write_bytes(path.read_bytes() + b"\n")
    assert tokens._load_toktok(name, tmp_path / "other") is None
    monkeypatch.setitem(tokens._PROOFS, name, tokens._PROOFS[name]._replace(check_count=1))
    assert tokens._load_toktok(name, path) is None
    monkeypatch.undo()
    monkeypatch.setattr(toktok, "__version__", "0.3.1")
    assert tokens._load_toktok(name, path) is None
    monkeypatch.undo()
    monkeypatch.setattr(tokens, "toktok", None)
    slow = Tokenizer(name, assets)
    assert slow._toktok_count is None
    assert slow.count(tokens._CHECK_TEXT) == tokens._PROOFS[name].check_count


CLASSES = [r"\p{L}", r"\p{N}", r"\s", r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"]


def test_both_class_what_toktok_counts_alike() -> None:
    """toktok's classes are those of a Unicode version between tiktoken's and that of `regex`."""
    every = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    counted = {one for one in every if not tokens._NOT_FOR_TOKTOK.match(one)}
    assert len(counted) > 120_000

    def matches(pattern: str) -> set[str]:
        ranks = {bytes([byte]): byte for byte in range(256)}
        encoding = tiktoken.Encoding("probe", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
        return set(encoding.decode(encoding.encode_ordinary(every))) & counted

    for pattern in CLASSES:
        assert matches(pattern) == set(regex.findall(pattern, every)) & counted
    assert matches("(?i:[sdmtrevl])") == set("sdmtrevlSDMTREVL")


CONTEXTS = ["a{}B b", "{0}{0}12 .{0}'s", "\n {0} {0}\n{0}/", "{0}'lL A{0}'Ve"]


@pytest.mark.slow
def test_every_character_counts_alike(fast: Tokenizer) -> None:
    characters = [chr(code) for code in range(0x110000)]
    characters = [one for one in characters if not tokens._NOT_FOR_TOKTOK.match(one)]
    assert len(characters) > 120_000
    for context in CONTEXTS:
        assert _differ(fast, map(context.format, characters)) == []


@pytest.mark.slow
def test_every_token_counts_alike(fast: Tokenizer) -> None:
    words = [token.decode("utf-8", "replace") for token in fast._encoding._mergeable_ranks]
    for context in ["{}", "{0}{0}", "A{}'s", "a{}b", "1 {}\n"]:
        assert _differ(fast, map(context.format, words)) == []


PARTS: list[Callable[[Random], str]] = [
    lambda random: "".join(random.choices("abcxyzABCXYZ", k=random.randint(1, 8))),
    lambda random: "".join(random.choices("     \t\n\r", k=random.randint(1, 6))),
    lambda random: "".join(random.choices("\x0b\x0c\x1c\x85\xa0\u1680\u2003\u2028\u3000\u200b\ufeff ", k=2)),
    lambda random: "".join(random.choices("0123456789", k=random.randint(1, 9))),
    lambda random: "".join(
        random.choices(".,;:!?-_/\\()[]{}\"'`~@#$%^&*+=|<>§«»–—…", k=random.randint(1, 4))
    ),
    lambda random: random.choice(CONTRACTIONS),
    lambda random: random.choice("\u0301\u0327\u0345\u093e\u094d\u0e31\u200d\ufe0f\u20e3\U000e0101"),
    lambda random: random.choice("🙂👍🏽👨🇫🇷❤🚀中文字日本한국어のéÀßıİKÅǅʰªºⅷ½²٣৩①〇Ⅷ𝔘𝒷𐐀𐐨"),
    lambda random: random.choice(
        ["\r\n", "\n\r", "\n\n", "/\n", "<|endoftext|>", "<|im_start|>", "<|", "|>"]
    ),
    lambda random: chr(random.choice([random.randrange(0x300), random.randrange(0x3000)])),
    lambda random: chr(random.choice([random.randrange(0x10000), random.randrange(0x110000)])),
]


@pytest.mark.slow
def test_half_a_million_random_texts_count_alike(fast: Tokenizer) -> None:
    """Half a million for each of the two encodings."""
    random = Random(0)
    texts = (
        "".join(random.choice(PARTS)(random) for _ in range(random.randint(1, 8))) for _ in range(500_000)
    )
    assert _differ(fast, texts) == []


@pytest.mark.slow
def test_long_random_words_count_alike(fast: Tokenizer) -> None:
    random = Random(0)
    alphabets = [
        "abcdefghijklmnop",
        "abAB",
        "абвгдежз",
        "中文字符测试",
        "aé中🙂\u0301",
        "01a",
        "-_=",
        " \n\t",
    ]
    texts = ("".join(random.choices(alphabet, k=100_000)) for alphabet in alphabets for _ in range(5))
    assert _differ(fast, texts) == []
