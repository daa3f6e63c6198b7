"""The page of the evaluation: well-formed, loading nothing, true to its tables; text stays text."""

import re
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest

from pipeline.text.visible import visible
from tests.graph.project import tree
from tests.report.test_page import LOADING, Page
from tests.training.report.making import CONTAINS, HOSTILE, LOCAL, METHODS, TURNED, made_episode, made_tables
from training.report.page import page, write_report
from training.summary import Summary, Table


@pytest.fixture(scope="module")
def html() -> str:
    return page(made_tables(models=["tiny"]), CONTAINS)


@pytest.fixture(scope="module")
def read(html: str) -> Page:
    return Page(html)


def section(html: str, name: str) -> str:
    """A section of the page."""
    return html[html.index(f'<section id="{name}">') :].partition("</section>")[0]


def rows(html: str) -> list[list[str]]:
    """Method, and what stands in the cells after it, without marks of their own."""
    found = re.findall(r'<tr><th scope="row">(.*?)</tr>', html)
    return [[re.sub(r"<[^>]+>", " ", cell).strip() for cell in re.split(r"<td[^>]*>", row)] for row in found]


def test_it_is_well_formed_and_loads_nothing(html: str, read: Page) -> None:
    assert html.startswith("<!doctype html>\n")
    ids = {f"#{attrs['id']}" for _, attrs in read.tags if "id" in attrs}
    loading = [(name, value) for _, attrs in read.tags for name, value in attrs.items() if name in LOADING]
    assert loading and {name for name, _ in loading} == {"href"}
    assert {value for _, value in loading} == ids
    assert not {"script", "img", "iframe", "object", "use"} & {tag for tag, _ in read.tags}
    assert not [name for _, attrs in read.tags for name in attrs if name.startswith("on")]
    policy = [attrs["content"] for _, attrs in read.tags if attrs.get("http-equiv")]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert "url(" not in "".join(read.texts["style"])


def test_what_the_data_says_stays_text(html: str, read: Page) -> None:
    assert "<script" not in html
    assert "<img" not in html
    assert HOSTILE in read.texts["th"]
    assert visible(TURNED) in read.texts["th"]
    assert "\u202e" not in html
    assert LOCAL.model in Page(page(made_tables(), LOCAL)).texts["bdi"]


def test_a_ceiling_is_not_ranked_and_comes_last(html: str) -> None:
    scores = rows(section(html, "scores"))
    assert [row[:2] for row in scores] == [
        ["scripted", "1"],
        ["tiny", "2"],
        ["bm25_chunks", "3"],
        ["empty_memory", "4"],
        ["long_context  ceiling", "–"],
    ]
    assert "it is a ceiling" in html


@pytest.mark.parametrize("by", ["local", "endpoint"])
def test_where_a_model_answers_all_are_ranked(by: str) -> None:
    html = page(made_tables(), LOCAL.model_copy(update={"by": by}))
    scores = rows(section(html, "scores"))
    assert [row[:2] for row in scores] == [
        ["long_context", "1"],
        ["scripted", "2"],
        ["bm25_chunks", "3"],
        ["empty_memory", "4"],
    ]
    assert "ceiling" not in html.partition("</style>")[2]
    assert "at most 512 tokens" in html


def test_methods_of_one_average_share_a_rank() -> None:
    html = page(made_tables(models=["tiny", "alike"]), CONTAINS)
    ranks = {row[0]: row[1] for row in rows(section(html, "scores"))}
    assert (ranks["alike"], ranks["tiny"], ranks["bm25_chunks"]) == ("2", "2", "4")


def test_scores_stand_with_their_intervals(html: str) -> None:
    cell = made_tables()[0].cells["scripted"]["books"]
    row = next(row for row in rows(section(html, "scores")) if row[0] == "scripted")
    assert row[4].split() == ["0.750", f"{cell.low:.3f}–{cell.high:.3f}"]
    assert row[-1] == "1,200"


def test_a_method_that_played_less_is_told(html: str) -> None:
    assert "tiny played 1 instance only, fewer than others" in html
    tiny = next(row for row in rows(section(html, "scores")) if row[0] == "tiny")
    assert tiny[3] == "–"  # the source that it did not play


def test_margins_that_exclude_zero_are_marked() -> None:
    tables = made_tables()
    margins = {
        "scripted": (0.5, 0.1, 0.9),
        "empty_memory": (-0.25, -0.4, -0.1),
        "long_context": (0.0, -0.1, 0.1),
    }
    for method, margin in margins.items():
        row = tables[0].cells[method]
        row["books"] = replace(row["books"], margin=margin)
    shown = {row[0].split()[0]: row[3] for row in rows(section(page(tables, CONTAINS), "margins"))}
    assert shown["scripted"].split() == ["+0.500", "▲", ",", "better", "+0.100", "to", "+0.900"]
    assert shown["empty_memory"].split() == ["−0.250", "▼", ",", "worse", "−0.400", "to", "−0.100"]
    assert shown["long_context"].split() == ["0.000", "−0.100", "to", "+0.100"]
    assert set(shown) == set(METHODS) - {"bm25_chunks"}


