"""The parts of the report: funnels, bins, marked texts and draws, over many inputs."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import MemcurateError
from pipeline.report.distributions import MAX_BINS, Measure, bins
from pipeline.report.examples import Drawn
from pipeline.report.figures import HEIGHT, WIDTH, histogram, rows
from pipeline.report.funnel import funnel
from pipeline.report.texts import marked
from pipeline.text.visible import visible

Drops = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 400)), min_size=3, max_size=3
)


@given(st.integers(0, 500), Drops)
def test_a_funnel_falls_like_steps(final: int, drops: list[dict[str, int]]) -> None:
    counts = [final]
    for dropped in reversed(drops):
        counts.insert(0, counts[0] + sum(dropped.values()))
    lines = rows(funnel("made", "questions", counts, drops))
    assert (lines[0].count, lines[-1].count) == (counts[0], final)
    assert sum(line.count for line in lines if line.stage) == counts[0] - final
    assert all(line.x >= 0 and line.x + line.width <= WIDTH for line in lines)
    assert all((line.width > 0) == (line.count > 0) for line in lines)
    left = counts[0]
    for line in lines:
        left -= line.count if line.stage else 0
        assert line.stage or line.count == left


@given(st.integers(1, 50), st.integers(0, 2), st.integers(-50, 50).filter(bool))
def test_a_funnel_that_does_not_add_up_is_an_error(final: int, level: int, off: int) -> None:
    counts = [final + 100] * 4
    counts[level] += off
    with pytest.raises(MemcurateError, match="different builds"):
        funnel("made", "questions", counts, [{}, {}, {}])


@given(st.lists(st.lists(st.integers(0, 3000)), min_size=1, max_size=3))
def test_bins_hold_every_value_once(values: list[list[int]]) -> None:
    counted = [Counter(some) for some in values]
    shared = bins(Measure("made", "Made", ""), counted)
    assert 1 <= shared.count <= MAX_BINS
    assert str(shared.width).strip("0") in {"1", "2", "5"}
    for some, counts in zip(values, counted, strict=True):
        expected = [sum(shared.low(n) <= v < shared.low(n + 1) for v in some) for n in range(shared.count)]
        assert shared.counted(counts) == expected
        drawn = histogram(counts, shared)
        assert len(drawn.bars) == sum(map(bool, expected))
        assert all(bar.y >= 0 and bar.y + bar.height == HEIGHT and bar.height > 0 for bar in drawn.bars)


def test_values_past_the_last_bin_share_it() -> None:
    shared = bins(Measure("made", "Made", "", 1, 20), [Counter([1, 20, 21, 400])])
    assert (shared.count, shared.label(0), shared.label(19)) == (20, "1", "20 or more")
    assert shared.counted(Counter([1, 20, 21, 400])) == [1, *[0] * 18, 3]
    assert bins(Measure("made", "Made", "", 1, 20), [Counter([20])]).label(19) == "20"


@given(st.text(max_size=80), st.lists(st.text(max_size=6), max_size=3))
def test_pieces_are_the_text(text: str, answers: list[str]) -> None:
    pieces = marked(text, answers, 1000)
    assert "".join(piece.text for piece in pieces) == text
    wanted = {answer.strip() for answer in answers}
    for piece in pieces:
        assert not piece.gold or any(len(piece.text) == len(one) for one in wanted)


def test_answers_are_marked_as_whole_words() -> None:
    pieces = marked("Paris, not Parisian or Europaris; PARIS", ["Paris"], 1000)
    assert [(piece.text, piece.gold) for piece in pieces] == [
        ("Paris", True),
        (", not Parisian or Europaris; ", False),
        ("PARIS", True),
    ]


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_long_text_is_cut_around_the_answer(before: int, after: int) -> None:
    text = "word " * before + "Paris" + " word" * after
    pieces = marked(text, ["Paris"], 500)
    assert [piece.text for piece in pieces if piece.gold] == ["Paris"]
    shown = "".join(piece.text for piece in pieces)
    assert len(shown) <= 500 + len("…  …")
    assert set(shown.split()) <= {"…", "word", "Paris"}  # no word is cut in two


@given(st.text())
def test_what_is_shown_hides_nothing(text: str) -> None:
    shown = visible(text)
    assert not set(shown) & set("\x00\x1b\u202e\u2066\u200f\ud800")
    shown.encode("utf-8")


@given(st.lists(st.text(max_size=4), unique=True))
def test_draws_do_not_depend_on_the_order(names: list[str]) -> None:
    drawn = []
    for order in (names, sorted(names), sorted(names, reverse=True)):
        one: Drawn[str] = Drawn(20, 2)
        for name in order:
            one.offer(("source", "cloze"), name, name)
        drawn.append(one.by_group())
    assert drawn[0] == drawn[1] == drawn[2]
    assert all(count == len(names) and len(items) == min(2, count) for _, count, items in drawn[0])
