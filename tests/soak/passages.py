"""Passages of the generated sources in their raw files: what is to be kept or rejected, and never lost."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.soak.corpus import SOURCES

Passage = tuple[str, str, str, int]  # text, file, JSON pointer or "", first character there


def iter_passages(raw: Path, source: str) -> Iterator[Passage]:
    """Yield the passages of a generated source, read by the standard library; none of another source."""
    for path in sorted(raw.iterdir() if source in SOURCES else ()):
        text = path.read_text(encoding="utf-8")
        if path.suffix in (".md", ".txt"):
            yield from _iter_lines(path.name, text)
            continue
        records = _read_records(path.suffix, text)
        for pointer, value in _ITERATORS.get(path.name, lambda _: iter(()))(records):
            yield value, path.name, pointer, 0


def iter_questions(raw: Path, source: str) -> Iterator[str]:
    """Yield the questions of a generated source."""
    for path in sorted(raw.iterdir() if source in SOURCES else ()):
        if path.name in _QUESTIONS:
            yield from _QUESTIONS[path.name](_read_records(path.suffix, path.read_text(encoding="utf-8")))


def _read_records(suffix: str, text: str) -> Any:
    if suffix == ".csv":
        return list(csv.DictReader(text.splitlines()))
    return [json.loads(line) for line in text.splitlines()] if suffix == ".jsonl" else json.loads(text)


def _iter_lines(name: str, text: str) -> Iterator[Passage]:
    """Yield the paragraphs of a text below its front matter, or the messages of a WhatsApp chat."""
    start = text.index("\n---\n") + 5 if text.startswith("---\n") else 0
    for line in text[start:].split("\n"):
        if name == "chat.txt" and ": " in line:
            head = line.index(": ") + 2
            yield line[head:], name, "", start + head
        elif name != "chat.txt" and line and not line.startswith("#"):
            yield line, name, "", start
        start += len(line) + 1


def _iter_chats(records: Any) -> Iterator[tuple[str, str]]:
    for number, record in enumerate(records):
        for place, turn in enumerate(record["messages"]):
            yield f"/{number}/messages/{place}/content", turn["content"]


def _iter_tickets(records: Any) -> Iterator[tuple[str, str]]:
    for number, record in enumerate(records):
        yield f"/{number}/body", record["body"]


def _iter_quiz(records: Any) -> Iterator[tuple[str, str]]:
    for number, record in enumerate(records):
        yield f"/{number}/context", record["context"]


def _iter_articles(records: Any) -> Iterator[tuple[str, str]]:
    for number, article in enumerate(records["data"]):
        for place, paragraph in enumerate(article["paragraphs"]):
            yield f"/data/{number}/paragraphs/{place}/context", paragraph["context"]


def _iter_worlds(records: Any) -> Iterator[tuple[str, str]]:
    for number, record in enumerate(records):
        for place, session in enumerate(record["sessions"]):
            for index, turn in enumerate(session["turns"]):
                if not turn.get(
                    "filler"
                ):  # asks for a passage of the filler, which this source does not have
                    yield f"/{number}/sessions/{place}/turns/{index}/text", turn["text"]


def _iter_trips(records: Any) -> Iterator[tuple[str, str]]:
    for number, record in enumerate(records):
        for place, (_, sentences) in enumerate(record["context"]):
            for index, sentence in enumerate(sentences):
                yield f"/{number}/context/{place}/1/{index}", sentence


def _iter_meetings(records: Any) -> Iterator[tuple[str, str]]:
    for number, record in enumerate(records):
        for place, session in enumerate(record["haystack_sessions"]):
            for index, turn in enumerate(session):
                yield f"/{number}/haystack_sessions/{place}/{index}/content", turn["content"]


_QUESTIONS: dict[str, Callable[[Any], Iterator[str]]] = {
    "quiz.jsonl": lambda records: (one["question"] for one in records),
    "articles.json": lambda records: (
        question["question"]
        for article in records["data"]
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ),
    "worlds.jsonl": lambda records: (one["text"] for record in records for one in record["questions"]),
    "hotpot.json": lambda records: (one["question"] for one in records),
    "meetings.json": lambda records: (one["question"] for one in records),
}
_ITERATORS = {
    "chats.jsonl": _iter_chats,
    "tickets.csv": _iter_tickets,
    "quiz.jsonl": _iter_quiz,
    "articles.json": _iter_articles,
    "worlds.jsonl": _iter_worlds,
    "hotpot.json": _iter_trips,
    "meetings.json": _iter_meetings,
}
