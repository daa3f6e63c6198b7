"""Files of one's own in the public shapes, from `memcurate add` to filtered instances, with the real dvc."""

import csv
import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.core.schema import Instance, Reject, segment_text
from pipeline.core.storage import read_rows
from pipeline.sources.io import read_span
from pipeline.sources.times import parse_time
from tests.integration.project import BIN, copy_repository, dvc, ran, run

pytestmark = pytest.mark.slow

Write = Callable[[Path, Path], str]


def read_sessions(raw: Path) -> list[list[dict[str, Any]]]:
    """The distinct sessions of LongMemEval with two speakers."""
    (path,) = (raw / "longmemeval").glob("*.json")
    records = json.loads(path.read_text(encoding="utf-8"))
    sessions = [session for one in records for session in one["haystack_sessions"] if len(session) > 1]
    return list({session[0]["content"]: session for session in sessions}.values())


def write_chats(folder: Path, raw: Path) -> str:
    lines = [json.dumps({"messages": session}) for session in read_sessions(raw)[:150]]
    (folder / "chats.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return "chats.jsonl"


def write_sharegpt(folder: Path, raw: Path) -> str:
    names = {"user": "human", "assistant": "gpt"}
    chats = [
        {"conversations": [{"from": names[one["role"]], "value": one["content"]} for one in session]}
        for session in read_sessions(raw)[150:300]
    ]
    (folder / "sharegpt.json").write_text(json.dumps(chats), encoding="utf-8")
    return "sharegpt.json"


def write_wildchat(folder: Path, raw: Path) -> str:
    first = datetime(2023, 5, 1)
    rows = [
        {
            "conversation_hash": f"h{number}",
            "timestamp": first + timedelta(hours=number),
            "conversation": [
                {"content": one["content"], "role": one["role"], "toxic": False} for one in session
            ],
            "hashed_ip": f"u{number % 40}",
        }
        for number, session in enumerate(read_sessions(raw)[300:450])
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "wildchat.parquet", row_group_size=40)
    return "wildchat.parquet"


def write_notes(folder: Path, raw: Path) -> str:
    (folder / "notes" / "sub").mkdir(parents=True)
    book = (raw / "gutenberg" / "austen-emma.txt").read_text(encoding="utf-8")
    paragraphs = [text for text in book.split("\n\n") if len(text) > 200]
    for number in range(60):
        first, *others = paragraphs[8 * number : 8 * number + 8]
        text = "\n\n".join(others)
        (folder / "notes" / f"{number}.txt").write_text(first)
        front = f"---\ntitle: Note {number}\n---\n"
        (folder / "notes" / "sub" / f"{number}.md").write_text(f"{front}# Part\n\n{text}\n")
    (folder / "notes" / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    return "notes"


def write_labels(folder: Path, raw: Path) -> str:
    pool = json.loads((raw / "banking77" / "pool.json").read_text(encoding="utf-8"))
    pairs = zip(pool["train_texts"], pool["train_labels"], strict=True)
    rows = [
        (f'{text}\n"Thanks"', pool["label_names"][str(label)]) for text, label in pairs if int(label) < 12
    ]
    with (folder / "tickets.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("body", "queue"), *rows[:900]])
    return "tickets.csv"


def write_questions(folder: Path, raw: Path) -> str:
    squad = json.loads((raw / "squad_dev" / "squad.json").read_text(encoding="utf-8"))
    paragraphs = [one for article in squad["data"] for one in article["paragraphs"]]
    rows = [
        {
            "context": one["context"],
            "question": qa["question"],
            "answers": [answer["text"] for answer in qa["answers"]],
        }
        for one in paragraphs[::4]
        for qa in one["qas"]
        if qa["answers"]
    ]
    (folder / "qa.jsonl").write_text("\n".join(map(json.dumps, rows[:500])), encoding="utf-8")
    return "qa.jsonl"


def read_messages(raw: Path) -> list[tuple[datetime, str, str]]:
    """The (time, sender, text) of the messages of 700 chats of chitchat, in order of time."""
    chats = json.loads((raw / "chitchat" / "dataset.json").read_text(encoding="utf-8"))
    messages = [one for chat in list(chats.values())[:700] for turn in chat["messages"] for one in turn]
    rows = [
        (datetime.fromisoformat(str(parse_time(one["timestamp"]))), f"P{one['sender'][:5]}", one["text"])
        for one in messages
        if one["text"].strip()
    ]
    return sorted(rows, key=lambda row: row[0])


def write_log(folder: Path, raw: Path) -> str:
    rows = [(str(time), sender, text) for time, sender, text in read_messages(raw)]
    with (folder / "log.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("at", "who", "what"), *rows])
    return "log.csv"


def write_claude(folder: Path, raw: Path) -> str:
    first = datetime(2024, 1, 1)
    senders = {"user": "human", "assistant": "assistant"}
    chats = [
        {
            "uuid": f"c{number}",
            "name": f"Chat {number}",
            "created_at": f"{first + timedelta(hours=number):%Y-%m-%dT%H:%M:%S.%fZ}",
            "account": {"uuid": "a"},
            "chat_messages": [
                {
                    "uuid": f"m{place}",
                    "text": one["content"],
                    "content": [{"type": "text", "text": one["content"]}] if place else [],
                    "sender": senders[one["role"]],
                    "created_at": f"{first + timedelta(hours=number, minutes=place):%Y-%m-%dT%H:%M:%S.%fZ}",
                    "attachments": [],
                }
                for place, one in enumerate(session)
            ],
        }
        for number, session in enumerate(read_sessions(raw)[450:600])
    ]
    (folder / "claude").mkdir()
    (folder / "claude" / "conversations.json").write_text(json.dumps(chats), encoding="utf-8")
    (folder / "claude" / "users.json").write_text(json.dumps([{"uuid": "a", "full_name": "Ann"}]))
    return "claude"


def write_whatsapp_iphone(folder: Path, raw: Path) -> str:
    """The zip with pictures that an iPhone makes; the day stands first."""
    lines = ["\u200e[01/05/18, 00:00:00] Group: \u200eMessages and calls are end-to-end encrypted."]
    for number, (time, sender, text) in enumerate(read_messages(raw)):
        text = "\u200eimage omitted" if number % 50 == 0 else text
        lines.append(f"[{time:%d/%m/%y, %H:%M:%S}] {sender}: {text}")
    with zipfile.ZipFile(folder / "chat_export.zip", "w") as archive:
        archive.writestr("00000001-PHOTO.jpg", b"\xff\xd8\0" * (1 << 20))
        archive.writestr("_chat.txt", "\r\n".join(lines))
    return "chat_export.zip"


def write_whatsapp_android(folder: Path, raw: Path) -> str:
    lines = [
        f"{time:%-m/%-d/%y, %-I:%M\u202f%p} - {sender}: {text}" for time, sender, text in read_messages(raw)
    ]
    (folder / "WhatsApp Chat with Bob.txt").write_text("\n".join(lines), encoding="utf-8")
    return "WhatsApp Chat with Bob.txt"


def write_whatsapp_friends(folder: Path, raw: Path) -> str:
    """A chat of two friends in short messages, in one file of some months."""
    chat = Path(__file__).parents[1] / "pipeline" / "questions" / "rules" / "chat_of_friends.txt"
    shutil.copy(chat, folder / "Friends.txt")
    return "Friends.txt"


def write_telegram(folder: Path, raw: Path) -> str:
    messages = [
        {
            "id": number,
            "type": "message",
            "date": f"{time:%Y-%m-%dT%H:%M:%S}",
            "from": sender,
            "from_id": f"user{sender}",
            "text": text if number % 2 else [{"type": "bold", "text": text[:9]}, text[9:]],
        }
        for number, (time, sender, text) in enumerate(read_messages(raw))
    ]
    (folder / "telegram" / "photos").mkdir(parents=True)
    (folder / "telegram" / "photos" / "a.jpg").write_bytes(b"\xff\xd8\0")
    chat = {"name": "Group", "type": "private_group", "id": 1, "messages": messages}
    (folder / "telegram" / "result.json").write_text(json.dumps(chat), encoding="utf-8")
    return "telegram"


def write_discord(folder: Path, raw: Path) -> str:
    messages = [
        {
            "id": str(number),
            "type": "Default",
            "timestamp": f"{time:%Y-%m-%dT%H:%M:%S}.5+00:00",
            "content": text,
            "author": {"id": sender, "name": sender, "nickname": sender},
        }
        for number, (time, sender, text) in enumerate(read_messages(raw))
    ]
    channel = {"guild": {"name": "G"}, "channel": {"name": "c"}, "messages": messages, "messageCount": 1}
    (folder / "discord.json").write_text(json.dumps(channel), encoding="utf-8")
    return "discord.json"


def write_slack(folder: Path, raw: Path) -> str:
    days: dict[str, list[dict[str, str]]] = {}
    messages = read_messages(raw)
    for number, (time, sender, text) in enumerate(messages):
        seconds = (time - datetime(1970, 1, 1)).total_seconds()
        message = {"type": "message", "user": f"U{sender}", "text": text, "ts": f"{seconds:.0f}.{number:06d}"}
        days.setdefault(f"{time:%Y-%m-%d}", []).append(message)
    (folder / "slack" / "general").mkdir(parents=True)
    names = {sender for _, sender, _ in messages}
    users = [{"id": f"U{name}", "profile": {"real_name": name}} for name in sorted(names)]
    (folder / "slack" / "users.json").write_text(json.dumps(users))
    (folder / "slack" / "channels.json").write_text("[]")
    for day, of_day in days.items():
        (folder / "slack" / "general" / f"{day}.json").write_text(json.dumps(of_day), encoding="utf-8")
    return "slack"


def write_squad(folder: Path, raw: Path) -> str:
    shutil.copy(raw / "squad_dev" / "squad.json", folder / "my_squad.json")
    return "my_squad.json"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_repository(tmp_path_factory.mktemp("own") / "project")
    (folder / "own").mkdir()
    dvc(folder, "repro", "assets")
    return folder


@pytest.mark.parametrize(
    ("write", "min_questions"),
    [
        (write_chats, 3),
        (write_sharegpt, 3),
        (write_wildchat, 3),
        (write_notes, 3),
        (write_labels, 30),
        (write_questions, 30),
        (write_log, 3),
        (write_claude, 3),
        (write_whatsapp_iphone, 3),
        (write_whatsapp_android, 3),
        (write_whatsapp_friends, 3),
        (write_telegram, 3),
        (write_discord, 3),
        (write_slack, 3),
        (write_squad, 30),
    ],
)
def test_own_files_become_instances_without_code(
    write: Write, min_questions: int, project: Path, raw: Path
) -> None:
    """Bar: both splits, at least 90 % of the text, and questions; every segment can be traced."""
    name = write(project / "own", raw)
    source = name.partition(".")[0].lower().replace(" ", "_")
    shown = run(project, BIN / "memcurate", "add", f"own/{name}")
    stages = {f"{stage}@{source}" for stage in ("fetch", "chunk", "question", "filter")}
    assert ran(dvc(project, "repro", f"filter@{source}")) == stages
    assert ran(dvc(project, "repro", f"filter@{source}")) == set()
    instances = list(read_rows(project / "data" / "filtered" / source / "instances.parquet", Instance))
    assert {one.split for one in instances} == {"train", "test"}, shown
    for split in ("train", "test"):
        asked = [len(one.questions) for one in instances if one.split == split]
        assert sum(asked) >= min_questions * len(asked), shown
    raw_dir = project / "data" / "raw" / source
    first = instances[0].chunks[0]
    for segment in first.segments:
        assert read_span(raw_dir, segment.source_span) == segment_text(first, segment)
    chunks = [chunk for one in instances for chunk in one.chunks]
    assert all("timestamp None" not in chunk.text for chunk in chunks)
    assert all("at None" not in question.text for one in instances for question in one.questions)
    if write is not write_labels:  # of labelled examples, some are asked for and not shown
        folders = [project / "data" / stage / source for stage in ("chunks", "filtered")]
        rejects = [row for folder in folders for row in read_rows(folder / "rejects.parquet", Reject)]
        chunked = read_rows(folders[0] / "instances.parquet", Instance)
        kept_before = sum(one.tokens for one in chunked)
        assert sum(one.tokens for one in instances) >= 0.9 * kept_before, shown
        lost = sum(len(segment.text) for one in rejects for segment in one.segments)
        assert lost <= 0.1 * sum(len(chunk.text) for chunk in chunks), shown
    assert source in run(project, BIN / "memcurate", "status")


def test_a_changed_file_rebuilds_its_source_alone(project: Path, raw: Path) -> None:
    """And a changed key rebuilds what depends on it: there is no hash to delete."""
    for write in (write_notes, write_labels):
        if not (project / "own" / "other").exists():
            (project / "own" / "other").mkdir()
        name = write(project / "own" / "other", raw)
        run(
            project,
            BIN / "memcurate",
            "add",
            f"own/other/{name}",
            "--name",
            f"other_{name.partition('.')[0]}",
        )
    targets = ["filter@other_notes", "filter@other_tickets"]
    dvc(project, "repro", *targets)
    with (project / "own" / "other" / "tickets.csv").open("a") as file:
        file.write("A new ticket,oil\n")
    rerun = ran(dvc(project, "repro", *targets))
    assert {stage.partition("@")[2] for stage in rerun} == {"other_tickets"} and len(rerun) == 4
    (project / "own" / "other" / "notes" / "new.txt").write_text("A new note about Captain Ahab. " * 30)
    rerun = ran(dvc(project, "repro", *targets))
    assert {stage.partition("@")[2] for stage in rerun} == {"other_notes"}
    params = project / "params.yaml"
    checks = (
        "checks: {max_answer_tokens: null, drop_yes_no: false, drop_answer_in_question: true, "
        "language: null, min_keywords: 5, min_summary_overlap: 73, min_questions: 1, max_questions: 50}"
    )
    text = params.read_text()
    params.write_text(text.replace("  other_notes:\n", f"  other_notes:\n    {checks}\n"))
    assert ran(dvc(project, "repro", *targets)) == {"filter@other_notes"}
