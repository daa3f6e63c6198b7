"""The page of the evaluation: well-formed, without external resources, equal to its tables, escaped."""

import re
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest

from pipeline.core.printable import escape_hidden
from tests.integration.project import tree
from tests.pipeline.report.test_page import LOADING, Page, assert_policy_allows_its_style_alone
from tests.training.evaluation.report.factories import (
    EXTRACTIVE,
    HOSTILE_NOTE,
    HOSTILE_SOURCE,
    LOCAL,
    METHODS,
    make_episode,
    make_tables,
)
from training.evaluation.aggregate import EpisodeAggregator, ScoreTable
from training.evaluation.report.page import render_page, write_report
from training.memory.schema import MemoryMeasures


@pytest.fixture(scope="module")
def html() -> str:
    return render_page(make_tables(models=["tiny"]), EXTRACTIVE)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def find_section(html: str, name: str) -> str:
    """Return the HTML of a section of the page."""
    return html[html.index(f'<section id="{name}">') :].partition("</section>")[0]


def read_rows(html: str) -> list[list[str]]:
    """Return the rows of the tables in a part of the page: the method, then the texts of its cells."""
    found = re.findall(r'<tr><th scope="row">(.*?)</tr>', html)
    return [[re.sub(r"<[^>]+>", " ", cell).strip() for cell in re.split(r"<td[^>]*>", row)] for row in found]


def test_it_is_well_formed_and_loads_nothing(html: str, page: Page) -> None:
    assert html.startswith("<!doctype html>\n")
    ids = {f"#{attrs['id']}" for _, attrs in page.tags if "id" in attrs}
    loading = [(name, value) for _, attrs in page.tags for name, value in attrs.items() if name in LOADING]
    assert loading and {name for name, _ in loading} == {"href"}
    assert {value for _, value in loading} == ids
    assert not {"script", "img", "iframe", "object", "use"} & {tag for tag, _ in page.tags}
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert_policy_allows_its_style_alone(page)
    assert "url(" not in "".join(page.texts["style"])


def test_texts_of_the_data_stay_text(html: str, page: Page) -> None:
    assert "<script" not in html
    assert "<img" not in html
    assert HOSTILE_SOURCE in page.texts["th"]
    assert escape_hidden(HOSTILE_NOTE) in page.texts["th"]
    assert "\u202e" not in html
    assert LOCAL.model in Page(render_page(make_tables(), LOCAL)).texts["bdi"]


def test_an_upper_bound_has_no_rank_and_comes_last(html: str) -> None:
    scores = read_rows(find_section(html, "scores"))
    assert [row[:2] for row in scores] == [
        ["scripted", "1"],
        ["tiny", "2"],
        ["bm25_chunks", "3"],
        ["empty_memory", "4"],
        ["long_context  upper bound", "–"],
    ]
    assert "it is an upper bound" in html


@pytest.mark.parametrize("backend", ["local", "endpoint"])
def test_all_methods_are_ranked_where_a_model_answers(backend: str) -> None:
    html = render_page(make_tables(), LOCAL.model_copy(update={"backend": backend}))
    scores = read_rows(find_section(html, "scores"))
    assert [row[:2] for row in scores] == [
        ["long_context", "1"],
        ["scripted", "2"],
        ["bm25_chunks", "3"],
        ["empty_memory", "4"],
    ]
    assert "upper bound" not in html.partition("</style>")[2]
    assert "at most 512 tokens" in html


def test_methods_of_equal_average_share_a_rank() -> None:
    html = render_page(make_tables(models=["tiny", "alike"]), EXTRACTIVE)
    ranks = {row[0]: row[1] for row in read_rows(find_section(html, "scores"))}
    assert (ranks["alike"], ranks["tiny"], ranks["bm25_chunks"]) == ("2", "2", "4")


