"""Texts, labels, questions and dated entries of one's own: what is read and what is rejected."""

import json
from datetime import date
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.sources import SourceReader
from pipeline.sources.io import read_span
from pipeline.sources.parsed import Book, Document, ParsedSource
from pipeline.sources.times import parse_time
from tests.pipeline.sources.reading import make_format, read_documents

MARKDOWN = """---
title: A note
---
Before all headings.

# First

One.

```
# no heading
```

## Second ##

Two.
"""


def parse(folder: Path, name: str, **columns: object) -> ParsedSource:
    return SourceReader("made", make_format(name, **columns)).parse(folder)


def test_texts_have_the_sections_of_their_headings(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.md").write_text(MARKDOWN)
    (tmp_path / "b.txt").write_bytes("# no heading é".encode("latin-1"))
    books, rejects = read_documents(tmp_path, make_format("text"))
    assert [one.name for one in books] == ["b.txt", "sub/a.md"]
    latin, markdown = books
    assert isinstance(markdown, Book) and isinstance(latin, Book)
    assert [title for _, _, title in markdown.chapters] == ["A note", "A note, First", "A note, Second"]
    assert markdown.text[slice(*markdown.chapters[1][:2])].startswith("# First")
    assert latin.chapters == [(0, 14, "")] and latin.text.endswith("é")
    assert [(one.reason, one.source_span and one.source_span.file) for one in rejects] == [
        ("front matter", "sub/a.md")
    ]


@pytest.mark.parametrize(
    ("front_matter", "titles"),
    [
        ("title: Owls\ndate: 2024-02-31", ["Owls", "Owls, First", "Owls and more"]),
        (
            "date: 2024-02-29T10:00:00\ntitle: Owls",
            ["Owls (2024-02-29)", "Owls (2024-02-29), First", "Owls and more"],
        ),
        ("date: 2024-02-29", ["a (2024-02-29)", "a (2024-02-29), First", "a (2024-02-29), Owls and more"]),
        ("title: 'Owls: a  life'", ["Owls: a life", "Owls: a life, First", "Owls: a life, Owls and more"]),
        ("title: >\n  Owls\n  too", ["Owls too", "Owls too, First", "Owls too, Owls and more"]),
        ("title: 1984", ["1984", "1984, First", "1984, Owls and more"]),
        ("title:", ["a", "a, First", "a, Owls and more"]),
        ("title: [a]", ["a", "a, First", "a, Owls and more"]),
        ("- title", ["a", "a, First", "a, Owls and more"]),
        ("title: a: b", ["a", "a, First", "a, Owls and more"]),
        ("[" * 9000, ["a", "a, First", "a, Owls and more"]),
        (f"title: {'a' * 10_000}", ["a", "a, First", "a, Owls and more"]),
        ("? [a]\n: &x b\ntitle: *x", ["b", "b, First", "b, Owls and more"]),
    ],
)
def test_the_title_of_front_matter_is_that_of_all_sections(
    front_matter: str, titles: list[str], tmp_path: Path
) -> None:
    text = f"---\n{front_matter}\n---\nText.\n# First\nOne.\n# Owls and more\nTwo.\n"
    (tmp_path / "a.md").write_text(text)
    (book,), _ = read_documents(tmp_path, make_format("text"))
    assert isinstance(book, Book)
    assert [title for _, _, title in book.chapters] == titles


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("# Trip to Lyon\nText.\n## Day 1\nOne.\n", ["Trip to Lyon", "Trip to Lyon, Day 1"]),
        ("Intro.\n\n# Trip\nText.\n## Trip by train\nOne.\n", ["Trip", "Trip", "Trip by train"]),
        ("## Day 1\nOne.\n# Trip\nText.\n", ["my trip", "my trip, Day 1", "my trip, Trip"][1:]),
        ("# Trip\nText.\n", ["Trip"]),
        ("Text.\n", [""]),
        ("---\ntitle: Trip\n---\n# trip\nText.\n", ["Trip"]),
        ("---\ntitle: Trip (Lyon)\n---\n# Trip, Lyon\nText.\n", ["Trip (Lyon)"]),
        ("---\ntitle: Trip – by train\n---\n# Trip\nText.\n## Trip\nDay 1.\n", ["Trip – by train"] * 2),
        ("---\ntitle: Trip – by train\n---\n# Day 1\nText.\n", ["Trip – by train, Day 1"]),
        ("---\ntitle: Oven log\n---\n## Oven\nText.\n", ["Oven log, Oven"]),
    ],
)
def test_a_title_stands_once_in_those_of_sections(text: str, titles: list[str], tmp_path: Path) -> None:
    (tmp_path / "my_trip.md").write_text(text)
    (book,), _ = read_documents(tmp_path, make_format("text"))
    assert isinstance(book, Book)
    assert [title for _, _, title in book.chapters] == titles


