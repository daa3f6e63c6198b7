"""The page of the evaluation in a real browser: nothing stands over the edge, and dark is dark."""

from pathlib import Path

import pytest

from tests.report.test_browser import CHROMIUM, seen
from tests.training.report.making import CONTAINS, made_tables
from training.report.page import page

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
