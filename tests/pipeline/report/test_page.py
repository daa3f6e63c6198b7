"""The report page: it is well-formed, loads nothing, and shows texts of the data as text."""

import base64
import hashlib
from html.parser import HTMLParser

import pytest

from pipeline.core.printable import escape_hidden
from tests.pipeline.report.factories import BIDI_TEXT, HOSTILE

VOID = {"meta", "link", "br", "hr", "img", "input"}
SVG_LEAVES = {"rect", "line", "path", "circle"}
LOADING = {"src", "srcset", "href", "xlink:href", "data", "action", "poster", "background", "style"}


class Page(HTMLParser):
    """A strict parser of a page: every element is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice: {attrs}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SVG_LEAVES
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)


def assert_policy_allows_its_style_alone(page: Page) -> None:
    """Check that the page's policy allows one style block, by its hash, and nothing else."""
    assert [tag for tag, _ in page.tags].count("style") == 1
    assert not [attrs for _, attrs in page.tags if "style" in attrs]
    digest = hashlib.sha256("".join(page.texts["style"]).encode()).digest()
    source = f"'sha256-{base64.b64encode(digest).decode()}'"
    policies = [attrs["content"] for _, attrs in page.tags if attrs.get("http-equiv")]
    assert policies == [f"default-src 'none'; style-src {source}; base-uri 'none'; form-action 'none'"]


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_page_is_well_formed(html: str, page: Page) -> None:
    assert html.startswith("<!doctype html>\n")
    assert [tag for tag, _ in page.tags].count("h1") == 1
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids)) > 0


def test_the_page_loads_nothing(html: str, page: Page) -> None:
    allowed = {"html", "head", "meta", "title", "style", "body", "header", "main", "section", "nav"}
    allowed |= {"h1", "h2", "h3", "p", "a", "ol", "li", "dl", "dt", "dd", "div", "span", "bdi", "mark"}
    allowed |= {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "svg", "rect", "figure"}
    allowed |= {"figcaption", "details", "summary", "article", "blockquote", "strong"}
    assert {tag for tag, _ in page.tags} <= allowed
    loading = [
        (tag, name, value) for tag, attrs in page.tags for name, value in attrs.items() if name in LOADING
    ]
    targets = {f"#{attrs['id']}" for _, attrs in page.tags if "id" in attrs}
    assert {(tag, name) for tag, name, _ in loading} == {("a", "href")}
    assert {value for _, _, value in loading} <= targets
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    style = "".join(page.texts["style"])
    assert "url(" not in style
    assert "@import" not in style
    assert_policy_allows_its_style_alone(page)


def test_hostile_text_stays_text(html: str, page: Page) -> None:
    assert "<script" not in html.lower()
    assert "49" not in "".join(page.texts["bdi"])
    detail = escape_hidden(f"found {HOSTILE} {BIDI_TEXT}")
    assert detail in page.texts["bdi"]  # a reject's detail
    assert escape_hidden(f"Where? {HOSTILE} {BIDI_TEXT}") in page.texts["p"]  # a question
    assert HOSTILE in page.texts["mark"]  # a gold answer, marked in the evidence
    assert not [text for text in page.texts["dd"] if "Chats" in text and HOSTILE not in text]  # a title


def test_a_questions_summary_is_shown_with_the_evidence(page: Page) -> None:
    assert "the human summary" in page.texts["figcaption"]
    assert " Told in short: a " in page.texts["blockquote"]


def test_large_differences_from_the_paper_are_bold(page: Page) -> None:
    """Bar: more than 5 percent off is bold, and ablations with an effect are listed."""
    assert {"270.4", "-80.0"} <= set(page.texts["strong"]) and "-3.3" not in page.texts["strong"]
    assert f"{HOSTILE}: 101.2" in [" ".join(text.split()) for text in page.texts["td"]]


def test_hidden_characters_are_escaped(html: str) -> None:
    assert "pay [U+202E]eerf[U+202C] now [U+0000] {{ 7 * 7 }} &amp;amp; ok" in html
    assert not [character for character in html if character in "\u202e\u202c\x00"]


def test_the_page_notes_a_source_without_questions(html: str, page: Page) -> None:
    assert html.count('<p class="quiet">No questions.</p>') == 1
    assert html.count('<p class="none">no values</p>') == 2  # answer words, and where the evidence begins
    assert "Report of the data" in page.texts["h1"]


def test_every_reason_has_an_example(page: Page) -> None:
    titles = {text.strip() for text in page.texts["summary"]}
    assert {
        "record: blank message",
        "segment: document too short",
        "question: no evidence",
        "question: unanswerable",
        "question: answer too long",
        "question: instance dropped",
        "instance: too few questions",
        "instance: over",
    } <= titles


def test_charts_have_text_for_screen_readers(page: Page) -> None:
    charts = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert all(attrs.get("aria-hidden") == "true" or attrs.get("aria-label") for attrs in charts)
    labels = [attrs["aria-label"] for attrs in charts if "aria-label" in attrs]
    assert "Questions per instance, chitchat: 2 values, median 2" in labels
    scrolling = [attrs for _, attrs in page.tags if attrs.get("class") == "scroll"]
    assert all(attrs["tabindex"] == "0" and attrs["aria-label"] for attrs in scrolling)


def test_findings_of_personal_data_are_counted(html: str) -> None:
    assert '<tr><th scope="row">gutenberg</th><td>0</td></tr>' in html
    assert '<tr><th scope="row">chitchat</th><td>1</td></tr>' in html