@pytest.mark.parametrize(
    ("name", "text", "titles"),
    [
        ("2024-02-08 a.md", "# Trip\nText.\n## Who\nAnn.", ["Trip (2024-02-08)", "Trip (2024-02-08), Who"]),
        ("kickoff_2024-02-08.md", "---\ntitle: Kickoff\n---\nText.", ["Kickoff (2024-02-08)"]),
        ("2024-02-08.md", "---\ntitle: Kickoff\ndate: 2024-03-01\n---\nText.", ["Kickoff (2024-03-01)"]),
        ("2024-02-08.md", "# Kickoff on 2024-02-08\nText.", ["Kickoff on 2024-02-08"]),
        ("2024-02-08 to 2024-02-10.md", "# Trip\nText.", ["Trip"]),  # which of them?
        ("2024-02-31.md", "# Trip\nText.", ["Trip"]),
        ("2024-02-08/trip.md", "# Trip\nText.", ["Trip"]),  # of a folder
        ("2024-02-08-by-train.md", "# Trip\nText.", ["Trip (2024-02-08)"]),
        ("by_train-20240208.md", "# Trip\nText.", ["Trip (2024-02-08)"]),
        ("2024/02/08.md", "# Trip\nText.", ["Trip (2024-02-08)"]),
        ("2024/02/08.md", "---\ndate: 2024-02-08\n---\nText.", ["2024-02-08"]),
        ("2024-02-08 trip.md", "Text.", [""]),  # named by its file
        ("2024-02-08 trip.md", "Text.\n## Day 1\nOne.", ["2024-02-08 trip", "2024-02-08 trip, Day 1"]),
    ],
)  # fmt: skip
def test_the_date_of_a_file_name_stands_beside_a_title(
    name: str, text: str, titles: list[str], tmp_path: Path
) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
    (book,), _ = read_documents(tmp_path, make_format("text"))
    assert isinstance(book, Book)
    assert [title for _, _, title in book.chapters] == titles


@pytest.mark.parametrize(
    ("front_matter", "title"),
    [
        ("created: 2024-02-08", "Owls (2024-02-08)"),
        ("created_at: 2024-02-08T10:00:00Z", "Owls (2024-02-08)"),
        ("date created: 2024-02-08 10:00", "Owls (2024-02-08)"),
        ("Published: 8 Feb 2024 10:00", "Owls (2024-02-08)"),
        ("pubDate: 2024-02-08", "Owls (2024-02-08)"),
        ("published: true\ncreated: 2024-02-08", "Owls (2024-02-08)"),
        ("created: 2024-02-01\ndate: 2024-02-08", "Owls (2024-02-08)"),
        ("date: soon\npublished: 2024-02-08", "Owls (2024-02-08)"),
        ("updated: 2024-02-08\nstarted: 2024-02-08", "Owls"),
    ],
)
def test_when_a_note_was_written_by_its_front_matter(front_matter: str, title: str, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"---\n{front_matter}\n---\n# Owls\nText.\n")
    (book,), _ = read_documents(tmp_path, make_format("text"))
    assert isinstance(book, Book)
    assert [one for _, _, one in book.chapters] == [title]


