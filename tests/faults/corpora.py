"""Small corpora for the stages: books, chats, labelled texts and questions, of sentences that tell facts."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

_NAMES = (
    "Harlow Bexley Morton Ashby Quill Ferris Calder Voss Thorne Lindqvist Okafor Marsh Pryce Dunne".split()
)
_TITLES = "Captain Doctor Mrs. Mr. Professor Lady".split()
_PLACES = "Bristol Lisbon Bergen Genoa Cadiz Riga Boston Havana Oslo Naples Dublin Tunis".split()
_THINGS = "barrels horses letters clocks lanterns maps coins sailors bells carpets violins kites".split()
_VERBS = "bought sold found lost carried counted painted hid repaired borrowed".split()
_MONTHS = "January March April June July September October December".split()
_ENDS = (
    "although the rain had not stopped for a week",
    "because the harbour was frozen",
    "while the whole street watched",
    "as the old contract demanded",
    "before anyone could object",
)
_LABELS = {"travel": "How do I get to", "trade": "How much is paid for", "people": "Who is the friend of"}

SOURCES: dict[str, dict[str, Any]] = {
    "books": {
        "format": "text",
        "headings": "books",
        "files": ["file:own/books/*.txt"],
        "chunking": {"strategy": "books", "max_tokens": 512, "min_chunks": 2, "max_chunks": 4},
    },
    "chats": {"format": "messages", "files": ["file:own/chats.jsonl"]},
    "shops": {"format": "labels", "files": ["file:own/shops.csv"]},
    "quiz": {"format": "qa", "files": ["file:own/quiz.jsonl"]},
}


def write_corpora(folder: Path, seed: int = 0) -> None:
    """Write the files of SOURCES below `folder/own`."""
    draw, own = Random(seed), folder / "own"
    (own / "books").mkdir(parents=True)
    for number in range(8):
        chapters = (
            f"CHAPTER {chapter}\n\n" + "\n\n".join(_paragraph(draw) for _ in range(25))
            for chapter in range(1, 15)
        )
        (own / "books" / f"book-{number}.txt").write_text("\n\n\n".join(chapters), encoding="utf-8")
    with (own / "chats.jsonl").open("w", encoding="utf-8") as file:
        for number in range(60):
            file.write(json.dumps({"id": f"chat-{number}", "messages": list(_messages(draw))}) + "\n")
    with (own / "shops.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label"])
        for _ in range(600):
            label = draw.choice(list(_LABELS))
            rows.writerow([f"{_LABELS[label]} {_who(draw)} of {draw.choice(_PLACES)}?", label])
    with (own / "quiz.jsonl").open("w", encoding="utf-8") as file:
        for number in range(80):
            file.write(json.dumps(_question(draw, number)) + "\n")


def _who(draw: Random) -> str:
    return f"{draw.choice(_TITLES)} {draw.choice(_NAMES)}"


def _sentence(draw: Random) -> str:
    date = f"{draw.randint(1, 28)} {draw.choice(_MONTHS)} {draw.randint(1790, 1899)}"
    told = f"{_who(draw)} {draw.choice(_VERBS)} {draw.randint(3, 900)} {draw.choice(_THINGS)}"
    return f"On {date} {told} in {draw.choice(_PLACES)}, {draw.choice(_ENDS)}."


def _paragraph(draw: Random) -> str:
    return " ".join(_sentence(draw) for _ in range(draw.randint(3, 7)))


def _messages(draw: Random) -> Iterator[dict[str, str]]:
    for _ in range(draw.randint(3, 8)):
        keeps = f"{draw.choice(_PLACES)} keeps {draw.randint(2, 70)} {draw.choice(_THINGS)}"
        yield {"role": "user", "content": f"My neighbor {_who(draw)} from {keeps}. {_sentence(draw)}"}
        yield {"role": "assistant", "content": _paragraph(draw)}


def _question(draw: Random, number: int) -> dict[str, Any]:
    who, count, thing, place = _who(draw), draw.randint(3, 900), draw.choice(_THINGS), draw.choice(_PLACES)
    fact = f"In the winter of case {number}, {who} left {count} {thing} in {place}."
    return {
        "context": f"{_paragraph(draw)} {fact} {_paragraph(draw)}",
        "question": f"How many {thing} did {who} leave in {place} in the winter of case {number}?",
        "answers": [str(count)],
    }
