"""The viewer in a real, headless Chromium."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipeline.viewer.server import HOST, create_app
from tests.pipeline.viewer.factories import SCRIPT, SampleBackend

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed: apt-get install chromium")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    config = uvicorn.Config(
        create_app(SampleBackend(tmp_path_factory.mktemp("versions"))), host=HOST, port=0, log_level="warning"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://{HOST}:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page as it opens; no script of it may fail, nor anything break its policy or ask another host."""
    problems: list[str] = []
    page = browser.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith(address) else problems.append(request.url)
    )
    page.on(
        "console",
        lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None,
    )
    page.goto(address)
    expect(page.locator("#count")).to_contain_text("3 questions")
    yield page
    assert page.title() == "memcurate viewer"  # no script of the data ran
    assert problems == []
    page.close()


def test_filters_and_search_narrow_the_rows(page: Page) -> None:
    page.get_by_role("button", name="chats 2").click()
    expect(page.locator("#count")).to_have_text("2 questions")
    page.get_by_role("button", name="test 1").click()
    expect(page.locator("#count")).to_have_text("1 question")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator("#count")).to_have_text("3 questions")
    page.get_by_role("tab", name="Chunks").click()
    page.get_by_label("Search").fill("later rome")
    expect(page.locator("#count")).to_have_text("1 chunk")
    page.get_by_role("tab", name="Rejects").click()
    page.get_by_label("Search").fill("")
    expect(page.locator("#count")).to_have_text("2 rejects")
    page.get_by_role("button", name="filter: not English 1").click()
    expect(page.locator("#count")).to_have_text("1 reject")
    page.locator("#rows button").click()
    expect(page.locator("#shown h3")).to_have_text("filter: not English")
    expect(page.locator("#shown .verbatim")).to_have_text("found: xx · Is this asked?")


def test_a_question_shows_its_evidence(page: Page) -> None:
    page.locator("#rows button", has_text="chats/i0").click()
    expect(page.locator("#shown mark")).to_have_text(f"🦉 {SCRIPT} She lives in Rome.")
    expect(page.locator("#shown .chunk")).to_have_count(2)
    page.locator("#shown .question").click()
    expect(page.locator("#shown mark")).to_have_count(0)


def test_two_versions_are_shown_side_by_side(page: Page) -> None:
    page.locator("#rows button", has_text="chats/i1").click()
    expect(page.locator("#shown mark")).to_contain_text("Lima")
    page.get_by_label("Version").select_option("v1")
    expect(page.locator("#rows")).to_contain_text("Bonn")
    page.get_by_label("Compare with").select_option("v2")
    page.locator("#rows button", has_text="chats/i1").click()
    expect(page.locator("#shown .side-by-side > div")).to_have_count(2)
    expect(page.locator("#shown .side-by-side mark")).to_have_count(2)
    page.get_by_role("tab", name="Changes").click()
    page.locator("#rows button").click()
    expect(page.locator("#shown ins")).to_have_text("Lima")
    expect(page.locator("#shown del")).to_have_text("Bonn")


def test_a_changed_instance_is_shown_beside_its_counterpart(page: Page) -> None:
    page.get_by_label("Compare with").select_option("v0")
    page.locator("#rows button", has_text="chats/i1").click()
    expect(page.locator("#shown .side-by-side h2").last).to_have_text("v0: chats/j1")
    # In v0 the question has another id, so it is found by its text.
    expect(page.locator("#shown .side-by-side mark").last).to_contain_text("Kyiv")
    expect(page.locator("#shown .side-by-side .question[aria-pressed=true]")).to_have_count(2)


def test_instances_of_one_document_show_their_index_and_text(page: Page) -> None:
    page.get_by_role("tab", name="Instances").click()
    expect(page.locator("#rows .text").first).to_contain_text("train, number 0: 🦉")
    expect(page.locator("#rows .text").last).to_contain_text("train, number 1: 🦉")


def test_a_reject_has_an_address(page: Page, address: str) -> None:
    page.get_by_role("tab", name="Rejects").click()
    page.locator("#rows button", has_text="found: xx").click()
    expect(page.locator("#shown h2")).to_have_text("chats/lost")
    assert "id=chats%2Flost" in page.url
    page.reload()
    expect(page.locator("#shown h2")).to_have_text("chats/lost")
    expect(page.locator("#shown .verbatim")).to_have_text("found: xx · Is this asked?")
    page.goto(f"{address}/#kind=rejects&id=books%2Fr")  # by hand, in the page that is open
    expect(page.locator("#shown h2")).to_have_text("books/r")
    page.goto(f"{address}/#kind=rejects&id=books%2Fnone")
    expect(page.locator("#shown .error")).to_contain_text("v2 has no reject 'books/none'")


def test_an_episode_shows_steps_calls_and_answers(page: Page) -> None:
    page.get_by_role("tab", name="Episodes").click()
    page.locator("#rows button").click()
    expect(page.locator("#shown .step .verbatim")).to_contain_text("She lives in Rome.")
    expect(page.locator("#shown .step .failed")).to_contain_text("cut off")
    page.locator("#shown .answer summary").click()
    expect(page.locator("#shown .answer")).to_contain_text("retrieved: s1")


def test_search_by_keyboard_is_kept_in_the_address(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("oslo")
    expect(page.locator("#count")).to_have_text("1 question")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator("#shown mark")).to_contain_text("Oslo")
    page.reload()
    expect(page.locator("#count")).to_have_text("1 question")
    expect(page.locator("#shown mark")).to_contain_text("Oslo")


@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_narrow_windows_and_follows_the_color_scheme(
    page: Page, tmp_path: Path, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two
    page.locator("#rows button", has_text="chats/i0").click()
    expect(page.locator("#shown mark")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(22, 23, 24)"
    assert dark == (scheme == "dark")
