"""When two texts are the same, and when one stands in another."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.text.normal import holds, normalised, stands_in

# Few characters, so that answers do stand in texts: letters, marks, and what folds to more characters.
LITTLE = st.text("ab1_é .-'\nßİ\u0301", max_size=12)


@given(text=LITTLE | st.text(), answer=LITTLE.filter(bool) | st.text(min_size=1))
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