def test_front_matter_is_told_by_its_keys(tmp_path: Path) -> None:
    """Lists and mappings too; a key without a value has nothing to use."""
    keys = "title: Owls\ndate: 2024-03-09\ntags: [birds, night]\nplace: {town: Brno}\ndraft:\n"
    (tmp_path / "a.md").write_text(f"---\n{keys}---\nText.\n")
    _, rejects = read_documents(tmp_path, make_format("text"))
    assert [one.detail for one in rejects] == ["used: title, date; not used: tags, place"]


def test_what_is_no_text_is_told_by_file(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (tmp_path / "b.txt").write_text("Good.")
    (tmp_path / "c.txt").write_text(" \n")
    (tmp_path / "d.md").write_text("---\na: b\n---\n")
    (tmp_path / "e.csv").write_text("title,text\nT,A text.\nU,\n")
    (tmp_path / "f.csv").write_text("other\nx\n")
    books, rejects = read_documents(tmp_path, make_format("text"))
    assert [one.name for one in books] == ["b.txt", "e.csv/0"]
    assert isinstance(books[1], Book) and books[1].chapters == [(0, 7, "T")]
    assert [(one.source_span and one.source_span.file, one.reason) for one in rejects] == [
        ("a.png", "unreadable file"),
        ("c.txt", "blank text"),
        ("d.md", "front matter"),
        ("d.md", "blank text"),
        ("e.csv", "malformed record"),
        ("f.csv", "malformed record"),
    ]
    assert "it has other" in rejects[-1].detail
    assert [one.detail for one in rejects[1:3]] == [
        "the file is empty and is left out",
        "used: nothing; not used: a",
    ]


def test_labelled_examples(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('body,queue\n"Two\nlines",one\nThree,two\nthree!,two\n,one\nFour,\n')
    parsed = parse(tmp_path, "labels", text="body", label="queue")
    assert [(one.text, one.label) for one in parsed.labelled_examples] == [
        ("Two\nlines", "one"),
        ("Three", "two"),
    ]
    assert sorted(one.reason for one in parsed.rejects) == [
        "malformed record",
        "malformed record",
        "repeated example",
    ]
    details = [one.detail for one in parsed.rejects if one.reason == "malformed record"]
    assert details == [
        f"no {what}; it has body, queue" for what in ("text in column body", "label in column queue")
    ]
    for example in parsed.labelled_examples:
        assert read_span(tmp_path, example.source_span) == example.text


@pytest.mark.parametrize(
    "answers",
    ["Rome", ["Rome"], {"text": ["Rome", "Rome"], "answer_start": [1, 2]}, "['Rome']", [{"text": "Rome"}]],
)
def test_questions_with_contexts(answers: object, tmp_path: Path) -> None:
    row = {"context": "Ann is in Rome.", "question": "Where is Ann?", "answers": answers}
    other = {**row, "question": "Who?", "answers": "a person"}
    rows = [row, other, {"question": "x", "answers": "y"}, {**row, "question": " "}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    parsed = parse(tmp_path, "qa")
    assert [one.answers for one in parsed.questions] == [["Rome"], ["a person"]]
    assert [one.metric for one in parsed.questions] == ["contains", "judge"]
    (document,) = parsed.documents
    (segment,) = document.segments
    assert {tuple(one.evidence) for one in parsed.questions} == {(segment.id,)}
    assert read_span(tmp_path, segment.source_span) == "Ann is in Rome."
    assert [one.detail[:30] for one in parsed.rejects] == [
        "no column context; it has ques",
        "question is blank",
    ]


def test_contexts_of_a_title_are_a_document(tmp_path: Path) -> None:
    rows = [
        {"title": title, "context": context, "question": "Q?", "answers": "A"}
        for title, context in (("X", "One A."), ("Y", "Two A."), ("X", "Three A."), ("X", "One A."))
    ]
    (tmp_path / "a.json").write_text(json.dumps({"data": rows}))
    parsed = parse(tmp_path, "qa", title="title")
    assert [(one.name, [s.text for s in one.segments]) for one in parsed.documents] == [
        ("X", ["One A.", "Three A."]),
        ("Y", ["Two A."]),
    ]


def test_entries_of_a_day_are_a_document(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "at,who,what\n2024-01-02 10:00,Ann,Second.\n2024-01-02 09:00,Bob,First.\n"
        "2024-01-03,Ann,Third.\nnever,Ann,x\n"
    )
    days, rejects = read_documents(tmp_path, make_format("timeline", time="at", speaker="who", text="what"))
    texts = [
        [(one.time, one.speaker, one.text) for one in day.segments]
        for day in days
        if isinstance(day, Document)
    ]
    assert texts == [
        [("2024-01-02 09:00", "Bob", "First."), ("2024-01-02 10:00", "Ann", "Second.")],
        [("2024-01-03 00:00", "Ann", "Third.")],
    ]
    assert [one.detail for one in rejects] == ["at is no time: 'never'"]


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2024-05-06T07:08:09Z", "2024-05-06 07:08"),
        ("2024-05-06", "2024-05-06 00:00"),
        ("2023/05/20 (Sat) 02:21", "2023-05-20 02:21"),
        ("20.05.2023 02:21", "2023-05-20 02:21"),
        ("05/20/2023", "2023-05-20 00:00"),
        ("Sat, 20 May 2023 02:21:00 +0000", "2023-05-20 02:21"),
        (1_684_549_260, "2023-05-20 02:21"),
        (1_684_549_260.5, "2023-05-20 02:21"),
        (1_684_549_260_000, "2023-05-20 02:21"),
        ("1684549260", "2023-05-20 02:21"),
        ("yesterday", None),
        ("", None),
        (7, None),
        (True, None),
        (None, None),
        (float("inf"), None),
        (float("nan"), None),
        ("9" * 400, None),
        ([], None),
    ],
)
def test_times(value: object, time: str | None) -> None:
    assert parse_time(value) == time


def test_an_own_format_is_a_class_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lines_format.py").write_text(
        "from pipeline.sources.document_builder import DocumentBuilder\n"
        "class Lines:\n"
        "    def __init__(self, speaker):\n"
        "        self.speaker = speaker\n"
        "    def iter_documents(self, shard, source, rejects):\n"
        "        for part in shard.parts:\n"
        "            builder = DocumentBuilder(source, part.path, part.path)\n"
        "            start = 0\n"
        "            for line in (shard.raw_dir / part.path).read_text().splitlines(keepends=True):\n"
        "                builder.add(line, start=start, speaker=self.speaker)\n"
        "                start += len(line)\n"
        "            yield builder.build()\n"
    )
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.txt").write_text("One.\nTwo.\n")
    monkeypatch.syspath_prepend(tmp_path)
    (document,), _ = read_documents(tmp_path / "raw", make_format("lines_format:Lines", speaker="Ann"))
    assert isinstance(document, Document)
    assert [read_span(tmp_path / "raw", one.source_span) for one in document.segments] == ["One.", "Two."]
    with pytest.raises(MemcurateError, match="does not take the keys encoding"):
        read_documents(tmp_path / "raw", make_format("lines_format:Lines", encoding="x"))
    for name in ("lines_format:None_", "no_module:Lines", "nothing"):
        with pytest.raises(MemcurateError, match=r"sources\.made\.format: no format"):
            read_documents(tmp_path / "raw", make_format(name, speaker="Ann"))