def test_scores_stand_with_their_intervals(html: str) -> None:
    cell = make_tables()[0].cells["scripted"]["books"]
    row = next(row for row in read_rows(find_section(html, "scores")) if row[0] == "scripted")
    assert row[4].split() == ["0.750", f"{cell.ci_low:.3f}–{cell.ci_high:.3f}"]
    assert row[-1] == "1,200"


def test_a_method_with_fewer_instances_is_named(html: str) -> None:
    assert "tiny was evaluated on 1 instance only, fewer than other methods" in html
    tiny = next(row for row in read_rows(find_section(html, "scores")) if row[0] == "tiny")
    assert tiny[3] == "–"  # the source without an episode of it


def test_differences_whose_interval_excludes_0_are_marked() -> None:
    tables = make_tables()
    deltas = {
        "scripted": (0.5, 0.1, 0.9),
        "empty_memory": (-0.25, -0.4, -0.1),
        "long_context": (0.0, -0.1, 0.1),
    }
    for method, delta in deltas.items():
        row = tables[0].cells[method]
        row["books"] = replace(row["books"], delta=delta)
    shown = {
        row[0].split()[0]: row[3]
        for row in read_rows(find_section(render_page(tables, EXTRACTIVE), "differences"))
    }
    assert shown["scripted"].split() == ["+0.500", "▲", ",", "better", "+0.100", "to", "+0.900"]
    assert shown["empty_memory"].split() == ["−0.250", "▼", ",", "worse", "−0.400", "to", "−0.100"]
    assert shown["long_context"].split() == ["0.000", "−0.100", "to", "+0.100"]
    assert set(shown) == set(METHODS) - {"bm25_chunks"}


def test_a_missing_reference_method_is_named() -> None:
    tables = make_tables(lengths=())
    del tables[0].cells["bm25_chunks"]
    assert "bm25_chunks was not evaluated." in find_section(render_page(tables, EXTRACTIVE), "differences")


def test_only_methods_that_write_memory_have_r2_and_r4(html: str) -> None:
    rewards = {row[0]: row[1:] for row in read_rows(find_section(html, "rewards"))}
    assert rewards["scripted"] == ["0.750", "0.750", "−0.200", "0.250", "1.500"]
    assert rewards["bm25_chunks"] == ["0.250", "–", "−0.200", "–", "1.500"]


def test_lengths_have_a_table_and_labelled_drawings(html: str, page: Page) -> None:
    lengths = find_section(html, "lengths")
    assert "too small for a length: &lt;script&gt;alert(1)&lt; (1.5M).</p>" in lengths
    table = [[cell.split(" ")[0] for cell in row] for row in read_rows(lengths)]
    assert table[0] == ["scripted", "0.750", "0.750", "–"]  # the small source
    assert table[7] == ["long_context", "1.000", "1.000", "1.000"]
    labels = [attrs["aria-label"] for tag, attrs in page.tags if tag == "svg" and "aria-label" in attrs]
    label = next(label for label in labels if label and label.startswith("books: "))
    assert "scripted test 0.750; scripted 30K 0.750; scripted 1.5M 0.750; bm25_chunks test 0.250" in label
    assert "tiny" not in label


def test_without_lengths_the_page_says_so() -> None:
    html = render_page(make_tables(lengths=()), EXTRACTIVE)
    assert "No concatenated instance was evaluated." in html


def test_drawings_have_labels_for_screen_readers(page: Page) -> None:
    drawings = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert all(attrs.get("aria-hidden") == "true" or attrs.get("aria-label") for attrs in drawings)
    labels = [attrs["aria-label"] for attrs in drawings if "aria-label" in attrs]
    assert "long_context: 1.000, 95 % interval 1.000 to 1.000" in labels
    scrolling = [attrs for _, attrs in page.tags if attrs.get("class") == "scroll"]
    assert scrolling and all(attrs["tabindex"] == "0" and attrs["aria-label"] for attrs in scrolling)


