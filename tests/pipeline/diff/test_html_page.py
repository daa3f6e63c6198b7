"""The comparison as an HTML page."""

from pathlib import Path

from pipeline.diff.html_page import render_page
from tests.pipeline.diff.factories import compare_samples, make_numbered_instance


def test_the_page_escapes_texts(tmp_path: Path) -> None:
    script = "<script>alert(1)</script>"
    old = {"instances": [make_numbered_instance(0, "a")]}
    new = {"instances": [make_numbered_instance(0, f"b{script}")]}
    page = render_page("v1", script, compare_samples(tmp_path, old, new))
    assert script not in page and "<ins>" in page and "&lt;script&gt;" in page
