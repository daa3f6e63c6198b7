"""Chats in the shapes that are public: what is read, what is rejected, and where each message stands."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.sources.io import read_span
from pipeline.sources.parsed import Document
from tests.pipeline.sources.reading import make_format, read_documents

OPENAI = {
    "messages": [{"role": "user", "content": "Where is Ann?"}, {"role": "assistant", "content": " In Rome. "}]
}
SHAREGPT = {
    "id": "x",
    "conversations": [{"from": "human", "value": "Where is Ann?"}, {"from": "gpt", "value": " In Rome. "}],
}
WILDCHAT = {
    "conversation_hash": "h",
    "model": "m",
    "timestamp": "2023-05-01T10:20:30+00:00",
    "conversation": [
        {"content": "Where is Ann?", "role": "user", "language": "English", "toxic": False},
        {"content": " In Rome. ", "role": "assistant", "language": "English", "toxic": False},
    ],
    "hashed_ip": "ab",
}
LMSYS = {
    "conversation_id": "c",
    "model": "m",
    "conversation": [
        {"content": "Where is Ann?", "role": "user"},
        {"content": " In Rome. ", "role": "assistant"},
    ],
    "turn": 1,
    "redacted": False,
}
PARTS = {
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Where is Ann?"}, {"type": "image_url"}]},
        {"role": "assistant", "content": [{"type": "text", "text": " In Rome. "}]},
    ]
}


def read(
    tmp_path: Path, *records: Any, file: str = "a.jsonl", **columns: object
) -> tuple[list[Document], list[Any]]:
    path = tmp_path / "raw" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{json.dumps(one)}\n" for one in records), encoding="utf-8")
    found, rejects = read_documents(path.parent, make_format("messages", **columns))
    documents = [one for one in found if isinstance(one, Document)]
    assert documents == found
    for document in documents:
        for segment in document.segments:
            assert read_span(path.parent, segment.source_span) == segment.text
    return documents, rejects


@pytest.mark.parametrize("record", [OPENAI, SHAREGPT, WILDCHAT, LMSYS, PARTS, OPENAI["messages"]])
def test_a_chat_of_a_public_shape(record: Any, tmp_path: Path) -> None:
    (document,), rejects = read(tmp_path, record)
    assert rejects == []
    assert [(one.speaker, one.text) for one in document.segments] == [
        ("User", "Where is Ann?"),
        ("Assistant", "In Rome."),
    ]
    assert len(document.units) == 1  # a question and its reply stay together


def test_times_and_users(tmp_path: Path) -> None:
    (document,), _ = read(tmp_path, WILDCHAT)
    assert {one.time for one in document.segments} == {"2023-05-01 10:20"}
    assert document.group == "user ab"
    other = {"at": 1_700_000_000_000, "who": "Eve", "log": OPENAI["messages"]}
    (document,), _ = read(tmp_path, other, messages="log", time="at", user="who")
    assert {one.time for one in document.segments} == {"2023-11-14 22:13"}
    assert document.group == "user Eve"
    (document,), _ = read(tmp_path, OPENAI)
    assert {one.time for one in document.segments} == {None} and document.group == ""


def test_what_is_no_chat_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "raw" / "a.jsonl"
    path.parent.mkdir()
    lines = [
        json.dumps(OPENAI).encode(),
        b"{broken",
        b'{"messages": "none"}',
        b'"\xff"',
        b"",
        json.dumps({"messages": [OPENAI["messages"][0]]}).encode(),
        json.dumps({"messages": []}).encode(),
        json.dumps({"messages": [*OPENAI["messages"], {"role": "user"}, {"content": "x"}, 3]}).encode(),
        b"7",
    ]
    path.write_bytes(b"\n".join(lines))
    documents, rejects = read_documents(path.parent, make_format("messages"))
    assert [one.name for one in documents] == ["a.jsonl/0", "a.jsonl/7"]
    assert [(one.source_span and one.source_span.record, one.reason) for one in rejects] == [
        ("/1", "malformed record"),
        ("/2", "malformed record"),
        ("/3", "malformed record"),
        ("/5", "chat with one speaker"),
        ("/6", "chat without messages"),
        ("/7/messages/2", "message without text"),
        ("/7/messages/3", "message without a speaker"),
        ("/7/messages/4", "message without text"),
        ("/8", "malformed record"),
    ]
    assert "no list of messages: it has messages" in rejects[1].detail


@pytest.mark.parametrize("shard_bytes", [1, 100, 1000, 10_000])
def test_shards_of_a_file_give_what_the_whole_gives(shard_bytes: int, tmp_path: Path) -> None:
    records = [
        {"messages": [{**one, "content": f"{one['content']} {n}"} for one in OPENAI["messages"]]}
        for n in range(50)
    ]
    path = tmp_path / "jsonl" / "a.jsonl"
    path.parent.mkdir()
    path.write_text("\r\n\n".join(map(json.dumps, records)), encoding="utf-8")
    whole, _ = read_documents(path.parent, make_format("messages"))
    assert len(whole) == 50
    assert read_documents(path.parent, make_format("messages"), shard_bytes)[0] == whole
    folder = tmp_path / "parquet"
    folder.mkdir()
    pq.write_table(pa.Table.from_pylist(records), folder / "a.parquet", row_group_size=7)
    whole, _ = read_documents(folder, make_format("messages"))
    assert len(whole) == 50
    assert read_documents(folder, make_format("messages"), shard_bytes)[0] == whole


def test_a_time_of_a_parquet_file(tmp_path: Path) -> None:
    row = {**WILDCHAT, "timestamp": datetime(2024, 2, 3, 4, 5)}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    (document,), rejects = read_documents(tmp_path, make_format("messages"))
    assert isinstance(document, Document) and rejects == []
    assert document.segments[0].time == "2024-02-03 04:05"


def test_a_message_has_the_first_text_that_is_there(tmp_path: Path) -> None:
    messages = [
        {"role": "user", "content": "", "text": "Hi"},
        {"role": "assistant", "tool_calls": [{"x": 1}]},
        {"role": "assistant", "content": None, "value": "Ho"},
    ]
    (document,), rejects = read(tmp_path, {"messages": messages})
    assert [one.text for one in document.segments] == ["Hi", "Ho"]
    assert [one.reason for one in rejects] == ["message without text"]


def test_a_chat_of_claudes_export(tmp_path: Path) -> None:
    """Older exports have an empty `content` beside `text`; tools and thoughts are not said."""
    parts = [
        {"type": "thinking", "thinking": "Rome?"},
        {"type": "tool_use", "name": "search", "input": {}},
        {"type": "text", "text": "In Rome."},
    ]
    chat = {
        "uuid": "c",
        "account": {"uuid": "a"},
        "created_at": "2024-01-02T10:00:00.123456Z",
        "chat_messages": [
            {"sender": "human", "text": "Where is Ann?", "content": [], "created_at": "2024-01-02T10:01:00Z"},
            {"sender": "assistant", "text": "In Rome.", "content": parts},
        ],
    }
    (document,), rejects = read(tmp_path, [chat], file="conversations.json")
    assert rejects == [] and document.group == ""
    assert [(one.speaker, one.time, one.text) for one in document.segments] == [
        ("User", "2024-01-02 10:01", "Where is Ann?"),
        ("Assistant", "2024-01-02 10:00", "In Rome."),
    ]
