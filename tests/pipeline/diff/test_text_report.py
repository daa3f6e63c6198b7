"""The comparison as text: hidden characters visible, long texts truncated."""

import json
from dataclasses import asdict, replace

import pytest

from pipeline.core.printable import escape_hidden_in_json
from pipeline.diff.comparison import SourceDiff
from pipeline.diff.html_page import render_page
from pipeline.diff.row_samples import RowSample
from pipeline.diff.text_report import ANSI_MARKERS, PLAIN_MARKERS, DiffMarkers, render_text
from pipeline.diff.word_diff import DiffPart


def test_counts_causes_and_texts_are_listed(source_diff: SourceDiff) -> None:
    lines = render_text("v1", "v2", [source_diff], PLAIN_MARKERS).splitlines()
    assert lines[:2] == ["v1 → v2", ""]
    assert "  chunks     4 → 4: 1 added, 1 removed, 1 changed, 1 moved" in lines
    assert "  because    sources.made.chunking.max_tokens: 2 → 3" in lines
    assert "    | [-beta-]{+betta+}" in lines
    assert render_text("v1", "v2", [], PLAIN_MARKERS) == "v1 → v2\nno row differs"
    assert json.loads(json.dumps(asdict(source_diff)))["rows"]["chunks"]["changed"] == 1


def test_long_texts_are_truncated_as_text_and_whole_on_the_page(source_diff: SourceDiff) -> None:
    assert "--html" not in render_text("v1", "v2", [source_diff], PLAIN_MARKERS)
    words = [f"word{number}" for number in range(5_000)]
    parts = [DiffPart("old", " ".join(words)), DiffPart("new", " ".join(words[::-1]))]
    parts += [DiffPart(mark, f"{mark}{number}") for number in range(2_000) for mark in ("same", "new")]
    long = replace(source_diff, samples=[RowSample("chunks", "changed", "a", "b", parts)])
    lines = render_text("v1", "v2", [long], PLAIN_MARKERS).splitlines()
    (text,) = (line for line in lines if line.startswith("    | "))
    assert len(text) < 2_000 and text.startswith("    | [-word0 ") and "word4999-]{+word4999 " in text
    assert lines[-1] == "Long texts are truncated here (…): --html FILE writes a page with every difference."
    assert all(part.text in render_page("v1", "v2", [long]) for part in parts)


@pytest.mark.parametrize("markers", [PLAIN_MARKERS, ANSI_MARKERS])
def test_hidden_characters_are_visible(source_diff: SourceDiff, markers: DiffMarkers) -> None:
    hidden = "\x1b[2J\x9b1m\u202e\r"
    shown = "[U+001B][2J[U+009B]1m[U+202E][U+000D]"
    hostile = replace(
        source_diff,
        source=hidden,
        samples=[
            RowSample("chunks", "changed", hidden, "b", [DiffPart("old", hidden), DiffPart("new", "x")])
        ],
        causes=replace(source_diff.causes, raw_files=[hidden]),
    )
    text = render_text("v1", "v2", [hostile], markers)
    before, after = markers["old"]
    assert (
        f"    | {before}{shown}{after}{markers['new'][0]}x" in text and f"because    {shown} changed" in text
    )
    assert text.count(hidden[1:]) == 0 and text.count(shown) == 4
    dumped = json.dumps(asdict(hostile), ensure_ascii=False)
    assert json.loads(escape_hidden_in_json(dumped)) == json.loads(dumped)
    assert "\u202e" not in escape_hidden_in_json(dumped)
