"""Chats of ChatGPT's export: the branch that is shown, what is left out, and what is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.sources.detection import detect_format
from pipeline.sources.io import read_span
from pipeline.sources.parsed import Document
from tests.pipeline.sources.reading import make_format, read_documents

TEXT = "text"


def node(name: str, parent: str | None, role: str = "", *parts: Any, **changes: Any) -> dict[str, Any]:
    """A node of a tree; its message is None without a role."""
    message: dict[str, Any] | None = None
    if role:
        message = {
            "id": name,
            "author": {"role": role, "name": None, "metadata": {}},
            "create_time": None,
            "content": {"content_type": TEXT, "parts": list(parts)},
            "metadata": {},
            "recipient": "all",
            **changes,
        }
    return {"id": name, "message": message, "parent": parent, "children": []}


def tree(*nodes: dict[str, Any], current: str | None = None, **values: Any) -> dict[str, Any]:
    mapping = {one["id"]: one for one in nodes}
    for one in nodes:
        if one["parent"] in mapping:
            mapping[one["parent"]]["children"].append(one["id"])
    return {
        "title": "T",
        "create_time": 1_684_549_260.5,
        "mapping": mapping,
        "current_node": current,
        **values,
    }


def read(folder: Path, *chats: Any) -> tuple[list[list[tuple[str | None, str | None, str]]], list[Any]]:
    """(speaker, time, text) of each message of each chat; the rejects."""
    (folder / "conversations.json").write_text(json.dumps(chats))
    documents, rejects = read_documents(folder, make_format("messages"))
    for document in documents:
        assert isinstance(document, Document)
        for segment in document.segments:
            assert read_span(folder, segment.source_span) == segment.text
    found = [
        [(one.speaker, one.time, one.text) for one in document.segments]
        for document in documents
        if isinstance(document, Document)
    ]
    return found, [(one.source_span.record, one.reason) for one in rejects if one.source_span]


HIDDEN = {"metadata": {"is_visually_hidden_from_conversation": True}}
CHAT = (
    node("root", None),
    node("system", "root", "system", "Be brief."),
    node("profile", "system", "user", "I am Ann.", **HIDDEN),
    node(
        "q1",
        "profile",
        "user",
        {"content_type": "image_asset_pointer"},
        " Hi! ",
        "",
        create_time=1_700_000_000,
    ),
    node("old", "q1", "assistant", "Old."),
    node("call", "q1", "assistant", "search(1)", recipient="web"),
    node("found", "call", "tool", "Found."),
    node("a1", "found", "assistant", "New."),
    node("picture", "a1", "user", {"content_type": "image_asset_pointer", "text": "x"}),
    node("voice", "picture", "user", {"content_type": "audio_transcription", "text": "Said."}),
    node("a2", "voice", "assistant", "Heard."),
)
SHOWN = [
    ("User", "2023-11-14 22:13", "Hi!"),
    ("Assistant", "2023-05-20 02:21", "New."),
    ("User", "2023-05-20 02:21", "Said."),
    ("Assistant", "2023-05-20 02:21", "Heard."),
]


def test_the_shown_branch_is_read(tmp_path: Path) -> None:
    chat = tree(*json.loads(json.dumps(CHAT)), current="a2")
    assert read(tmp_path, chat) == ([SHOWN], [])
    assert detect_format([tmp_path / "conversations.json"]).name == "messages"
    other = tree(*json.loads(json.dumps(CHAT)), current="old")
    assert [text for *_, text in read(tmp_path, other)[0][0]] == ["Hi!", "Old."]


def test_without_a_current_node_the_last_children_are_read(tmp_path: Path) -> None:
    for current in (None, "lost"):
        assert read(tmp_path, tree(*json.loads(json.dumps(CHAT)), current=current)) == ([SHOWN], [])


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    chat = tree(
        node("root", None),
        {**node("list", "root"), "message": [1]},
        node("nobody", "list", "user", "x", author={}),
        node("empty", "nobody", "user", "x", content=None),
        node("half", "empty", "user", "\ud800"),
        node("q", "half", "user", "Hi"),
        node("code", "q", "assistant", content={"content_type": "code", "text": "print(2)"}),
        node("thought", "code", "assistant", content={"content_type": "thoughts", "thoughts": []}),
        node("a", "thought", "assistant", "Ho"),
        current="a",
    )
    found, rejects = read(
        tmp_path, chat, tree(node("root", None), current="root"), {"title": "T", "mapping": {}}
    )
    assert [[text for *_, text in one] for one in found] == [["Hi", "Ho"]]
    assert rejects == [
        ("/0/mapping/list/message", "malformed message"),
        ("/0/mapping/nobody/message", "malformed message"),
        ("/0/mapping/empty/message", "malformed message"),
        ("/0/mapping/half/message", "malformed message"),
        ("/0/mapping/code/message", "message of another kind"),
        ("/1", "chat without messages"),
        ("/2", "malformed record"),
    ]


@pytest.mark.parametrize("parent", ["a", "q", "lost", ["a"], 7])
def test_a_broken_branch_ends(parent: Any, tmp_path: Path) -> None:
    nodes = [node("q", None, "user", "Hi"), node("a", "q", "assistant", "Ho")]
    chat = tree(*nodes, current="a")
    chat["mapping"]["q"]["parent"] = parent
    found, rejects = read(tmp_path, chat)
    assert [[text for *_, text in one] for one in found] == [["Hi", "Ho"]]
    assert rejects == [("/0/mapping", "broken branch")]


def test_circles_without_a_current_node_end(tmp_path: Path) -> None:
    nodes = [node("q", None, "user", "Hi"), node("a", "q", "assistant", "Ho")]
    chat = tree(*nodes)
    chat["mapping"]["a"]["children"] = ["lost", 3, "q"]
    assert read(tmp_path, chat)[1] == [("/0/mapping", "broken branch")]
    chat["mapping"]["q"]["parent"] = "a"
    assert read(tmp_path, chat) == ([], [("/0/mapping", "broken branch"), ("/0", "chat without messages")])


def test_an_id_that_stands_twice_is_told(tmp_path: Path) -> None:
    one = json.dumps(node("q", None, "user", "Hi"))
    (tmp_path / "conversations.json").write_text(f'[{{"mapping": {{"q": {one}, "q": {one}}}}}]')
    _, rejects = read_documents(tmp_path, make_format("messages"))
    assert [reject.reason for reject in rejects] == ["broken branch", "chat without messages"]
