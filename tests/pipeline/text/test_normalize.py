"""Text normalization and whole-word containment, in any script."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.text.normalize import (
    comparison_key,
    contains_normalized,
    fold_case,
    normalize_text,
    occurs_in,
    words,
)

# Few characters, so that answers do stand in texts: letters, marks, and what folds to more characters.
LITTLE = st.text("ab1_é .-'\nßİ", max_size=12)
MARKED = st.text("ae\u0301\u0323कि्\u200d 각ก็中.İﬁＡ", max_size=10)


@given(text=LITTLE, answer=LITTLE.filter(bool))
@example("The owl's barn, the barn", "barn")
@example("ba a a", "a a")
@example("aab ab", "ab")
@example("a.a", "a")
@example("x", ".")
def test_containment_agrees_with_a_pattern(text: str, answer: str) -> None:
    """Whole words: no letter, digit or underscore beside it, whatever it begins and ends with itself."""
    wanted = normalize_text(answer)
    text = normalize_text(text)
    pattern = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)")
    assert contains_normalized(text, answer) == bool(wanted and pattern.search(text))


@given(before=LITTLE, answer=LITTLE, after=LITTLE)
def test_text_between_spaces_is_contained(before: str, answer: str, after: str) -> None:
    text = f"{before} {answer} {after}"
    assert occurs_in(answer, text) == bool(answer.strip())
    assert occurs_in(answer.upper(), text.casefold()) == bool(answer.strip())


@pytest.mark.parametrize(
    ("answer", "text", "expected"),
    [
        ("a Barn", "It lives in A\n  barn.", True),
        ("STRASSE", "in der Straße", True),
        ("barn", "the barnyard and the _barn_", False),
        ("$18", "for $18.50 and 18", True),
        ("$18", "for US$18", False),
        ("", "anything", False),
        (" \n", "any thing", False),
    ],
)
def test_an_answer_is_contained_as_whole_words(answer: str, text: str, expected: bool) -> None:
    assert occurs_in(answer, text) == expected


NFC_AND_NFD = ["café", "Ångström", "한국어 단어", "Ελλάδα", "Việt Nam", "Йод", "ガギグ", "क़लम"]


@pytest.mark.parametrize("text", NFC_AND_NFD)
def test_composed_and_decomposed_texts_are_equal(text: str) -> None:
    one, other = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert words(one) == words(other)
    assert comparison_key(one) == comparison_key(other)
    assert occurs_in(one, f"x {other}, x")
    assert occurs_in(other, f"x {one}, x")
    assert not occurs_in(other[:1], other[:-1]) or " " in other


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("हिन्दी में, की कि", ["हिन्दी", "में", "की", "कि"]),
        ("தமிழ் மொழி", ["தமிழ்", "மொழி"]),
        ("قَالَ مُحَمَّدٌ: نعم", ["قَالَ", "مُحَمَّدٌ", "نعم"]),
        ("می‌خواهم برو‌, x", ["می‌خواهم", "برو", "x"]),  # the second joiner joins nothing
        ("กำลัง ที่", ["กำลัง", "ที่"]),
        ("cafe\u0301s", ["cafés"]),
        ("ＡＢＣ　１２３", ["abc", "123"]),
        ("ﬁve ﷲ", ["five", "الله"]),
        ("Straße STRASSE ẞ", ["strasse", "strasse", "ss"]),
        ("İstanbul istanbul", ["istanbul", "istanbul"]),
        ("10² m, 2½", ["10²", "m", "2½"]),
        ("❤️ 1️⃣ it's", ["1", "it", "s"]),
    ],
)
def test_words_in_any_script(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("कि", "की"), ("ที่", "ทั้"), ("مَن", "مِن"), ("தி", "தீ"), ("10²", "102"), ("resume", "résumé"), ("か", "が")],
)
def test_different_words_have_different_keys(one: str, other: str) -> None:
    assert comparison_key(one) != comparison_key(other)
    assert not occurs_in(one, other)


@pytest.mark.parametrize(
    ("answer", "text", "expected"),
    [
        ("हिन्दी", "वह हिन्दी बोलता है।", True),
        ("हिन्द", "वह हिन्दी बोलता है।", False),
        ("caf", "cafe\u0301", False),
        ("กรุงเทพ", "เมืองหลวงคือกรุงเทพมหานคร", True),
        ("ท", "ที่", False),
        ("东京", "首都是东京。", True),
        ("2020", "于2020年", True),
        ("20", "于2020年", False),
        ("東京", "東京オリンピック", True),
        ("Rome", "❤️Rome", True),
        ("서울", "서울은", False),
        ("abc", "ＡＢＣ", True),
        ("Istanbul", "İSTANBUL", True),
    ],
)
def test_containment_in_any_script(answer: str, text: str, expected: bool) -> None:
    assert occurs_in(answer, text) == expected


@given(MARKED | st.text())
def test_folding_is_idempotent(text: str) -> None:
    assert fold_case(fold_case(text)) == fold_case(text)
    assert normalize_text(normalize_text(text)) == normalize_text(text)
    for form in ("NFC", "NFD"):
        assert normalize_text(unicodedata.normalize(form, text)) == normalize_text(text)


@given(MARKED, MARKED)
def test_any_text_is_contained_in_itself_between_spaces(answer: str, text: str) -> None:
    assert occurs_in(answer, f"{text} {answer} {text}") == bool(normalize_text(answer))


@given(MARKED | st.text())
def test_the_words_hold_all_letters_of_a_text(text: str) -> None:
    letters = [letter for letter in fold_case(text) if letter.isalnum() or letter == "_"]
    assert [letter for word in words(text) for letter in word if letter.isalnum() or letter == "_"] == letters
