"""The comparison as an HTML page."""

from pathlib import Path

from pipeline.diff.html_page import render_page
from tests.pipeline.diff.factories import compare_samples, make_numbered_instance
from tests.pipeline.report.test_page import Page, assert_policy_allows_its_style_alone


def test_the_page_escapes_texts(tmp_path: Path) -> None:
    script = "<script>alert(1)</script>"
    old = {"instances": [make_numbered_instance(0, "a")]}
    new = {"instances": [make_numbered_instance(0, f"b{script}")]}
    page = render_page("v1", script, compare_samples(tmp_path, old, new))
    assert script not in page and "<ins>" in page and "&lt;script&gt;" in page


def test_the_policy_allows_the_style_of_the_page_alone(tmp_path: Path) -> None:
    old, new = ({"instances": [make_numbered_instance(0, text)]} for text in "ab")
    page = render_page("v1", "v2", compare_samples(tmp_path, old, new))
    assert_policy_allows_its_style_alone(Page(page))
