"""Classes of one's own that fail or give something else: the error names file and line, and what to do."""

import json
from itertools import count
from pathlib import Path

import pytest

from pipeline.chunking import ChunkingContext
from pipeline.chunking.sharded import chunk_shards_in_memory
from pipeline.core.errors import MemcurateError
from pipeline.core.params import ConversationChunking
from pipeline.core.params.formats import FormatParams
from pipeline.core.schema import Reject
from pipeline.sources import SourceReader
from pipeline.sources.parsed import Book, Document
from tests.pipeline.sources.reading import make_format, read_documents, reasons

HEAD = """from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.io import read_text
from pipeline.sources.parsed import Book, ParsedSource


def build(shard, source, name=None, file=None, **keys):
    file = file or shard.parts[0].path
    builder = DocumentBuilder(source, file, name or file)
    builder.add(read_text(shard.raw_dir / file), **keys)
    return builder.build()


class Own:
"""
NUMBERS = count()
ITER = "iter_documents(self, shard, source, rejects)"
LAST = HEAD.count("\n") + 2  # the first line of the method's body


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The raw folder of a project, which is the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").mkdir()
    for name in ("a", "b"):
        (tmp_path / "raw" / f"{name}.txt").write_text(f"Text of {name}.\n")
    return tmp_path / "raw"


def write_class(raw: Path, body: str, signature: str) -> FormatParams:
    """Write a class whose method has this body into a module of its own; return its format."""
    module = f"own_{next(NUMBERS)}"
    lines = "".join(f"        {line}\n" for line in body.split("\n"))
    (raw.parent / f"{module}.py").write_text(f"{HEAD}    def {signature}:\n{lines}")
    return make_format(f"{module}:Own")


def read(raw: Path, body: str, signature: str = ITER) -> tuple[list[Book | Document], list[Reject]]:
    """Read the raw files by such a class, shard by shard."""
    return read_documents(raw, write_class(raw, body, signature))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("yield {}['From']", rf"failed on a\.txt: own_\d+\.py:{LAST}: KeyError: 'From'\. Mend that line"),
        ("yield build(shard, source, time='May')", r"own_\d+\.py:\d+: a\.txt: a text has the time 'May'"),
        ("return None", r"iter_documents gave None, but documents are expected: `yield` them"),
        ("yield 'text'", r"iter_documents gave a str, 'text', but a Document or Book is expected"),
        ("rejects.append('x')\nyield build(shard, source)", r"appended a str, 'x' to `rejects`"),
        ("yield build(shard, source, name='all')", r"two documents the name 'all', of a\.txt and b\.txt\."),
        ("import none_such\nyield", r"failed on a\.txt: own_\d+\.py:\d+: ModuleNotFoundError"),
    ],
)
def test_an_error_of_the_class_is_one_line(body: str, expected: str, raw: Path) -> None:
    with pytest.raises(MemcurateError, match=rf"^sources\.made: format own_\d+:Own .*{expected}") as caught:
        read(raw, body)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("signature", "body", "expected"),
    [
        ("parse(self, shards, source)", "return [1]", r"parse gave a list, \[1\], but a ParsedSource is"),
        ("read(self)", "pass", r"must have iter_documents\(shard, source, rejects\) or parse\(shards"),
        ("__init__(self)", "raise ValueError('no')", rf"failed: own_\d+\.py:{LAST}: ValueError: no"),
        ("__init__(self, must)", "pass", r"does not take the keys \(none\): missing a required arg"),
        ("x(self)", "pass\n  if", rf"cannot be imported: own_\d+\.py:{LAST + 1}: IndentationError"),
    ],
)
def test_a_class_without_the_methods(signature: str, body: str, expected: str, raw: Path) -> None:
    with pytest.raises(MemcurateError, match=rf"^sources\.made: format own_\d+:Own {expected}"):
        SourceReader("made", write_class(raw, body, signature)).parse(raw)


def test_a_file_that_cannot_be_read_costs_that_file(raw: Path) -> None:
    (raw / "a1.txt").write_text("")
    documents, rejects = read(raw, "for part in shard.parts:\n  yield build(shard, source, file=part.path)")
    assert [one.name for one in documents] == ["a.txt", "b.txt"]
    assert reasons(rejects) == [("unreadable file", "")]
    assert "a1.txt is empty" in rejects[0].detail


