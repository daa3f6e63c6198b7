"""Chats of ChatGPT's export, conversations.json: a tree of messages in each record.

`mapping` has the nodes by their ids, and `current_node` is the last message of the branch that is shown.
Other branches, which are older versions of messages, are not read.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.core.json_reader import DuplicateKeyObject
from pipeline.core.schema import Reject
from pipeline.sources.formats.message_fields import Keys, Message, iter_parts, name_speaker
from pipeline.sources.io import make_record_reject
from pipeline.sources.records import RawRecord, read_string
from pipeline.sources.times import parse_time

_UNSEEN_ROLES = ("system", "tool")
_TEXT_PARTS = ("audio_transcription",)  # kinds of parts that are objects with a text


def is_tree(value: Any) -> bool:
    """Return whether a value is a record of the export."""
    mapping = value.get("mapping") if isinstance(value, dict) else None
    return (
        isinstance(mapping, dict)
        and bool(mapping)
        and all(isinstance(node, dict) and {"parent", "children"} & node.keys() for node in mapping.values())
    )


def read_branch(record: RawRecord, source: str, rejects: list[Reject]) -> Iterator[Message]:
    """Yield the messages of the shown branch that a reader of the chat sees, in order.

    Messages of the system, to and of tools, and hidden or empty ones are left out. Text of another kind, such
    as code that is run, is a reject, and so are a malformed message and a branch that is broken.
    """
    mapping = record.value["mapping"]
    problem, branch = _find_branch(record.value)
    if problem:
        rejects.append(make_record_reject(source, "broken branch", problem, record.span("mapping")))
    chat_time = parse_time(record.value.get("create_time"))
    for node in branch:
        keys = ("mapping", node, "message")
        value = mapping[node].get("message")
        if value is None:
            continue
        problem = _find_problem(value)
        if problem:
            rejects.append(make_record_reject(source, "malformed message", problem, record.span(*keys)))
            continue
        role = value["author"]["role"]
        if role in _UNSEEN_ROLES or _is_hidden(value) or value.get("recipient", "all") not in ("all", None):
            continue
        texts = list(_iter_texts(value))
        if texts:
            time = parse_time(value.get("create_time")) or chat_time
            yield Message(record, keys, value, texts, name_speaker(role), time)
        elif str(value["content"].get("text") or "").strip():
            detail = f"content_type {value['content'].get('content_type')!r:.60}"
            rejects.append(make_record_reject(source, "message of another kind", detail, record.span(*keys)))


def _find_branch(value: dict[str, Any]) -> tuple[str, list[str]]:
    """Return (what is wrong with the shown branch, the ids of its nodes from the root on)."""
    mapping = value["mapping"]
    if isinstance(mapping, DuplicateKeyObject):
        return f"the id {mapping.duplicate_keys[0]!r} stands twice in mapping", []
    node = value.get("current_node")
    if not _is_id(node, mapping):
        return _follow_last_children(mapping)
    branch: dict[str, None] = {}  # in order
    problem = ""
    while node is not None and not problem:
        branch[node] = None
        parent = mapping[node].get("parent")
        if parent is not None and not _is_id(parent, mapping):
            problem = f"the parent {parent!r:.80} of {node} is missing"
        elif parent in branch:
            problem = f"{parent} is its own ancestor"
        node = parent
    return problem, list(branch)[::-1]


def _follow_last_children(mapping: dict[str, Any]) -> tuple[str, list[str]]:
    roots = [node for node, one in mapping.items() if not _is_id(one.get("parent"), mapping)]
    if not roots:
        return "no node is without a parent", []
    node, branch = roots[-1], {roots[-1]: None}
    while True:
        children = mapping[node].get("children")
        known = [one for one in children if _is_id(one, mapping)] if isinstance(children, list) else []
        if not known:
            return "", list(branch)
        node = known[-1]
        if node in branch:
            return f"{node} is its own ancestor", list(branch)
        branch[node] = None


def _is_id(value: Any, mapping: dict[str, Any]) -> bool:
    return isinstance(value, str) and value in mapping


def _find_problem(message: Any) -> str:
    """Return what is missing in a message, or wrong with its text; empty: nothing."""
    if not isinstance(message, dict):
        return f"an object is expected, not {message!r:.80}"
    author = message.get("author")
    if not isinstance(author, dict) or read_string(RawRecord("", (), author), "role") is None:
        return f"author.role is missing in {message!r:.80}"
    content = message.get("content")
    if not isinstance(content, dict):
        return f"content is missing in {message!r:.80}"
    parts = content.get("parts")
    record = RawRecord("", (), parts)
    strings = [
        number for number, part in enumerate(_as_list(parts)) if isinstance(part, str) and part.strip()
    ]
    damaged = [number for number in strings if read_string(record, number) is None]
    return f"part {damaged[0]} has half a surrogate pair, which is not a character" if damaged else ""


def _is_hidden(message: dict[str, Any]) -> bool:
    metadata = message.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("is_visually_hidden_from_conversation"))


def _iter_texts(message: dict[str, Any]) -> Iterator[tuple[Keys, str]]:
    """Yield (keys, text) of the parts that are text; images and other files are not."""
    parts = _as_list(message["content"].get("parts"))
    for path, text in iter_parts(RawRecord("", (), message), ("content", "parts"), parts):
        part = parts[int(path[2])]
        if isinstance(part, str) or (isinstance(part, dict) and part.get("content_type") in _TEXT_PARTS):
            yield path, text


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
