"""The page of the evaluation in a real browser: nothing stands over the edge, and dark is dark."""

from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.report.test_browser import CHROMIUM, seen
from tests.training.report.making import CONTAINS, METHODS, made_episode, made_tables
from training.report.page import page
from training.summary import Summary

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed: apt-get install chromium"),
]

LONG = "a_model_with_a_name_that_is_longer_than_a_telephone_is_wide"


@pytest.fixture(scope="module")
def html() -> str:
    return page(made_tables(models=["tiny", LONG]), CONTAINS)


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_stands_over_the_edge(html: str, tmp_path: Path, width: int) -> None:
    window, content, colour = seen(html, tmp_path, width)
    assert window == width
    assert content <= width
    assert min(colour) > 200


def test_dark_is_dark(html: str, tmp_path: Path) -> None:
    _, _, colour = seen(html, tmp_path, 1280, "--blink-settings=preferredColorScheme=0")
    assert max(colour) < 60


def test_every_source_has_its_column_at_1280_pixels() -> None:
    """As many sources as the starter set has, with names as long; on a telephone they are scrolled to."""
    summary = Summary(200, 5, "bm25_chunks")
    names = "banking77 chitchat gutenberg hotpotqa_dev longmemeval squad_dev trec_coarse trec_fine".split()
    for method in METHODS:
        for source in names:
            for number in range(2):
                summary.add(made_episode(method, source, number))
    hidden = "[...document.querySelectorAll('.scroll')].map((one) => one.scrollWidth - one.clientWidth)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        shown = browser.new_page(viewport={"width": 1280, "height": 900})
        shown.set_content(page(summary.tables(), CONTAINS))
        assert set(shown.evaluate(hidden)) == {0}
        assert shown.evaluate("document.documentElement.scrollWidth") <= 1280
        shown.set_viewport_size({"width": 360, "height": 900})
        assert max(shown.evaluate(hidden)) > 100
        assert shown.evaluate("document.documentElement.scrollWidth") <= 360
        browser.close()
