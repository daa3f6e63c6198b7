"""The HTML of all pages: no template and no code has a style attribute or a policy that allows one."""

import ast
import re
from collections.abc import Iterator
from importlib.resources import files

import pytest

from pipeline.core.html import create_environment
from tests.conftest import ROOT
from tests.pipeline.report.test_page import Page, assert_policy_allows_its_style_alone

SUFFIXES = (".j2", ".html", ".css", ".js", ".svg")
PACKAGES = ("pipeline", "stages", "training", "memcurate", "tools")
STYLE_ATTRIBUTE = re.compile(r"""(?i)<[^<>]*\sstyle\s*=|setAttribute\(\s*["']style["']|unsafe-inline""")


def list_markup() -> Iterator[tuple[str, str]]:
    """Yield (place, text) of each template and of each string in the code."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            name = str(path.relative_to(ROOT))
            if path.suffix in SUFFIXES:
                yield name, path.read_text(encoding="utf-8")
            elif path.suffix == ".py":
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        yield f"{name}:{node.lineno}", node.value


def test_no_markup_has_a_style_attribute() -> None:
    markup = dict(list_markup())
    assert {"pipeline/core/html/templates/head.html.j2", "pipeline/viewer/page/page.js"} <= markup.keys()
    assert [place for place, text in markup.items() if STYLE_ATTRIBUTE.search(text)] == []


@pytest.mark.parametrize(
    "markup",
    [
        '<p class="a"\n style="x">',
        "<rect STYLE = 'x'/>",
        "setAttribute('style', x)",
        "style-src 'unsafe-inline'",
    ],
)
def test_a_style_attribute_is_found(markup: str) -> None:
    assert STYLE_ATTRIBUTE.search(markup)


@pytest.mark.parametrize("sheet", ["", "p { content: 'é <b> &amp; \"' }"])
def test_the_hash_is_that_of_the_style_block(sheet: str) -> None:
    environment = create_environment("pipeline.diff")
    shared = files("pipeline.core.html").joinpath("templates/page.css").read_text(encoding="utf-8")
    environment.globals.update(title="t", styles=["page.css", environment.from_string(sheet)])
    html = environment.get_template("head.html.j2").render()
    page = Page(html)
    assert shared + sheet in "".join(page.texts["style"])
    assert_policy_allows_its_style_alone(page)