def test_bad_bytes_cost_their_record_alone(tmp_path: Path) -> None:
    """Latin-1 among UTF-8, in each kind of file; the others can be traced still."""
    (tmp_path / "a.csv").write_bytes("text,label\nGood é,x\n".encode() + "Bad é,x\n".encode("latin-1"))
    (tmp_path / "b.jsonl").write_bytes(b'{"text": "Fine", "label": "y"}\n{"text": "\xe9", "label": "y"}\n')
    (tmp_path / "c.json").write_text('{"text": "Lines", "label": "y"}\n{"text": "More", "label": "y"}\n')
    parsed = parse(tmp_path, "labels")
    assert {one.text for one in parsed.labelled_examples} == {"Good é", "Fine", "Lines", "More"}
    places = [(one.source_span.file, one.source_span.record) for one in parsed.rejects if one.source_span]
    assert places == [("a.csv", "/1"), ("b.jsonl", "/1")]
    for example in parsed.labelled_examples:
        assert read_span(tmp_path, example.source_span) == example.text


def test_a_title_in_two_files_is_two_documents(tmp_path: Path) -> None:
    for name in ("a", "b"):
        row = {"title": "T", "context": f"In {name} is an answer.", "question": "Q?", "answers": "answer"}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row))
    parsed = parse(tmp_path, "qa", title="title")
    assert [one.name for one in parsed.documents] == ["T", "T in b.jsonl"]
    for document in parsed.documents:
        for segment in document.segments:
            assert read_span(tmp_path, segment.source_span) == segment.text


