"""The geometry of the figures: all within their drawings, lines broken where nothing was played."""

from collections import Counter

from tests.training.report.making import CONTAINS, HOSTILE, made_tables
from training.report.figures import DASHES, MARKS, fates, length_panels, panels, series, short
from training.report.standings import standings


def test_a_panel_for_the_average_and_each_source() -> None:
    test = made_tables(models=["tiny"])[0]
    average, hostile, books = panels(test, standings(test, CONTAINS))
    assert [panel.source for panel in (average, hostile, books)] == ["average", HOSTILE, "books"]
    assert (books.instances, books.questions, average.questions) == (3, 12, 24)
    assert [dot.method for dot in hostile.dots] == ["scripted", "bm25_chunks", "empty_memory", "long_context"]
    assert [dot.apart for dot in hostile.dots] == [False, False, False, True]
    for panel in (average, hostile, books):
        assert all(0 <= dot.low <= dot.x <= dot.high <= 100 for dot in panel.dots)


def test_lines_go_over_equal_steps() -> None:
    tables = made_tables()
    of = series(tables[1:], standings(tables[0], CONTAINS))
    small, books = length_panels(tables, of)
    assert [point.x for point in books.lines[0].points] == [16.7, 50.0, 83.3]
    assert [point.y for point in books.lines[0].points] == [25.0] * 3
    assert [len(line.strokes) for line in books.lines] == [2] * 4
    assert [len(line.strokes) for line in small.lines] == [1] * 4


def test_a_line_is_broken_where_nothing_was_played() -> None:
    tables = made_tables()
    del tables[1].cells["scripted"]["books"]
    of = series(tables[1:], standings(tables[0], CONTAINS))
    line = length_panels(tables, of)[1].lines[0]
    assert (len(line.points), line.strokes) == (2, [])


def test_lines_look_different() -> None:
    methods = [f"model_{number}" for number in range(30)]
    test = made_tables(models=methods, lengths=())[0]
    looks = {(one.colour, one.mark, one.dash) for one in series([test], standings(test, CONTAINS))}
    assert len(looks) == len(MARKS) * DASHES == 30


def test_bars_of_calls() -> None:
    assert [(fate.text, fate.share) for fate in fates(Counter({"b": 1, "a": 1, "valid": 9998}))] == [
        ("valid", 99.98),
        ("a", 0.01),
        ("b", 0.01),
    ]
    assert all(fate.width > 0.5 for fate in fates(Counter({"valid": 9999, "a": 1})))
    assert fates(Counter()) == []


def test_lengths_in_few_letters() -> None:
    assert [short(length) for length in (None, 1000, 30_000, 400_000, 1_500_000)] == [
        *("test", "1K", "30K", "400K", "1.5M")
    ]
