"""Content words: a text without its stop words."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.lang.en.stop_words import STOP_WORDS

from pipeline.core.errors import MemcurateError
from pipeline.text import stop_words as stop_words_module
from pipeline.text.content_words import content_words
from pipeline.text.stop_words import stop_words, use_stop_words, write_stop_words

TEXTS = st.lists(st.sampled_from(["The", "owls", "owl", "was", "glass", "is", "élans", "3", "-"])).map(
    " ".join
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The owl sleeps in a barn.", {"owl", "sleep", "barn"}),
        ("Owls, OWLS and an owl", {"owl"}),
        ("the bus", {"bus"}),  # a short word keeps its s
        ("it is what it was", set()),
        ("", set()),
    ],
)
def test_stop_words_and_plurals_are_removed(text: str, expected: set[str]) -> None:
    assert content_words(text) == expected


@given(TEXTS, TEXTS)
def test_content_words_of_two_texts_are_those_of_each(one: str, other: str) -> None:
    assert content_words(f"{one} {other}") == content_words(one) | content_words(other)
    assert content_words(one.upper()) == content_words(one)


def test_the_lists_are_spacys_own() -> None:
    assert stop_words("en") == STOP_WORDS
    assert {"dans", "nous"} <= stop_words("fr")


def test_lists_take_the_place_of_spacys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an exported environment; without a list and without spaCy, the error names the package."""
    monkeypatch.setattr(stop_words_module, "_folders", [])
    write_stop_words("en", tmp_path)
    stop_words.cache_clear()
    monkeypatch.setattr(stop_words_module, "find_spec", lambda name: None)
    with pytest.raises(MemcurateError, match="`pip install spacy`"):
        stop_words("en")
    use_stop_words(tmp_path)
    assert stop_words("en") == STOP_WORDS
    (tmp_path / "en.txt").write_text("the\n", encoding="utf-8")
    stop_words.cache_clear()
    assert stop_words("en") == {"the"}
    stop_words.cache_clear()
