"""The geometry of the charts: marks stay in their drawing, and lines break where there is no score."""

from collections import Counter

from tests.training.evaluation.report.factories import EXTRACTIVE, HOSTILE_SOURCE, make_tables
from training.evaluation.report.charts import (
    DASHES,
    MARKS,
    assign_series_styles,
    build_dot_panels,
    build_line_panels,
    build_outcome_bars,
    format_length,
)
from training.evaluation.report.leaderboard import build_leaderboard


def test_there_is_a_panel_for_the_average_and_each_source() -> None:
    test = make_tables(models=["tiny"])[0]
    average, hostile, books = build_dot_panels(test, build_leaderboard(test, EXTRACTIVE))
    assert [panel.source for panel in (average, hostile, books)] == ["average", HOSTILE_SOURCE, "books"]
    assert (books.instances, books.questions, average.questions) == (3, 12, 24)
    assert [dot.method for dot in hostile.dots] == ["scripted", "bm25_chunks", "empty_memory", "long_context"]
    assert [dot.is_upper_bound for dot in hostile.dots] == [False, False, False, True]
    for panel in (average, hostile, books):
        assert all(0 <= dot.ci_low <= dot.x <= dot.ci_high <= 100 for dot in panel.dots)


def test_lengths_are_drawn_at_equal_distances() -> None:
    tables = make_tables()
    styles = assign_series_styles(tables[1:], build_leaderboard(tables[0], EXTRACTIVE))
    small, books = build_line_panels(tables, styles)
    assert [point.x for point in books.lines[0].points] == [16.7, 50.0, 83.3]
    assert [point.y for point in books.lines[0].points] == [25.0] * 3
    assert [len(line.strokes) for line in books.lines] == [2] * 4
    assert [len(line.strokes) for line in small.lines] == [1] * 4


def test_a_line_is_broken_where_a_length_has_no_score() -> None:
    tables = make_tables()
    del tables[1].cells["scripted"]["books"]
    styles = assign_series_styles(tables[1:], build_leaderboard(tables[0], EXTRACTIVE))
    line = build_line_panels(tables, styles)[1].lines[0]
    assert (len(line.points), line.strokes) == (2, [])


def test_thirty_methods_have_different_styles() -> None:
    methods = [f"model_{number}" for number in range(30)]
    test = make_tables(models=methods, lengths=())[0]
    looks = {
        (one.colour, one.mark, one.dash)
        for one in assign_series_styles([test], build_leaderboard(test, EXTRACTIVE))
    }
    assert len(looks) == len(MARKS) * DASHES == 30


def test_outcome_bars_are_sorted_and_visible() -> None:
    assert [
        (bar.text, bar.percent) for bar in build_outcome_bars(Counter({"b": 1, "a": 1, "valid": 9998}))
    ] == [
        ("valid", 99.98),
        ("a", 0.01),
        ("b", 0.01),
    ]
    assert all(bar.width > 0.5 for bar in build_outcome_bars(Counter({"valid": 9999, "a": 1})))
    assert build_outcome_bars(Counter()) == []


def test_lengths_are_written_in_few_letters() -> None:
    assert [format_length(length) for length in (None, 1000, 30_000, 400_000, 1_500_000)] == [
        *("test", "1K", "30K", "400K", "1.5M")
    ]