def test_without_the_method_that_margins_are_over() -> None:
    tables = made_tables(lengths=())
    del tables[0].cells["bm25_chunks"]
    assert "bm25_chunks was not played." in section(page(tables, CONTAINS), "margins")


def test_rewards_of_those_that_write_memory(html: str) -> None:
    rewards = {row[0]: row[1:] for row in rows(section(html, "rewards"))}
    assert rewards["scripted"] == ["0.750", "0.750", "−0.200", "0.250", "1.500"]
    assert rewards["bm25_chunks"] == ["0.250", "–", "−0.200", "–", "1.500"]


def test_lengths(html: str, read: Page) -> None:
    lengths = section(html, "lengths")
    assert "too small for a length: &lt;script&gt;alert(1)&lt; (1.5M).</p>" in lengths
    table = [[cell.split(" ")[0] for cell in row] for row in rows(lengths)]
    assert table[0] == ["scripted", "0.750", "0.750", "–"]  # the small source
    assert table[7] == ["long_context", "1.000", "1.000", "1.000"]
    labels = [attrs["aria-label"] for tag, attrs in read.tags if tag == "svg" and "aria-label" in attrs]
    told = next(label for label in labels if label and label.startswith("books: "))
    assert "scripted test 0.750; scripted 30K 0.750; scripted 1.5M 0.750; bm25_chunks test 0.250" in told
    assert "tiny" not in told


def test_without_lengths() -> None:
    html = page(made_tables(lengths=()), CONTAINS)
    assert "No stretched instance was played." in html


def test_drawings_are_told_to_those_who_do_not_see_them(read: Page) -> None:
    drawings = [attrs for tag, attrs in read.tags if tag == "svg"]
    assert all(attrs.get("aria-hidden") == "true" or attrs.get("aria-label") for attrs in drawings)
    labels = [attrs["aria-label"] for attrs in drawings if "aria-label" in attrs]
    assert "long_context: 1.000, 95 % interval 1.000 to 1.000" in labels
    scrolling = [attrs for _, attrs in read.tags if attrs.get("class") == "scroll"]
    assert scrolling and all(attrs["tabindex"] == "0" and attrs["aria-label"] for attrs in scrolling)


def test_calls_by_what_became_of_them(html: str) -> None:
    calls = section(html, "calls")
    assert rows(calls.replace(' class="drop"', "").replace(' class="level"', ""))[:3] == [
        ["a placeholder", "12", "50.00%", ""],
        [escape(visible(TURNED)), "6", "25.00%", ""],
        ["valid", "6", "25.00%", ""],
    ]
    assert '<tr class="level"><th scope="row">valid</th>' in calls


def test_questions_for_a_judge_are_counted(html: str) -> None:
    assert rows(section(html, "judged")) == [[escape(HOSTILE), "3"], ["books", "3"]]


def test_nothing_measured_is_said() -> None:
    html = page([Table(None, "bm25_chunks", {}, {"books": 2}, {})], CONTAINS)
    assert "No question could be measured." in html
    assert "No method wrote a memory." in html


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        write_report(tmp_path / name, made_tables(), CONTAINS)
    assert tree(tmp_path / "one") == tree(tmp_path / "other")
    assert (tmp_path / "one/index.html").is_file()


def test_totals_are_compared_among_those_that_write_memory() -> None:
    """With a table that is over one of them; a baseline's total has no r2 and r4."""
    assert made_tables()[0].cells["scripted"]["books"].total_margin is None
    summary = Summary(200, 5, "warm_start")
    for method, total in (("warm_start", 1.0), ("trained", 1.25), ("bm25_chunks", 0.5)):
        for number in range(6):
            summary.add(replace(made_episode(method, "books", number), total=total + number / 100))
    table = summary.tables()[0]
    over = table.cells["trained"]["books"].total_margin
    assert over is not None and over == pytest.approx((0.25, 0.25, 0.25))
    assert table.cells["bm25_chunks"]["books"].total_margin is None
    shown = {row[0]: row[-1] for row in rows(section(page([table], CONTAINS), "rewards"))}
    assert shown["trained"].split()[0] == "+0.250" and shown["warm_start"] == "–" == shown["bm25_chunks"]
    assert "Margins over warm_start" in page([table], CONTAINS)