def test_calls_are_counted_by_their_outcome(html: str) -> None:
    calls = find_section(html, "calls")
    assert read_rows(calls.replace(' class="drop"', "").replace(' class="level"', ""))[:3] == [
        ["a placeholder", "12", "50.00%", ""],
        [escape(escape_hidden(HOSTILE_NOTE)), "6", "25.00%", ""],
        ["valid", "6", "25.00%", ""],
    ]
    assert '<tr class="level"><th scope="row">valid</th>' in calls


def test_questions_without_a_score_are_counted(html: str) -> None:
    assert read_rows(find_section(html, "unscored")) == [[escape(HOSTILE_SOURCE), "3"], ["books", "3"]]


def test_a_page_without_scores_says_so() -> None:
    html = render_page([ScoreTable(None, "bm25_chunks", {}, {"books": 2}, {})], EXTRACTIVE)
    assert "No question could be scored." in html
    assert "No method writes a memory." in html


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        write_report(tmp_path / name, make_tables(), EXTRACTIVE)
    assert tree(tmp_path / "one") == tree(tmp_path / "other")
    assert (tmp_path / "one/index.html").is_file()


def test_totals_are_compared_only_among_methods_that_write_memory() -> None:
    """A baseline's total has no r2 and r4."""
    assert make_tables()[0].cells["scripted"]["books"].total_delta is None
    aggregator = EpisodeAggregator(200, 5, "warm_start")
    for method, total in (("warm_start", 1.0), ("trained", 1.25), ("bm25_chunks", 0.5)):
        for number in range(6):
            aggregator.add(replace(make_episode(method, "books", number), total=total + number / 100))
    table = aggregator.build_tables()[0]
    delta = table.cells["trained"]["books"].total_delta
    assert delta is not None and delta == pytest.approx((0.25, 0.25, 0.25))
    assert table.cells["bm25_chunks"]["books"].total_delta is None
    shown = {row[0]: row[-1] for row in read_rows(find_section(render_page([table], EXTRACTIVE), "rewards"))}
    assert shown["trained"].split()[0] == "+0.250" and shown["warm_start"] == "–" == shown["bm25_chunks"]
    assert "Differences from warm_start" in render_page([table], EXTRACTIVE)


def test_kinds_and_memories_have_sections_where_there_are_any(html: str) -> None:
    assert 'id="kinds"' not in html and 'id="memory"' not in html
    aggregator = EpisodeAggregator(100, 5, "bm25_chunks")
    for method in ("scripted", "empty_memory"):
        episode = make_episode(method, HOSTILE_SOURCE, 0)
        for answer in episode.answers:
            answer.kind, answer.wrong_answers = HOSTILE_SOURCE, ["Rome"]
        if method == "scripted":
            episode.measures = [MemoryMeasures(0.5, None, 1.0, 0.25, 10)]
        aggregator.add(episode)
    page = render_page(aggregator.build_tables(), EXTRACTIVE)
    assert "<script" not in page
    ((kind, questions, scripted, empty),) = read_rows(find_section(page, "kinds"))
    assert kind.startswith(escape(HOSTILE_SOURCE)) and kind.endswith("with wrong answers")
    assert (questions, scripted[:5], empty[:5]) == ("4", "0.750", "0.000")
    (row,) = read_rows(find_section(page, "memory"))
    assert row == ["scripted", escape(HOSTILE_SOURCE), "0.500", "–", "1.000", "0.250", "10"]


def test_capacities_are_drawn_by_source_and_on_average(html: str) -> None:
    assert 'id="capacities"' not in html
    table = make_tables(lengths=())[0]
    page = render_page([table], EXTRACTIVE, {0.0625: table, 0.25: table, 1: table})
    section = find_section(page, "capacities")
    assert section.count("<figure>") == 1 + len(table.sources)
    assert all(f"<span>{tick}</span>" in section for tick in ("1/16", "1/4", "1"))
    rows = read_rows(section)
    assert len(rows) == len(METHODS) * (1 + len(table.sources))
    assert rows[0][0] == "scripted" and [cell[:5] for cell in rows[0][1:]] == ["0.750"] * 3
    assert "scripted 1/16 0.750; scripted 1/4 0.750" in section
