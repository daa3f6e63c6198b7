"""Labelled examples of one's own in other shapes: lines, parallel files, parallel lists, pairs."""

import json
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import Source
from pipeline.sources import SourceReader
from pipeline.sources.io import read_span
from pipeline.sources.parsed import ParsedSource
from tests.pipeline.sources.reading import make_format


def parse(folder: Path, name: str, **columns: object) -> ParsedSource:
    """Parse a source, and check that its spans hold its texts and its document has its name."""
    parsed = SourceReader("made", make_format(name, **columns)).parse(folder)
    for example in parsed.labelled_examples:
        assert read_span(folder, example.source_span) == example.text
        assert example.document == "made"
    return parsed


def examples(parsed: ParsedSource) -> list[tuple[str, str | None]]:
    return [(one.text, one.label) for one in parsed.labelled_examples]


def rejects(parsed: ParsedSource) -> list[tuple[str, str]]:
    return [(one.source_span.file, one.reason) for one in parsed.rejects if one.source_span]


def test_lines_have_any_separator(tmp_path: Path) -> None:
    lines = ["# fruit :: comment", "fruit ::  An apple :: red.", "", "no separator", " :: A pear"]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    (tmp_path / "b.txt").write_text("tree :: An oak.\nfruit::A fig")
    parsed = parse(tmp_path, "label_lines", separator="::", skip="#")
    assert examples(parsed) == [("An apple :: red.", "fruit"), ("An oak.", "tree"), ("A fig", "fruit")]
    assert rejects(parsed) == [("a.txt", "malformed record")] * 2
    assert len(parse(tmp_path, "label_lines", separator="::").labelled_examples) == 4


def test_parallel_files_are_read_in_the_order_of_params(tmp_path: Path) -> None:
    files = {"z.txt": "One.\nTwo.\n", "z.labels": "a\nb\n", "a.txt": "one\nSix.", "a.labels": "a\n\n"}
    for name, lines in files.items():
        (tmp_path / name).write_text(lines)
    columns = {"texts": ["z.txt", "a.txt"], "labels": ["z.labels", "a.labels"]}
    parsed = parse(tmp_path, "label_files", **columns)
    assert examples(parsed) == [("One.", "a"), ("Two.", "b")]
    assert rejects(parsed) == [("a.txt", "malformed record"), ("a.txt", "repeated example")]
    (tmp_path / "a.labels").write_text("a\n")
    with pytest.raises(MemcurateError, match=r"a\.txt has 2 lines, but .*a\.labels has 1"):
        parse(tmp_path, "label_files", **columns)


def test_lists_name_labels_or_number_them(tmp_path: Path) -> None:
    value = {"x": ["One.", "Two.", 3, "Four."], "y": [0, "1", 1, 7], "names": {"0": "zero", "1": "one"}}
    (tmp_path / "a.json").write_text(json.dumps(value))
    named = parse(tmp_path, "label_lists", texts=["x"], labels=["y"], label_names="names")
    assert examples(named) == [("One.", "zero"), ("Two.", "one")]
    assert rejects(named) == [("a.json", "malformed record")] * 2
    bare = parse(tmp_path, "label_lists", texts=["x"], labels=["y"])
    assert examples(bare) == [("One.", "0"), ("Two.", "1"), ("Four.", "7")]
    with pytest.raises(MemcurateError, match=r"a\.json: /z: Field required"):
        parse(tmp_path, "label_lists", texts=["x"], labels=["z"])


def test_pairs_of_other_keys_are_out_of_scope(tmp_path: Path) -> None:
    value = {"other": [["Six.", "c"]], "version": 1, "b": [["One.", "a"], ["Two."]], "a": [["Three.", "b"]]}
    (tmp_path / "a.json").write_text(json.dumps(value))
    parsed = parse(tmp_path, "label_pairs", parts=["b", "a"])
    assert examples(parsed) == [("One.", "a"), ("Three.", "b")]
    assert [(one.reason, one.detail) for one in parsed.rejects] == [
        ("malformed record", "['Two.']"),
        ("out of scope", "its key is not named in parts"),
    ]


@pytest.mark.parametrize("name", ["label_lists", "label_files"])
def test_texts_and_labels_come_in_pairs(name: str) -> None:
    with pytest.raises(ValueError, match="texts names 1 and labels 2"):
        make_format(name, texts=["a"], labels=["b", "c"])


@pytest.mark.parametrize("name", ["label_lines", "label_files", "label_lists", "label_pairs", "trec"])
def test_labelled_examples_need_no_other_block(name: str) -> None:
    columns = {
        "label_files": {"texts": ["a"], "labels": ["b"]},
        "label_lists": {"texts": ["a"], "labels": ["b"]},
        "label_pairs": {"parts": ["a"]},
        "trec": {"label": "fine"},
    }
    source = Source.model_validate({"format": name, "files": ["file:a"], **columns.get(name, {})})
    assert source.chunking.strategy == "examples" and source.questions.label


def test_a_corpus_with_blocks_of_its_own_needs_them() -> None:
    with pytest.raises(ValueError, match="chunking"):
        Source.model_validate({"format": "perltqa", "files": ["file:a"]})
