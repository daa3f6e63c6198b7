"""Files of one's own become a source by one command: params.yaml keeps the rest, and a sample is shown."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.params import load_params
from pipeline.core.yaml_reader import parse_yaml
from pipeline.sources.detection import detect_format
from stages.cli.params_block import insert_source
from tests.conftest import ROOT
from tests.integration.project import BIN

MESSAGES = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
TITLE = {"title": "title"}
SQUAD = {"data": [{"title": "T", "paragraphs": [{"context": "C", "qas": []}]}]}


def write(path: Path, *records: object) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("record", "name", "columns"),
    [
        ({"messages": MESSAGES}, "messages", {}),
        (MESSAGES, "messages", {}),
        ({"id": 1, "conversations": [{"from": "human", "value": "x"}]}, "messages", {}),
        ({"conversation": MESSAGES, "timestamp": "2024-01-01", "text": "x"}, "messages", {}),
        ({"log": MESSAGES}, "messages", {"messages": "log"}),
        ({"context": "c", "question": "q", "answers": ["a"]}, "qa", {}),
        (
            {"passage": "c", "Question": "q", "answer": "a"},
            "qa",
            {"context": "passage", "question": "Question", "answers": "answer"},
        ),
        (
            {"title": "t", "context": "c", "question": "q", "answers": {"text": ["a"]}},
            "qa",
            {"title": "title"},
        ),
        (
            {"at": "2024-01-01", "who": "Ann", "what": "x"},
            "timeline",
            {"time": "at", "text": "what", "speaker": "who"},
        ),
        (
            {"ts": "1709283600.12", "user": "U1", "text": "x", "type": "message"},
            "timeline",
            {"time": "ts", "speaker": "user"},
        ),
        ({"text": "x", "label": "a"}, "labels", {}),
        ({"body": "x", "queue": "a", "id": "7"}, "labels", {"text": "body", "label": "queue"}),
        ({"text": "x", "title": "t"}, "text", {}),
        ({"Nachricht": "x", "Kategorie": "a"}, "labels", {"text": "Nachricht", "label": "Kategorie"}),
        ({"texte": "x", "Catégorie": "a"}, "labels", {"text": "texte", "label": "Catégorie"}),
        (
            {"Texto": "c", "pregunta": "q", "respuesta": "a"},
            "qa",
            {"context": "Texto", "question": "pregunta", "answers": "respuesta"},
        ),
        (
            {"Datum": "2024-01-01", "Absender": "Ann", "Inhalt": "x"},
            "timeline",
            {"time": "Datum", "text": "Inhalt", "speaker": "Absender"},
        ),
        (
            {"date": "2024-01-01", "auteur": "Ann", "contenu": "x"},
            "timeline",
            {"time": "date", "text": "contenu", "speaker": "auteur"},
        ),
        ({"body": "x"}, "text", {"text": "body"}),
    ],
)
def test_the_format_of_records(record: Any, name: str, columns: dict[str, str], tmp_path: Path) -> None:
    found = detect_format([write(tmp_path / "a.jsonl", *[record] * 5)])
    assert (found.name, found.columns) == (name, columns)


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (
            ("conversation_id", "message_id", "sent_at", "sender", "body"),
            {"conversation": "conversation_id", "time": "sent_at", "speaker": "sender", "text": "body"},
        ),
        (
            ("threadId", "n", "timestamp", "role", "content"),
            {"conversation": "threadId", "time": "timestamp", "speaker": "role", "text": "content"},
        ),
        (
            ("session", "n", "Date", "from", "value"),
            {"conversation": "session", "time": "Date", "speaker": "from", "text": "value"},
        ),
        (
            ("Gesprach", "n", "Zeitstempel", "Absender", "Nachricht"),
            {"conversation": "Gesprach", "time": "Zeitstempel", "speaker": "Absender", "text": "Nachricht"},
        ),
    ],
)
@pytest.mark.parametrize("mark", ",;")
def test_a_table_of_messages(
    mark: str, header: tuple[str, ...], columns: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    rows = [(f"c{n // 4}", f"{n}", f"2024-01-02 10:{n:02d}", "AB"[n % 2], f"Text {n}.") for n in range(20)]
    path.write_text("\n".join(map(mark.join, [header, *rows])))
    found = detect_format([path])
    assert (found.name, found.columns) == ("messages", columns)
    assert found.reason.endswith(f"; not used: {header[1]}")


def test_a_table_of_conversations_of_a_message_each_is_a_timeline(tmp_path: Path) -> None:
    rows = [{"chat_id": n, "sender": "AB"[n % 2], "body": "x", "sent_at": "2024-01-02"} for n in range(9)]
    found = detect_format([write(tmp_path / "a.jsonl", *rows)])
    assert (found.name, found.reason) == ("timeline", "columns sent_at, body and sender; not used: chat_id")


def test_the_format_of_files(tmp_path: Path) -> None:
    assert detect_format([write(tmp_path / "a.json", SQUAD)]).name == "squad"
    (tmp_path / "a.md").write_text("x")
    assert detect_format([tmp_path / "a.md"]).name == "text"
    with pytest.raises(MemcurateError, match="no format fits its columns x, y"):
        detect_format([write(tmp_path / "b.jsonl", {"x": 1, "y": 2})])
    (tmp_path / "c.jsonl").write_text("")
    with pytest.raises(MemcurateError, match="has no record"):
        detect_format([tmp_path / "c.jsonl"])


BLOCK = {"format": "text", "files": ["file:own/**", "file:a b.txt"], "text": "yes"}


def test_mails_are_texts_with_a_warning(tmp_path: Path) -> None:
    """Their headers would be texts too."""
    mail = (
        "From: ann@a.org\nTo: bob@a.org\nDate: Mon, 5 Feb 2024 10:00:00 +0100\nSubject: Hello\n\nHello Bob!\n"
    )
    note = "From: here.\nTo: there.\n\nDate: today, and the subject is open.\n"
    for number, text in enumerate((mail, note, mail)):
        (tmp_path / f"{number}.eml").write_text(text)
    found = detect_format(sorted(tmp_path.iterdir()))
    assert found.name == "text" and found.warning.startswith("2 of 3 files are mails: as `text` they keep")
    (tmp_path / "0.eml").write_text(note)
    assert detect_format(sorted(tmp_path.iterdir())).warning == ""


@pytest.mark.parametrize(
    "enabled", ["enabled_sources: [a]", "enabled_sources:\n- a  # one\n", "enabled_sources:\n    - a"]
)
@pytest.mark.parametrize("end", ["", "\n", "\n\n# The end.\n", "\nlast: 1\n", "\n\n# A comment.\nlast: {}\n"])
@pytest.mark.parametrize(
    "sources",
    ["sources:\n  a: {x: &x 1}", "sources:\n    b:\n        y: |\n            text\n    a: 1  # one"],
)
def test_a_source_is_inserted_and_the_rest_stays(enabled: str, sources: str, end: str) -> None:
    text = f"# First.\n{enabled}\n{sources}{end}"
    edited = insert_source(text, "new", BLOCK, "params.yaml")
    expected = parse_yaml(text, "")
    expected["enabled_sources"] = [*expected["enabled_sources"], "new"]
    expected["sources"]["new"] = BLOCK
    assert parse_yaml(edited, "") == expected
    assert [line for line in text.splitlines() if line not in edited.splitlines()] in (
        [],
        ["enabled_sources: [a]"],
    )


@pytest.fixture
def project(tmp_path: Path, raw: Path, assets: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the params, the assets, and chats, notes and tickets."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(
        (ROOT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "assets").symlink_to(assets)
    (tmp_path / "own" / "Notes 2024").mkdir(parents=True)
    book = (raw / "gutenberg" / "carroll-alice.txt").read_text(encoding="utf-8")
    paragraphs = [text for text in book.split("\n\n") if len(text) > 200]
    for number in range(25):
        text = "\n\n".join(paragraphs[7 * number : 7 * number + 7])
        (tmp_path / "own" / "Notes 2024" / f"{number}.md").write_text(f"# Day {number}\n\n{text}")
    return tmp_path


def memcurate(project: Path, *arguments: str, status: int = 0) -> str:
    done = subprocess.run(
        [BIN / "memcurate", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_folder_of_notes_is_added_and_shown(project: Path) -> None:
    before = (project / "params.yaml").read_text(encoding="utf-8")
    shown = memcurate(project, "add", "own/Notes 2024")
    assert "a new source, notes_2024. format: text" in shown
    assert "25 files" in shown and "An instance of" in shown and "dvc repro filter@notes_2024" in shown
    params = load_params(project / "params.yaml")
    assert params.enabled_sources[-1] == "notes_2024"
    source = params.sources["notes_2024"]
    assert source.format is not None and source.format.name == "text"
    assert source.files[0].locations[0].locator == "file:own/Notes 2024/**"
    after = (project / "params.yaml").read_text(encoding="utf-8")
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    assert memcurate(project, "preview", "notes_2024").startswith("notes_2024: 25 files")
    assert "has a source 'notes_2024' already" in memcurate(project, "add", "own/Notes 2024", status=1)
    assert (project / "params.yaml").read_text(encoding="utf-8") == after


def test_a_key_alone_changes_nothing_else(project: Path) -> None:
    """As `chunking: {max_tokens: 300}` below a source of notes: it stays joined."""
    shown = memcurate(project, "add", "own/Notes 2024", "--name", "notes")
    before = load_params(project / "params.yaml").sources["notes"]
    with (project / "params.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "    chunking: {max_tokens: 300}\n    questions: {cloze: 1}\n    checks: {max_questions: 9}\n"
        )
    after = load_params(project / "params.yaml").sources["notes"]
    update = {
        "chunking": before.chunking.model_copy(update={"max_tokens": 300}),
        "questions": before.questions.model_copy(update={"cloze": 1}),
        "checks": before.checks.model_copy(update={"max_questions": 9}),
    }
    assert after == before.model_copy(update=update)
    kept = [
        int(re.findall(r"kept +(\d+) %", text)[0]) for text in (shown, memcurate(project, "preview", "notes"))
    ]
    assert kept[1] >= kept[0] - 2


CHAT = "".join(
    f"3/{13 + n // 40}/24, 10:{10 + n % 40} - {('Ann', 'Bob')[n % 2]}: Hello {n}.\n" for n in range(400)
)


def test_a_mixed_folder_is_not_swallowed(project: Path) -> None:
    """The commands that are printed add its parts."""
    (project / "own" / "WhatsApp Chat with Ann.txt").write_text(CHAT)
    write(project / "own" / "ai" / "chats.jsonl", *[{"messages": MESSAGES}] * 9)
    (project / "own" / "team" / "general").mkdir(parents=True)
    (project / "own" / "team" / "users.json").write_text("[]")
    day = [{"type": "message", "user": f"U{n % 2}", "ts": f"17147{n:05d}.1", "text": "Hi"} for n in range(9)]
    (project / "own" / "team" / "general" / "2024-05-03.json").write_text(json.dumps(day))
    before = (project / "params.yaml").read_bytes()
    shown = memcurate(project, "add", "own", status=1)
    assert (project / "params.yaml").read_bytes() == before
    commands = [line.strip() for line in shown.splitlines() if line.startswith("  memcurate add ")]
    assert commands == [
        "memcurate add 'own/Notes 2024'",
        "memcurate add 'own/WhatsApp Chat with Ann.txt'",
        "memcurate add own/ai",
        "memcurate add own/team",
    ]
    assert "format: text" in memcurate(project, *shlex.split(commands[0])[1:])
    shown = memcurate(project, "add", "own/team", "own/ai/chats.jsonl", status=1)
    assert "memcurate add own/team/general own/team/users.json\n" in shown
    shown = memcurate(project, "add", "own/Notes 2024/1.md", "own/Notes 2024/2.md", "--name", "two")
    assert "warning: 2 files of two are in notes_2024 too" in shown


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["add", "own/none"], "own/none is missing"),
        (["add", "own", "--name", "A b"], "write lower-case letters"),
        (["add", "own/empty"], "no file is there"),
        (["preview", "none"], "has no source 'none'"),
    ],
)
def test_what_cannot_be_added_changes_nothing(project: Path, arguments: list[str], error: str) -> None:
    (project / "own" / "empty").mkdir()
    before = (project / "params.yaml").read_bytes()
    assert error in memcurate(project, *arguments, status=1)
    assert (project / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"format": "text", "txt": "a"}, "sources.own.txt: no such key exists"),
        ({"format": "labels", "label": 3}, "sources.own.label: should be a valid string"),
        ({"format": "messages", "about": {}}, "sources.own.about: is named card now"),
        ({}, "sources.own.chunking: missing"),
        ({}, r"sources\.own\.format: missing\. Write messages, text, .*, or MODULE:CLASS \(docs/own-data"),
        (
            {"format": None},
            r"sources\.own\.format: should be the name of a format; got None\. Write messages",
        ),
        ({"format": 3}, r"sources\.own\.format: should be the name of a format; got 3\. Write messages"),
        ({"format": "trec"}, r"sources\.own\.label: missing"),
        (
            {"format": "text", "language": "German"},
            r"sources\.own\.language: takes an ISO 639 code .*such as de; got 'German'",
        ),
        ({"format": "trec", "label": "all"}, r"sources\.own\.label: should be 'coarse' or 'fine'"),
        (
            {"format": "label_files", "texts": ["a"], "labels": []},
            r"sources\.own\.labels: should hold at least 1",
        ),
        (
            {"format": "label_files", "texts": ["a"], "labels": ["b", "c"]},
            r"sources\.own\.format: texts names 1 and labels 2",
        ),
    ],
)
def test_a_wrong_key_of_a_format_is_named(change: dict[str, Any], error: str, project: Path) -> None:
    values = parse_yaml((ROOT / "params.yaml").read_text(encoding="utf-8"), "")
    values["sources"]["own"] = {"files": ["file:own/a.txt"], **change}
    (project / "params.yaml").write_text(json.dumps(values))
    with pytest.raises(MemcurateError, match=error):
        load_params(project / "params.yaml")


def test_the_language_of_german_notes_is_written(project: Path) -> None:
    """Without it they would be read as English, and give no question."""
    folder = project / "own" / "notizen"
    folder.mkdir()
    texts = [
        "Die erste öffentliche Bibliothek der Stadt wurde am 12. März 1897 von der Königin eröffnet.",
        "Meine Großmutter arbeitete bis zum 4. Juni 1962 in einer kleinen Weberei am Ufer des Flusses.",
        "Der neue Bäcker verkauft seit dem 20. Mai 2019 auch Kuchen nach den Rezepten seiner Mutter.",
        "Im alten Schulhaus wohnten nach dem Krieg 14 Familien, die sich zwei Küchen teilen mussten.",
    ]
    for number, text in enumerate(texts):
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    shown = memcurate(project, "add", "own/notizen")
    assert "format: text, language: de" in shown
    assert load_params(project / "params.yaml").sources["notizen"].language == "de"
    assert "Was fehlt in diesem Satz" in shown


def test_a_large_file_is_sampled(project: Path) -> None:
    """Bar: seconds for 100 MB."""
    line = json.dumps(
        {"messages": [{"role": role, "content": "Hello, Ann. " * 40} for role in ("user", "assistant")]}
    )
    with (project / "own" / "big.jsonl").open("w") as file:
        for _ in range(20):
            file.write(f"{line}\n" * 1000)
    shown = memcurate(project, "add", "own/big.jsonl", status=1)  # all chats are alike
    assert "of a sample of 1.6 MB" in shown


def test_a_large_export_is_sampled_behind_its_head(project: Path) -> None:
    """And the pictures beside it are not what is read."""
    folder = project / "own" / "export"
    (folder / "photos").mkdir(parents=True)
    (folder / "0.jpg").write_bytes(b"\xff\xd8\0" * (1 << 20))
    messages = [
        {
            **{"id": n, "type": "message", "from": "AB"[n % 2]},
            **{"date": f"2024-01-{1 + n // 1000:02d}T10:00:00", "text": f"I live in house {n}. " * 8},
        }
        for n in range(20_000)
    ]
    chat = {"name": "B", "type": "personal_chat", "id": 1, "messages": messages}
    (folder / "result.json").write_text(json.dumps(chat))
    shown = memcurate(project, "add", "own/export", status=1)  # all messages are alike
    assert "format: messenger\n  because: 1 of 1 file is a chat, of Telegram" in shown
    assert "of a sample of 1.6 MB" in shown


def test_a_chat_whose_dates_do_not_tell_asks_for_the_key(project: Path) -> None:
    lines = [f"3/{4 + n // 50}/24, 10:{10 + n % 50} - {'AB'[n % 2]}: I live in {n}.\n" for n in range(300)]
    (project / "own" / "_chat.txt").write_text("".join(lines))
    shown = memcurate(project, "add", "own/_chat.txt", status=1)
    assert "dropped  300 records: ambiguous time 300" in shown
    assert "Write `day_first: true` or `false` beside `format`" in shown
    assert "params.yaml is unchanged" in shown and "format: messenger" in shown


def test_status_of_what_was_built(project: Path) -> None:
    memcurate(project, "add", "own/Notes 2024", "--name", "notes")
    for stage in ("fetch", "chunk", "question", "filter"):
        done = subprocess.run(
            [sys.executable, "-m", f"stages.{stage}", "notes"],
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        if stage != "fetch":
            assert done.stdout.startswith(f"{stage}@notes: ")
    table, dataset = memcurate(project, "status").split("\n\n")
    assert dataset.startswith("data/dataset, last assembled: ") or "not here yet" in dataset
    header, *lines = table.splitlines()
    assert re.split("  +", header)[:5] == ["source", "train", "test", "train chunks", "test chunks"]
    by_source = {row[0]: row[1:] for row in map(str.split, lines)}
    assert by_source["gutenberg"][0] == "–"
    train, test, train_chunks, test_chunks, *questions = map(int, by_source["notes"][:6])
    assert train_chunks >= train > 0 and test_chunks >= test > 0 and all(questions)
    assert f"{questions[0]} train, {questions[1]} test; " in done.stdout
    statistics = project / "data" / "filtered" / "notes" / "statistics.json"
    counts = json.loads(statistics.read_text())
    statistics.write_text(json.dumps({key: value for key, value in counts.items() if key != "test"}))
    assert "warning: notes has no test instance" in memcurate(project, "status")


@pytest.mark.parametrize("name", ["long.jsonl", "lines.json"])
def test_a_file_of_long_lines_is_sampled_whole(name: str, project: Path) -> None:
    """A chat over the sample's size, and values per line in a file named .json."""
    turns = [
        {"role": role, "content": f"Hello {n}. " * 40} for n in range(3000) for role in ("user", "assistant")
    ]
    with (project / "own" / name).open("w") as file:
        for _ in range(2):
            file.write(f"{json.dumps({'messages': turns})}\n")
    shown = memcurate(project, "add", f"own/{name}", status=1)  # two chats are too few
    assert "format: messages" in shown and "malformed" not in shown