def test_suffixes_count_in_any_case_and_labels_of_any_type(tmp_path: Path) -> None:
    (tmp_path / "A.CSV").write_text("text,label\nOne,x\n\n\n")
    rows = [
        {"text": f"T{n}", "label": label} for n, label in enumerate([True, 0, 1.5, ["y"], None, float("nan")])
    ]
    (tmp_path / "b.JSONL").write_text("\n".join(map(json.dumps, rows)))
    parsed = parse(tmp_path, "labels")
    assert [one.label for one in parsed.labelled_examples] == ["x", "true", "0", "1.5", "y"]
    assert [one.source_span.record for one in parsed.rejects if one.source_span] == ["/4", "/5"]


def test_a_latin_1_table_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("text,label\ncafé,x\nthé,x\n".encode("latin-1"))
    parsed = parse(tmp_path, "labels")
    assert [one.text for one in parsed.labelled_examples] == ["café", "thé"]
    assert read_span(tmp_path, parsed.labelled_examples[1].source_span) == "thé"


def test_headings_inside_fences_are_none(tmp_path: Path) -> None:
    text = (
        "# One\n\na\n\n  ```\n# x\n~~~\n# y\n  ```\n# Two\n\n~~~\n```\n# z\n~~~\n# Three\n\nb\n\n```\n# w\n"
    )
    (tmp_path / "a.md").write_text(text)
    (book,), _ = read_documents(tmp_path, make_format("text"))
    assert isinstance(book, Book)
    assert [title for _, _, title in book.chapters] == ["a, One", "a, Two", "a, Three"]


def test_a_date_of_a_parquet_file_is_a_time() -> None:
    assert parse_time(date(2024, 1, 2)) == "2024-01-02 00:00"


@pytest.mark.parametrize(
    ("times", "day_first", "read"),
    [
        (["02/03/2024", "17/03/2024"], None, ["2024-03-02", "2024-03-17"]),
        (["02/03/2024", "03/17/2024"], None, ["2024-02-03", "2024-03-17"]),
        (["02/03/2024", "05/05/2024"], None, ["2024-05-05"]),  # the other may be of two months
        (["02/03/2024", "05/05/2024"], True, ["2024-03-02", "2024-05-05"]),
        (["02/03/2024", "17/03/2024"], False, ["2024-02-03", "2024-03-17"]),
    ],
)
@pytest.mark.parametrize("form", ["timeline", "table", "messages"])
def test_which_number_is_the_day_is_told_or_known_by_other_dates(
    form: str, times: list[str], day_first: bool | None, read: list[str], tmp_path: Path
) -> None:
    said = [("user", "Hello."), ("assistant", "Hi!")]
    if form == "messages":
        if day_first is None and len(read) == len(times):
            pytest.skip("a chat has no column of dates to look at")
        records = [
            {"date": time, "messages": [{"role": role, "content": text} for role, text in said]}
            for time in times
        ]
        columns: dict[str, object] = {}
    else:
        records = [
            {"date": time, "role": role, "text": text, "chat": time} for time in times for role, text in said
        ]
        columns = {"time": "date", "text": "text", "speaker": "role"}
        columns |= {"conversation": "chat"} if form == "table" else {}
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, records)))
    name = "timeline" if form == "timeline" else "messages"
    documents, rejects = read_documents(tmp_path, make_format(name, day_first=day_first, **columns))
    assert sorted({one.time[:10] for document in documents for one in document.segments if one.time}) == read
    assert all("which number is the day" in one.detail for one in rejects)
    assert bool(rejects) == (len(read) < len(times))
