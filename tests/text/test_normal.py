"""When two texts are the same, and when one stands in another, in any script."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.text.normal import folded, holds, normalised, same_words, stands_in, words

# Few characters, so that answers do stand in texts: letters, marks, and what folds to more characters.
LITTLE = st.text("ab1_é .-'\nßİ", max_size=12)
MARKED = st.text("ae\u0301\u0323कि्\u200d 각ก็中.İﬁＡ", max_size=10)


@given(text=LITTLE, answer=LITTLE.filter(bool))
@example("The owl's barn, the barn", "barn")
@example("ba a a", "a a")
@example("aab ab", "ab")
@example("a.a", "a")
@example("x", ".")
def test_holds_is_what_a_pattern_finds(text: str, answer: str) -> None:
    """Whole words: no letter, digit or underscore beside it, whatever it begins and ends with itself."""
    wanted = normalised(answer)
    text = normalised(text)
    pattern = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)")
    assert holds(text, answer) == bool(wanted and pattern.search(text))


@given(before=LITTLE, answer=LITTLE, after=LITTLE)
def test_what_stands_between_spaces_is_held(before: str, answer: str, after: str) -> None:
    text = f"{before} {answer} {after}"
    assert stands_in(answer, text) == bool(answer.strip())
    assert stands_in(answer.upper(), text.casefold()) == bool(answer.strip())


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
def test_an_answer_stands_in_a_text(answer: str, text: str, expected: bool) -> None:
    assert stands_in(answer, text) == expected


NFC_AND_NFD = ["café", "Ångström", "한국어 단어", "Ελλάδα", "Việt Nam", "Йод", "ガギグ", "क़लम"]


@pytest.mark.parametrize("text", NFC_AND_NFD)
def test_composed_and_decomposed_are_one(text: str) -> None:
    one, other = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert words(one) == words(other)
    assert same_words(one) == same_words(other)
    assert stands_in(one, f"x {other}, x")
    assert stands_in(other, f"x {one}, x")
    assert not stands_in(other[:1], other[:-1]) or " " in other


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
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("कि", "की"), ("ที่", "ทั้"), ("مَن", "مِن"), ("தி", "தீ"), ("10²", "102"), ("resume", "résumé"), ("か", "が")],
)
def test_different_words_are_not_one(one: str, other: str) -> None:
    assert same_words(one) != same_words(other)
    assert not stands_in(one, other)


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
def test_an_answer_stands_in_a_text_of_any_script(answer: str, text: str, expected: bool) -> None:
    assert stands_in(answer, text) == expected


@given(MARKED | st.text())
def test_folded_once_is_folded(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert normalised(normalised(text)) == normalised(text)
    for form in ("NFC", "NFD"):
        assert normalised(unicodedata.normalize(form, text)) == normalised(text)


@given(MARKED, MARKED)
def test_any_text_stands_in_itself_between_spaces(answer: str, text: str) -> None:
    assert stands_in(answer, f"{text} {answer} {text}") == bool(normalised(answer))


@given(MARKED | st.text())
def test_words_hold_all_letters_of_a_text(text: str) -> None:
    letters = [letter for letter in folded(text) if letter.isalnum() or letter == "_"]
    assert [letter for word in words(text) for letter in word if letter.isalnum() or letter == "_"] == letters
