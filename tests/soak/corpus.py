"""Small sources by a seeded generator, in nine formats and two languages, for all strategies but one."""

import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.soak.words import FIRST_NAMES, Writer

Block = dict[str, Any]

_START = datetime(2023, 3, 1, 9, 0)
_NO_QUESTIONS = {"source": False, "label": 0, "summary": False, "cloze": 0}


def write_corpus(project: Path) -> dict[str, Block]:
    """Write the files of all sources below own/; return their blocks of params.yaml, by name."""
    blocks = {}
    parity = {"row": "SQuAD", "ablations": {"nothing": {}}}  # is the source as it is built
    for name, write in SOURCES.items():
        folder = project / "own" / name
        folder.mkdir(parents=True)
        block = write(folder, Writer(Random(name)))
        files = {} if "simulate" in block else {"files": [f"file:own/{name}/*"]}
        card = {"title": f"Generated {name}", "license": "CC0-1.0" if name in _FREE else "MIT"}
        blocks[name] = {**block, **files, "card": card, "parity": parity}
    return blocks


def _write_books(folder: Path, writer: Writer) -> Block:
    """Ten texts in Markdown, with front matter and chapters."""
    for number in range(10):
        chapters = "\n\n".join(
            f"## Part {chapter}\n\n"
            + "\n\n".join(writer.passage(5) for _ in range(writer.random.randint(2, 5)))
            for chapter in range(1, writer.random.randint(4, 7))
        )
        front = f"---\ntitle: Book {number}\ndate: 19{number}1-02-03\n---\n"
        (folder / f"book-{number}.md").write_text(f"{front}# Book {number}\n\n{chapters}\n", encoding="utf-8")
    return {
        "format": "text",
        "chunking": {"strategy": "books", "max_tokens": 300, "min_chunks": 2, "max_chunks": 4},
        "questions": {**_NO_QUESTIONS, "summary": True, "cloze": 3},
        "checks": {"language": "en", "min_questions": 1},
    }


def _write_chats(folder: Path, writer: Writer) -> Block:
    """Chats of some users with an assistant, in the shape of OpenAI, without times for some."""
    lines = []
    for number in range(60):
        turns = [
            {"role": role, "content": writer.message() if role == "user" else writer.passage(2)}
            for _ in range(writer.random.randint(2, 4))
            for role in ("user", "assistant")
        ]
        time = (
            {"created_at": f"{_START + timedelta(hours=7 * number):%Y-%m-%dT%H:%M:%S}"} if number % 9 else {}
        )
        lines.append(json.dumps({"user": f"u{number % 8}", **time, "messages": turns}))
    (folder / "chats.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {
        "format": "messages",
        "user": "user",
        "time": "created_at",
        "chunking": {"max_tokens": 256, "min_chunks": 2, "max_chunks": 6},
    }


