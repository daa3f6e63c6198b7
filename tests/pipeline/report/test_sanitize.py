"""Texts of the data: truncated around gold answers, which are marked, without hidden characters."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.printable import escape_hidden
from pipeline.report.sanitize import highlight_answers


@given(st.text(max_size=80), st.lists(st.text(max_size=6), max_size=3))
def test_the_pieces_joined_are_the_text(text: str, answers: list[str]) -> None:
    pieces = highlight_answers(text, answers, 1000)
    assert "".join(piece.text for piece in pieces) == text
    stripped = {answer.strip() for answer in answers}
    for piece in pieces:
        assert not piece.is_gold or any(len(piece.text) == len(one) for one in stripped)


def test_answers_are_marked_as_whole_words() -> None:
    pieces = highlight_answers("Paris, not Parisian or Europaris; PARIS", ["Paris"], 1000)
    assert [(piece.text, piece.is_gold) for piece in pieces] == [
        ("Paris", True),
        (", not Parisian or Europaris; ", False),
        ("PARIS", True),
    ]


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_long_text_is_truncated_around_the_answer(before: int, after: int) -> None:
    text = "word " * before + "Paris" + " word" * after
    pieces = highlight_answers(text, ["Paris"], 500)
    assert [piece.text for piece in pieces if piece.is_gold] == ["Paris"]
    shown = "".join(piece.text for piece in pieces)
    assert len(shown) <= 500 + len("…  …")
    assert set(shown.split()) <= {"…", "word", "Paris"}  # no word is cut in two


@given(st.text())
def test_hidden_characters_are_escaped(text: str) -> None:
    shown = escape_hidden(text)
    assert not set(shown) & set("\x00\x1b\u202e\u2066\u200f\ud800")
    shown.encode("utf-8")
