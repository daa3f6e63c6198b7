"""The page in a real browser: nothing stands over the edge, and dark is dark."""

import re
import shutil
import subprocess
from html import escape
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed: apt-get install chromium"),
]

# A page around the page, since a window cannot be as narrow as a telephone. It writes down what it sees.
AROUND = """<!doctype html><html style="color-scheme: light dark"><body style="margin: 0">
<iframe width="{width}" height="900" style="border: 0" srcdoc="{page}"></iframe>
<script>
onload = () => {{
  const page = frames[0].document.documentElement;
  const paper = frames[0].getComputedStyle(page).backgroundColor;
  document.body.dataset.seen = [frames[0].innerWidth, page.scrollWidth, paper].join("|");
}};
</script>"""


def seen(html: str, folder: Path, width: int, *options: str) -> tuple[int, int, list[int]]:
    """(width of the window, of what is in it, red, green and blue of the paper), everything unfolded."""
    page = escape(html.replace("<details>", "<details open>"))
    path = folder / "around.html"
    path.write_text(AROUND.format(width=width, page=page), encoding="utf-8")
    assert CHROMIUM is not None
    dom = subprocess.check_output(
        [
            CHROMIUM,
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *(f"--user-data-dir={folder}/profile", "--window-size=1400,900", *options),
            *("--dump-dom", path.as_uri()),
        ],
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=120,
    )
    found = re.search(r'data-seen="(\d+)\|(\d+)\|rgb\((\d+), (\d+), (\d+)\)"', dom)
    assert found, dom[-500:]
    window, content, *colour = map(int, found.groups())
    return window, content, colour


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_stands_over_the_edge(html: str, tmp_path: Path, width: int) -> None:
    window, content, colour = seen(html, tmp_path, width)
    assert window == width
    assert content <= width
    assert min(colour) > 200


def test_what_stands_over_the_edge_is_seen(html: str, tmp_path: Path) -> None:
    wide = html.replace("<main>", '<main><div style="width: 400px">wide</div>')
    _, content, _ = seen(wide, tmp_path, 360)
    assert content > 360


def test_dark_is_dark(html: str, tmp_path: Path) -> None:
    _, _, colour = seen(html, tmp_path, 1280, "--blink-settings=preferredColorScheme=0")
    assert max(colour) < 60
