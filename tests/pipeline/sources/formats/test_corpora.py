"""Formats of public corpora on several files, and with columns of other names."""

import json
import shutil
from pathlib import Path

from pipeline.sources import SourceReader
from pipeline.sources.io import read_span
from pipeline.sources.parsed import Book, ParsedSource
from tests.pipeline.sources.factories import GOLDEN, make_turn
from tests.pipeline.sources.reading import make_format, read_documents


def parse(folder: Path, name: str, **columns: object) -> ParsedSource:
    return SourceReader("made", make_format(name, **columns)).parse(folder)


def test_known_books_have_their_headings_and_others_paragraphs(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    text = "Before.\n\nCHAPTER 1\n\nOne.\n\nTwo.\n\nCHAPTER 2\n\nThree."
    (tmp_path / "sub" / "austen-sense.txt").write_text(text)
    (tmp_path / "other.txt").write_text("CHAPTER 1\n\nOne.\n\nEnd of Project Gutenberg's Other\n")
    (tmp_path / "rows.jsonl").write_text(json.dumps({"text": "One.\n\nTwo.", "title": "T"}))
    books, rejects = read_documents(tmp_path, make_format("text", headings="books"))
    assert [one.name for one in books] == ["other", "rows.jsonl/0", "sub/austen-sense"]
    other, row, sense = books
    assert isinstance(other, Book) and isinstance(row, Book) and isinstance(sense, Book)
    assert [title for _, _, title in sense.chapters] == ["", "CHAPTER 1", "CHAPTER 2"]
    assert [title for _, _, title in other.chapters] == ["", ""]
    assert [row.text[start:end] for start, end, _ in row.chapters] == ["One.\n\n", "Two."]
    assert [title for _, _, title in row.chapters] == ["T", "T"]
    assert [one.reason for one in rejects] == ["licence text"]


def test_chapters_have_columns_of_any_name(tmp_path: Path) -> None:
    rows = [
        {
            "work": "W",
            "no": number,
            "body": f"Text {number}.",
            "notes": [{"text": " "}, {"text": " Sum. "}],
        }
        for number in ("1", "2", "1")
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, [*rows, {"work": "W", "body": "x"}])))
    parsed = parse(tmp_path, "chapters", title="work", chapter="no", text="body", summary="notes")
    assert [(one.name, one.group, one.text) for one in parsed.books] == [
        ("W/1", "W", "Text 1."),
        ("W/2", "W", "Text 2."),
    ]
    for book in parsed.books:
        (question,) = book.questions
        assert question.source_span is not None and question.summary == "Sum."
        assert read_span(tmp_path, question.source_span) == "Sum."
    found = [(one.reason, one.detail) for one in parsed.rejects]
    assert found == [("repeated chapter", "W/1"), ("malformed record", "/no: Field required")]


def test_chats_of_several_files_are_told_apart(tmp_path: Path) -> None:
    def chats(*words: str) -> str:
        turns = [make_turn(words[0], "ann"), make_turn(words[1], "bob")]
        return json.dumps({"c1": {"messages": turns}})

    for name, words in {"a": ("One", "Two"), "b": ("Three", "Four"), "c": ("one", "two")}.items():
        (tmp_path / f"{name}.json").write_text(chats(*words))
    parsed = parse(tmp_path, "chitchat")
    (document,) = parsed.documents
    assert [segment.text for segment in document.segments] == ["One", "Two", "Three", "Four"]
    for segment in document.segments:
        assert read_span(tmp_path, segment.source_span) == segment.text
    assert [(one.reason, one.source_span and one.source_span.file) for one in parsed.rejects] == [
        ("repeated chat", "c.json")
    ]


def test_a_repeated_question_of_another_file_is_a_reject(tmp_path: Path) -> None:
    file = GOLDEN / "longmemeval" / "raw" / "longmemeval_oracle.json"
    for name in ("a.json", "b.json"):
        shutil.copy(file, tmp_path / name)
    parsed = parse(tmp_path, "longmemeval")
    (tmp_path / "b.json").unlink()
    alone = parse(tmp_path, "longmemeval")
    assert parsed.documents == alone.documents and parsed.questions == alone.questions
    repeated = [one for one in parsed.rejects if one.reason == "repeated question id"]
    assert len(repeated) >= len(alone.documents)


def test_people_and_questions_may_have_files_of_other_names(tmp_path: Path) -> None:
    raw = GOLDEN / "perltqa" / "raw"
    shutil.copy(raw / "perltmem_en.json", tmp_path / "people.json")
    shutil.copy(raw / "perltqa_en.json", tmp_path / "asked.json")
    parsed = parse(tmp_path, "perltqa", memory_file="people.json", question_file="asked.json")
    plain = SourceReader("made", make_format("perltqa")).parse(raw)
    assert [one.id for one in parsed.questions] == [one.id for one in plain.questions]
    assert parsed.documents and len(parsed.rejects) == len(plain.rejects)


def test_questions_without_an_answer_may_be_kept(tmp_path: Path) -> None:
    """Of LongMemEval: their answer, which says that it was not told, is no gold answer."""
    shutil.copytree(GOLDEN / "longmemeval" / "raw", tmp_path, dirs_exist_ok=True)
    dropped, kept = (parse(tmp_path, "longmemeval", unanswerable=what) for what in ("drop", "keep"))
    assert len(kept.questions) == len(dropped.questions) + 1
    (unanswerable,) = [question for question in kept.questions if not question.answers]
    assert unanswerable.id not in {question.id for question in dropped.questions} and unanswerable.evidence
    assert [one.reason for one in dropped.rejects if one not in kept.rejects] == ["abstention question"]


def test_articles_that_no_question_rests_on_are_read_once(tmp_path: Path) -> None:
    def record(*titles: str, gold: str) -> dict[str, object]:
        context = [[title, [f"{title} is a lake.", " It is deep."]] for title in titles]
        facts = [[gold, 0]]
        return {
            "question": "?",
            "answer": "a",
            "type": "bridge",
            "supporting_facts": facts,
            "context": context,
        }

    rows = [record("A", "B", "C", gold="A"), record("C", "D &amp; E", "B", gold="C")]
    (tmp_path / "hotpotqa.json").write_text(json.dumps(rows))
    parsed = parse(tmp_path, "hotpotqa", articles="others")
    assert [one.name for one in parsed.documents] == ["B", "D & E"] and not parsed.questions
    for document in parsed.documents:
        first, second = document.segments
        assert read_span(tmp_path, first.source_span) == first.text
        assert second.text == "It is deep."
