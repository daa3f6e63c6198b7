"""The page of the evaluation in a real browser: nothing overflows, and it keeps its policy."""

from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.pipeline.report.test_browser import CHROMIUM, list_violations, measure_page
from tests.training.evaluation.report.factories import EXTRACTIVE, METHODS, make_episode, make_tables
from training.evaluation.aggregate import EpisodeAggregator
from training.evaluation.report.page import render_page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed: apt-get install chromium"),
]

LONG = "a_model_with_a_name_that_is_longer_than_a_telephone_is_wide"


@pytest.fixture(scope="module")
def html() -> str:
    return render_page(make_tables(models=["tiny", LONG]), EXTRACTIVE)


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_overflows_the_window(html: str, tmp_path: Path, width: int) -> None:
    window, content, colour = measure_page(html, tmp_path, width)
    assert window == width
    assert content <= width
    assert min(colour) > 200


def test_the_dark_scheme_is_dark(html: str, tmp_path: Path) -> None:
    _, _, colour = measure_page(html, tmp_path, 1280, "--blink-settings=preferredColorScheme=0")
    assert max(colour) < 60


def test_the_page_keeps_its_policy(html: str, tmp_path: Path) -> None:
    assert list_violations(html, tmp_path) == []


def test_every_source_has_its_column_at_1280_pixels() -> None:
    """The page has the sources of the starter set; on a telephone their columns are scrolled to."""
    aggregator = EpisodeAggregator(200, 5, "bm25_chunks")
    sources = "banking77 chitchat gutenberg hotpotqa_dev longmemeval squad_dev trec_coarse trec_fine".split()
    for method in METHODS:
        for source in sources:
            for number in range(2):
                aggregator.add(make_episode(method, source, number))
    hidden = "[...document.querySelectorAll('.scroll')].map((one) => one.scrollWidth - one.clientWidth)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_content(render_page(aggregator.build_tables(), EXTRACTIVE))
        assert set(page.evaluate(hidden)) == {0}
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        page.set_viewport_size({"width": 360, "height": 900})
        assert max(page.evaluate(hidden)) > 100
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        browser.close()
