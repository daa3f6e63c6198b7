"""Tables of messages: conversations that a column tells apart, whole whatever the shards, in order."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.sources.io import read_span
from pipeline.sources.parsed import Document
from tests.pipeline.sources.reading import make_format, read_documents

COLUMNS = {"conversation": "chat", "text": "body", "speaker": "who", "time": "at"}


def read(folder: Path, shard_bytes: int = 1 << 30, **columns: Any) -> tuple[list[Document], list[Any]]:
    found, rejects = read_documents(folder, make_format("messages", **(columns or COLUMNS)), shard_bytes)
    documents = [one for one in found if isinstance(one, Document)]
    assert documents == found
    for document in documents:
        for segment in document.segments:
            assert read_span(folder, segment.source_span) == segment.text
    return documents, rejects


def show(document: Document) -> list[tuple[str | None, str | None, str]]:
    return [(one.speaker, one.time, one.text) for one in document.segments]


def test_conversations_are_told_apart_and_ordered(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "chat,at,who,body\n"
        "x,2024-01-02 10:05,gpt,  In Rome. \n"
        'y,2024-01-02 10:00,Bob,"Hi,\nEve."\n'
        "x,2024-01-02 10:00,human,Where is Ann?\n"
        "y,2024-01-02 09:00,Eve,Hello.\n"
    )
    documents, rejects = read(tmp_path)
    assert rejects == []
    assert [show(one) for one in documents] == [
        [("User", "2024-01-02 10:00", "Where is Ann?"), ("Assistant", "2024-01-02 10:05", "In Rome.")],
        [("Eve", "2024-01-02 09:00", "Hello."), ("Bob", "2024-01-02 10:00", "Hi,\nEve.")],
    ]
    assert [len(one.units) for one in documents] == [1, 2]
    assert [one.name for one in documents] == ["a.csv/0", "a.csv/1"]
    assert [one.group for one in documents] == ["conversation x", "conversation y"]


def test_without_all_times_the_file_has_the_order(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("chat,at,who,body\n1,2024-01-03,Ann,a\n1,,Bob,b\n1,2024-01-02,Ann,c\n")
    (document,), rejects = read(tmp_path)
    assert [text for *_, text in show(document)] == ["a", "b", "c"] and rejects == []


def test_a_file_with_the_newest_first_is_turned(tmp_path: Path) -> None:
    rows = [
        f"1,2024-01-02 10:0{number // 2}:{30 - number % 2},{'AB'[number % 2]},m{number}"
        for number in range(6)
    ]
    (tmp_path / "a.csv").write_text("\n".join(["chat,at,who,body", *rows[::-1]]))
    (document,), _ = read(tmp_path)
    assert [text for *_, text in show(document)] == [f"m{number}" for number in range(6)]


def test_dates_of_the_column_tell_whether_the_day_is_first(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "chat,at,who,body\n1,01/02/2024 10:00,A,a\n1,02/02/2024 10:00,B,b\n"
        "2,13/02/2024 10:00,A,c\n2,13/02/2024,B,d\n"
    )
    documents, _ = read(tmp_path)
    assert [one.time for one in documents[0].segments] == ["2024-02-01 10:00", "2024-02-02 10:00"]


@pytest.mark.parametrize("shard_bytes", [1, 100, 1000])
def test_a_conversation_is_not_torn_by_shards(shard_bytes: int, tmp_path: Path) -> None:
    rows = [{"chat": number % 7, "who": "AB"[number // 7 % 2], "body": f"m{number}"} for number in range(70)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "b.jsonl").write_text("\n".join(map(json.dumps, rows[:14])))
    documents, rejects = read(tmp_path, shard_bytes)
    assert [len(one.segments) for one in documents] == [10] * 7 + [2] * 7 and rejects == []
    assert [text for *_, text in show(documents[1])] == [f"m{number}" for number in range(1, 70, 7)]
    assert documents[0].group == documents[7].group == "conversation 0"


def test_users(tmp_path: Path) -> None:
    rows = [
        {"chat": "x", "role": "user", "content": "Hi", "user_id": "u", "owner": None},
        {"chat": "x", "role": "assistant", "content": "Ho", "user_id": "u", "owner": "o"},
        {"chat": "y", "role": "user", "content": "Hi", "user_id": "u"},
        {"chat": "y", "role": "assistant", "content": "Ho", "user_id": "v"},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    documents, _ = read(tmp_path, conversation="chat")
    assert [one.group for one in documents] == ["user u", "conversation y"]
    documents, _ = read(tmp_path, conversation="chat", user="owner")
    assert [one.group for one in documents] == ["user o", "conversation y"]


def test_what_is_not_a_message_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = [
        {"chat": "x", "who": "Ann", "body": "Hi", "at": "2024-01-02"},
        {"chat": "x", "who": "Bob", "body": " "},
        {"chat": "x", "who": None, "body": "?", "at": "2024-01-02"},
        {"chat": None, "who": "Bob", "body": "?"},
        [1],
        {"chat": "x", "who": "Bob", "body": "Ho", "at": "2024-01-01"},
        {"chat": "y", "who": "Bob", "body": "Alone."},
        {"chat": "z", "who": "Bob", "body": ""},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (document,), rejects = read(tmp_path)
    assert [text for *_, text in show(document)] == ["Ho", "Hi"]
    assert [(one.source_span and one.source_span.record, one.reason) for one in rejects] == [
        ("/3", "malformed record"),
        ("/4", "malformed record"),
        ("/1", "message without text"),
        ("/2", "message without a speaker"),
        ("/6", "chat with one speaker"),
        ("/7", "message without text"),
        ("/7", "chat without messages"),
    ]
    assert rejects[0].detail == "no value in column chat; it has chat, who, body"


def test_columns_of_messages_in_lists(tmp_path: Path) -> None:
    row = {"log": [{"by": "Ann", "said": "Hi"}, {"by": "Bob", "said": "Ho"}]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    (document,), _ = read(tmp_path, messages="log", text="said", speaker="by")
    assert show(document) == [("Ann", None, "Hi"), ("Bob", None, "Ho")]


def test_lists_and_tables_exclude_each_other() -> None:
    with pytest.raises((MemcurateError, ValueError), match="write one of them"):
        make_format("messages", messages="log", conversation="chat")