def test_a_text_that_is_not_at_its_span_is_rejected(raw: Path) -> None:
    documents, rejects = read(
        raw,
        "yield build(shard, source, start=1 if shard.parts[0].path == 'a.txt' else 0)",
    )
    assert [len(one.segments) for one in documents if isinstance(one, Document)] == [0, 1]
    assert [one.reason for one in rejects] == ["text not at its span"]
    assert rejects[0].detail == "the file has 'ext of a.\\n', the segment 'Text of a.'"
    assert [one.text for one in rejects[0].segments] == ["Text of a."]


@pytest.mark.parametrize(("start", "problem"), [(10**6, "ends at character 11,"), (-11, "the file has")])
def test_spans_beyond_the_text(start: int, problem: str, raw: Path) -> None:
    documents, rejects = read(raw, f"yield build(shard, source, start={start})")
    assert [one.segments for one in documents if isinstance(one, Document)] == [[], []]
    assert problem in rejects[0].detail or start < 0


def test_a_book_is_the_text_of_its_file(raw: Path) -> None:
    body = (
        "file = shard.parts[0].path\n"
        "text = read_text(shard.raw_dir / file)\n"
        "text = text.upper() if file == 'b.txt' else text\n"
        "yield Book(file, file, text, [(0, len(text), 'One')])"
    )
    documents, rejects = read(raw, body)
    assert [one.name for one in documents] == ["a.txt"]
    assert [(one.kind, one.reason) for one in rejects] == [("record", "text not at its span")]
    assert "the file has 'ext of b.\\n' after 1 equal character, the book 'EXT OF" in rejects[0].detail


def test_records_of_data_files_are_checked(raw: Path) -> None:
    """By the pointer of their strings: of JSONL, JSON, CSV, and JSONL that is one line."""
    for path in raw.iterdir():
        path.unlink()
    rows = [{"text": f" Row {n} is “quoted”\n", "who": "Ann"} for n in range(5)]
    (raw / "a.jsonl").write_text("\n".join(["", *map(json.dumps, rows)]))
    (raw / "b.json").write_text(json.dumps({"data": rows}))
    (raw / "c.csv").write_text("text,who\n" + "".join(f'"Row {n}, ""so""",Ann\n' for n in range(3)))
    (raw / "d.jsonl").write_text(json.dumps(rows[0]))
    body = (
        "from pipeline.sources.records import iter_records\n"
        "for record in iter_records(shard, source, rejects):\n"
        "  builder = DocumentBuilder(source, record.file, record.name)\n"
        "  builder.add(record.value['text'], record=record.span('text').record)\n"
        "  builder.add(record.value['text'], record=record.span('who').record)\n"
        "  yield builder.build()"
    )
    documents, rejects = read(raw, body)
    texts = [segment.text for one in documents if isinstance(one, Document) for segment in one.segments]
    assert len(documents) == 14 and len(texts) == 14 and texts[0] == "Row 0 is “quoted”"
    assert len(rejects) == 14 and rejects[0].detail.startswith("the file has 'nn', the segment 'Row")


def test_what_parse_gives_is_checked(raw: Path) -> None:
    second = "build(shards[0], source, 'n', 'b.txt', start=2)"
    for first, name in (("build(shards[0], source)", ""), ("build(shards[0], source, 'n')", "n")):
        body = f"return ParsedSource(documents=[{first}, {second}])"
        reader = SourceReader("made", write_class(raw, body, "parse(self, shards, source)"))
        if name:
            with pytest.raises(MemcurateError, match="gave two documents the name 'n'"):
                reader.parse(raw)
        else:
            parsed = reader.parse(raw)
            assert [len(one.segments) for one in parsed.documents] == [1, 0]
            assert [one.reason for one in parsed.rejects] == ["text not at its span"]


@pytest.mark.parametrize("joins", [True, False])
def test_a_name_in_two_shards_is_an_error(joins: bool, raw: Path, context: ChunkingContext) -> None:
    format = write_class(raw, "yield build(shard, source, name='all')", ITER)
    reader = SourceReader("made", format)
    params = ConversationChunking(
        strategy="conversations", max_tokens=256, min_chunks=1, max_chunks=5, join_documents=joins
    )
    shards = reader.plan(raw, 1)
    assert len(shards) == 2
    with pytest.raises(MemcurateError, match=r"two documents the name 'all', of a\.txt and b\.txt"):
        chunk_shards_in_memory(reader, shards, params, context)