def _write_tickets(folder: Path, writer: Writer) -> Block:
    """Messages with one of five labels, some twice and one without a label."""
    labels = ("billing", "delivery", "returns", "account", "praise")
    rows = [(writer.message(), writer.random.choice(labels)) for _ in range(240)]
    with (folder / "tickets.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("body", "queue"), *rows, rows[0], ("Without a label.", "")])
    return {
        "format": "labels",
        "text": "body",
        "label": "queue",
        "chunking": {"instances": 6, "chunks": 3, "max_tokens": 256},
        "questions": {"label": 20},
    }


def _write_quiz(folder: Path, writer: Writer) -> Block:
    """Passages with questions, some answered by yes, some without an answer."""
    lines = []
    for number in range(90):
        passage, facts = writer.passage_with_facts(4)
        for question, answer in facts[:2]:
            lines.append({"context": passage, "question": question, "answers": [answer, f"the {answer}"]})
        if number % 6 == 0:
            lines.append({"context": passage, "question": f"Is this passage {number}?", "answers": ["yes"]})
        if number % 7 == 0:
            lines.append({"context": passage, "question": f"What is in box {number}?", "answers": []})
    (folder / "quiz.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    return {
        "format": "qa",
        "chunking": {"max_tokens": 400, "min_chunk_tokens": 128, "max_chunks": 5},
        "checks": {"language": "en"},
    }


def _write_corrected(folder: Path, writer: Writer) -> Block:
    """Articles in SQuAD's shape, whose answers a later passage corrects."""
    articles = []
    for number in range(6):
        paragraphs = []
        for _ in range(14):
            passage, facts = writer.passage_with_facts(3)
            qas = [
                {
                    "id": f"{number}-{len(paragraphs)}-{place}",
                    "question": question,
                    "answers": [{"text": answer, "answer_start": passage.index(answer)}],
                    "is_impossible": False,
                }
                for place, (question, answer) in enumerate(facts)
            ]
            paragraphs.append({"context": passage, "qas": qas})
        articles.append({"title": f"Article_{number}", "paragraphs": paragraphs})
    (folder / "articles.json").write_text(json.dumps({"version": "v2.0", "data": articles}), encoding="utf-8")
    return {
        "format": "corrected_squad",
        "corrections": {"min_distance": 2, "max_distance": 6},
        "chunking": {"max_tokens": 256},
    }


def _write_worlds(folder: Path, writer: Writer) -> Block:
    """Draw simulated worlds: the source has no files of its own."""
    return {
        "format": "simulated_world",
        "simulate": {
            "train": 5,
            "test": 3,
            "people": 3,
            "facts": 10,
            "days": 40,
            "questions": 12,
            "filler": 0,
        },
        "chunking": {"strategy": "conversations", "max_tokens": 240, "min_chunks": 1, "max_chunks": 100},
    }


def _write_notizen(folder: Path, writer: Writer) -> Block:
    """Write a German chat of three people as WhatsApp exports it."""
    lines = ["01.03.23, 08:00 - Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt."]
    for number in range(320):
        time = _START + timedelta(hours=5 * number, minutes=writer.random.randint(0, 50))
        lines.append(f"{time:%d.%m.%y, %H:%M} - {FIRST_NAMES[number % 3]}: {writer.german_message()}")
    (folder / "chat.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {
        "format": "messenger",
        "language": "de",
        "chunking": {"max_tokens": 256, "min_chunks": 2, "max_chunks": 6},
        "questions": {**_NO_QUESTIONS, "cloze": 4, "min_clozes": 4},
    }


def _write_trips(folder: Path, writer: Writer) -> Block:
    """Questions over two linked articles each, in HotpotQA's shape."""
    articles = []
    for number in range(40):
        passage, facts = writer.passage_with_facts(3)
        sentences = [
            f"{part}." if number else f" {part}." for number, part in enumerate(passage[:-1].split(". "))
        ]
        articles.append((f"Place {number}", sentences, facts[0]))
    records = []
    for number in range(30):
        group = articles[number // 3 * 4 :][:4]  # of articles that questions link
        one, other = writer.random.sample(group, 2)
        records.append(
            {
                "_id": f"{number:024}",
                "question": one[2][0],
                "answer": one[2][1],
                "supporting_facts": [[one[0], 0], [other[0], 0]],
                "context": [[title, sentences] for title, sentences, _ in (one, other)],
                "type": "bridge",
                "level": "easy",
            }
        )
    (folder / "hotpot.json").write_text(json.dumps(records), encoding="utf-8")
    return {
        "format": "hotpotqa",
        "chunking": {
            "strategy": "linked_articles",
            "max_tokens": 256,
            "min_chunk_tokens": 128,
            "target_instance_tokens": 600,
            "min_chunks": 1,
            "max_chunks": 8,
        },
        "questions": {**_NO_QUESTIONS, "source": True},
        "checks": _all_checks(),
    }


def _write_meetings(folder: Path, writer: Writer) -> Block:
    """Questions with their dated sessions, in LongMemEval's shape."""
    records = []
    for number in range(24):
        dates, sessions, fact = [], [], ("", "")
        for session in range(3):
            passage, facts = writer.passage_with_facts(2)
            fact = facts[0]
            dates.append(f"{_START + timedelta(days=3 * number + session):%Y/%m/%d (%a) %H:%M}")
            reply = writer.passage(1)
            turns = [("user", passage), ("assistant", reply)]
            sessions.append(
                [{"role": who, "content": text, "has_answer": who == "user"} for who, text in turns]
            )
        records.append(
            {
                "question_id": f"q{number}",
                "question_type": "single-session-user",
                "question": fact[0],
                "answer": fact[1],
                "question_date": f"{_START + timedelta(days=200 + number):%Y/%m/%d (%a) %H:%M}",
                "haystack_dates": dates,
                "haystack_session_ids": [f"s{number}-{session}" for session in range(3)],
                "haystack_sessions": sessions,
                "answer_session_ids": [f"s{number}-2"],
            }
        )
    (folder / "meetings.json").write_text(json.dumps(records), encoding="utf-8")
    return {
        "format": "longmemeval",
        "chunking": {
            "strategy": "sessions",
            "max_tokens": 256,
            "min_questions": 2,
            "max_questions": 3,
            "min_instance_tokens": 100,
            "max_instance_tokens": 4000,
        },
        "questions": {**_NO_QUESTIONS, "source": True},
        "checks": _all_checks(),
    }


def _all_checks() -> Block:
    """Return a block `checks` for a format without defaults."""
    return {
        "max_answer_tokens": None,
        "drop_yes_no": False,
        "drop_answer_in_question": False,
        "language": None,
        "min_keywords": 5,
        "min_summary_overlap": 73,
        "min_questions": 1,
        "max_questions": 100,
    }


_FREE = ("books", "tickets")
SOURCES: dict[str, Callable[[Path, Writer], Block]] = {
    "books": _write_books,
    "chats": _write_chats,
    "tickets": _write_tickets,
    "quiz": _write_quiz,
    "corrected": _write_corrected,
    "worlds": _write_worlds,
    "notizen": _write_notizen,
    "trips": _write_trips,
    "meetings": _write_meetings,
}