def test_files_that_add_cannot_take_are_told_by_name(project: Path) -> None:
    for folder in ("a", "b"):
        (project / "own" / folder).mkdir()
        write(project / "own" / folder / "x.jsonl", *[{"messages": MESSAGES}] * 3)
    assert "own/b/x.jsonl and another file would have the same name" in memcurate(
        project, "add", "own/a", "own/b", status=1
    )
    (project / "own" / "a" / "empty.jsonl").write_text("")
    (project / "own" / "a" / "b!ng#*.jsonl").write_text(json.dumps({"messages": MESSAGES}))
    (project / "own" / "a" / ".dot.jsonl").write_text(json.dumps({"messages": MESSAGES}))
    shown = memcurate(project, "add", "own/a", status=1)
    assert "3 files" in shown and "nothing can be built of a yet" in shown
    block = f"\n{shown.rpartition(chr(10) * 2)[2]}"
    assert block == '\n  a:\n    format: messages\n    files: ["file:own/a/**"]\n'
    with (project / "params.yaml").open("a", encoding="utf-8") as params:
        params.write(block)
    text = (project / "params.yaml").read_text(encoding="utf-8")
    text = text.replace("enabled_sources:\n", "enabled_sources:\n  - a\n")
    (project / "params.yaml").write_text(text, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "stages.fetch", "a"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert {path.name for path in (project / "data/raw/a").iterdir()} == {
        "x.jsonl",
        "empty.jsonl",
        "b!ng#*.jsonl",
    }
    assert "1 file," in memcurate(project, "add", "own/a/.dot.jsonl", "--name", "dot", status=1)
    (project / "own" / "c").mkdir()
    os.close(os.open(os.fsencode(project / "own" / "c") + b"/\xff.txt", os.O_CREAT))
    before = (project / "params.yaml").read_bytes()
    error = memcurate(project, "add", "own/c", status=1)
    assert "name is not UTF-8" in error and (project / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("empty.txt", b"", "the first blank text, empty.txt: the file is empty"),
        (
            "utf16.txt",
            "Hello".encode("utf-16"),
            "utf16.txt is UTF-16, by its byte order mark: save it as UTF-8",
        ),
        ("one.jsonl", json.dumps({"messages": MESSAGES[:1]}).encode(), "the first chat with one speaker"),
    ],
)
def test_what_gives_no_instance_is_told_and_not_added(
    file: str, content: bytes, reason: str, project: Path
) -> None:
    """A source that gives nothing would stop the build of all others."""
    (project / "own" / file).write_bytes(content)
    before = (project / "params.yaml").read_bytes()
    shown = memcurate(project, "add", f"own/{file}", status=1)
    assert reason in shown and "Next:" not in shown and "new source" not in shown
    assert "params.yaml is unchanged" in shown
    assert f"  {file.partition('.')[0]}:\n    format: " in shown and f'files: ["file:own/{file}"]' in shown
    assert (project / "params.yaml").read_bytes() == before
