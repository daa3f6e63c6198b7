"""The report in a real browser: it fits a narrow window, has a dark color scheme, and keeps its policy."""

import re
import shutil
import subprocess
from html import escape
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed: apt-get install chromium"),
]

# The report in a frame, since a window cannot be as narrow as a phone. The script records the measurements.
FRAME_PAGE = """<!doctype html><html style="color-scheme: light dark"><body style="margin: 0">
<iframe width="{width}" height="900" style="border: 0" srcdoc="{page}"></iframe>
<script>
onload = () => {{
  const page = frames[0].document.documentElement;
  const background = frames[0].getComputedStyle(page).backgroundColor;
  document.body.dataset.measured = [frames[0].innerWidth, page.scrollWidth, background].join("|");
}};
</script>"""


def measure_page(html: str, folder: Path, width: int, *options: str) -> tuple[int, int, list[int]]:
    """Render a page, everything unfolded; return (window width, content width, RGB of the background)."""
    page = escape(html.replace("<details>", "<details open>"))
    path = folder / "frame.html"
    path.write_text(FRAME_PAGE.format(width=width, page=page), encoding="utf-8")
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
    match = re.search(r'data-measured="(\d+)\|(\d+)\|rgb\((\d+), (\d+), (\d+)\)"', dom)
    assert match, dom[-500:]
    window, content, *colour = map(int, match.groups())
    return window, content, colour


def list_violations(html: str, folder: Path) -> list[str]:
    """Open a page in the browser; return the directive of its policy that each violation was against."""
    path = folder / "page.html"
    path.write_text(html, encoding="utf-8")
    record = "window.found = []; addEventListener('securitypolicyviolation', (event) => "
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page()
        page.add_init_script(f"{record} found.push(event.effectiveDirective));")
        page.goto(path.as_uri())
        found: list[str] = page.evaluate("found")
        browser.close()
    return found


@pytest.mark.parametrize("width", [360, 1280])
def test_the_content_fits_the_window(html: str, tmp_path: Path, width: int) -> None:
    window, content, colour = measure_page(html, tmp_path, width)
    assert window == width
    assert content <= width
    assert min(colour) > 200


def test_content_wider_than_the_window_is_measured(html: str, tmp_path: Path) -> None:
    wide = html.replace("<main>", '<main><svg width="400"></svg>')
    _, content, _ = measure_page(wide, tmp_path, 360)
    assert content > 360


def test_the_dark_scheme_has_a_dark_background(html: str, tmp_path: Path) -> None:
    _, _, colour = measure_page(html, tmp_path, 1280, "--blink-settings=preferredColorScheme=0")
    assert max(colour) < 60


def test_the_page_keeps_its_policy(html: str, tmp_path: Path) -> None:
    assert list_violations(html, tmp_path) == []


def test_the_policy_stops_markup_that_came_through(html: str, tmp_path: Path) -> None:
    foreign = '<p style="color: red"></p><style>p { color: red }</style><script>1</script><img src="x.png">'
    violations = list_violations(html.replace("<main>", f"<main>{foreign}"), tmp_path)
    assert sorted(violations) == ["img-src", "script-src-elem", "style-src-attr", "style-src-elem"]
