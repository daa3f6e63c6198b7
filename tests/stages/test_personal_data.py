"""Chats, mails, notes and questions with personal data, from the raw files to dataset and report.

Values are everywhere: in messages, names of files and speakers, keys of records, questions, answers, evidence
and rejects.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.core.environment import derive_pii_key
from pipeline.core.params import load_params
from pipeline.core.schema import Instance, PiiFinding, Reject, segment_text, segment_texts_by_id
from pipeline.core.storage import read_rows
from pipeline.sources import make_reader
from stages import assemble, chunk, filter, inputs, parity, question, report
from stages.cli.preview import preview
from stages.cli.show import make_span_reader
from stages.cli.trace import trace
from stages.shared.yields import describe_yield
from tests.integration.project import tree
from tests.pipeline.checks.test_pii import BODY
from tests.stages.conftest import Make, Project

SECRET = "a sentence that nobody else knows"  # pragma: allowlist secret
MAILS = [f"{name}.{number}@kanzlei-meier.de" for number in range(12) for name in ("anna", "jens")]
PHONES = [f"+49 170 12345{number:02}" for number in range(24)]
US_PHONES = [f"281-330-80{number:02}" for number in range(12)]
MOBILES = [f"138123456{number:02}" for number in range(12)]
CARD = "4111 1111 1111 1111"
TOKEN = "ghp_" + BODY[:36]
VALUES = [*MAILS, *PHONES, *US_PHONES, *MOBILES, CARD, TOKEN]
# Also in other ways of writing: without the country code, and without separators.
WRITTEN = [
    *VALUES,
    *(one.replace("+49 ", "0") for one in PHONES),
    *(re.sub(r"\D", "", one) for one in PHONES),
]

# No two messages are alike but for their values: clozes of such messages would be ambiguous.
GERMAN = "Fahrrad Sofa Klavier Zelt Regal Boot Radio Fernglas Mikroskop Teleskop Bett Auto".split()
ENGLISH = "bike sofa piano tent shelf boat radio camera lamp kettle desk violin".split()
CHINESE = "自行车 沙发 钢琴 帐篷 书架 小船 收音机 相机 台灯 水壶 书桌 小提琴".split()
CITIES = "北京 上海 广州 成都 武汉 西安 杭州 南京 重庆 天津 苏州 长沙".split()
TOWNS = "Bonn Köln Trier Jena Celle Worms Fulda Gera Emden Kiel".split()


def describe(number: int) -> str:
    return f"I paid {number + 300} dollars for the {ENGLISH[number % 12]} in {TOWNS[number // 12]}."


SMALL = {"max_tokens": 256, "min_chunks": 1}
SOURCES: dict[str, dict[str, Any]] = {
    "family": {"format": "messenger", "language": "de", "chunking": SMALL},
    "inbox": {"format": "messages", "chunking": SMALL},
    "contacts": {"format": "qa", "language": "de", "chunking": {"max_tokens": 256}},
    "notes": {"format": "text", "language": "zh", "chunking": SMALL},
}
OUTPUTS = ("chunks", "questions", "filtered", "parity", "dataset", "report")


def write_family(project: Project) -> None:
    """Write a chat in German, whose file and one of whose people are named by numbers."""
    lines = []
    for number in range(120):
        mail, phone = MAILS[number % 24], PHONES[number % 24]
        speaker = "Jens" if number % 3 else PHONES[0]
        local = phone.replace("+49 ", "0")
        thing, town = GERMAN[number % 12], TOWNS[number // 12]
        text = f"Ich habe {number + 200} Euro für das {thing} in {town} bezahlt, schreib bitte an {mail}."
        text += f" Oder ruf {local if number % 2 else phone} an." + (f" Karte: {CARD}" if number == 7 else "")
        lines.append(f"{number % 27 + 1:02}.05.24, {number % 12 + 8:02}:{number % 60:02} - {speaker}: {text}")
    lines.sort()
    project.raw(f"family/WhatsApp Chat mit {PHONES[0]}.txt", "\n".join(lines) + "\n")


def write_inbox(project: Project) -> None:
    """Write chats of users who are named by their addresses, and a record that is rejected."""
    rows: list[Any] = [
        {
            "user": MAILS[number % 24],
            "messages": [
                {"role": "user", "content": f"I moved to Leeds in May, call {US_PHONES[number % 12]} there."},
                {
                    "role": "assistant",
                    "content": f"Noted: {US_PHONES[number % 12]}, and {MAILS[number % 24]}.",
                },
                {
                    "role": "user",
                    "content": f"My token is {TOKEN}. {describe(number)}",
                },
            ],
        }
        for number in range(40)
    ]
    rows.append([MAILS[0][:-2], f"a list, {PHONES[1]}"])
    project.raw("inbox/chats.jsonl", "".join(json.dumps(row) + "\n" for row in rows))


def write_contacts(project: Project) -> None:
    """Write an object of records by mail address, with questions about mails and numbers."""
    rows = {}
    for number, mail in enumerate(MAILS):
        phone = PHONES[number % 24]
        written = mail.upper() if number % 2 else mail
        text = f"Frau Nummer {number} hat die Adresse {written} und das Handy {phone}."
        questions = [
            (f"Welche Adresse hat Frau Nummer {number} mit dem Handy {phone}?", mail),
            (f"Welches Handy hat Frau Nummer {number} mit der Adresse {mail}?", phone),
        ]
        for index, (asked, answer) in enumerate(questions):
            rows[f"{mail}/{index}"] = {
                "context": text + " Sie wohnt in Bonn.",
                "question": asked,
                "answers": [answer],
            }
    project.raw("contacts/contacts.json", json.dumps(rows))


def write_notes(project: Project) -> None:
    for number, mobile in enumerate(MOBILES):
        opened = f"1897年3月{number + 1}日"
        lines = [f"{CITIES[number]}的公共图书馆于{opened}由女王在旧城区的广场隆重揭幕。"]
        for thing in CHINESE:
            lines.append(f"下午大家都去看了{thing}。馆长的手机号是{mobile}，邮箱是{MAILS[number]}。")
        project.raw(f"notes/{mobile}.md" if number % 2 else f"notes/n{number}.md", "\n\n".join(lines) + "\n")


def make_project(make: Make, pii: str | None) -> Project:
    """Make a project with the sources; `pii`: their key; None: it is left out."""
    sources = {
        name: {**block, "files": [f"file:data/raw/{name}/*"], **({"pii": pii} if pii else {})}
        for name, block in SOURCES.items()
    }
    changes: dict[str, object] = {f"sources.{name}": block for name, block in sources.items()}
    project = make({**changes, "enabled_sources": list(SOURCES)})
    for write in (write_family, write_inbox, write_contacts, write_notes):
        write(project)
    return project


def build(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the stages from the raw files to the report, in this process."""
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("MEMCURATE_WORKERS", "1")
    params = load_params()
    for stage in (chunk.stage, question.stage, filter.stage, parity.stage):
        for name in params.enabled_sources:
            stage(params, name)
    assemble.stage(params, "")
    report.stage(params, "")


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMCURATE_PII_SECRET", SECRET)


def iter_outputs(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (path, all text) of each file that the stages wrote; of tables all their strings."""
    for path in sorted(
        one for name in OUTPUTS for one in (folder / "data" / name).rglob("*") if one.is_file()
    ):
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            text = repr(table.to_pylist()) + repr(table.schema.metadata)
        else:
            text = path.read_text(encoding="utf-8")
        yield str(path.relative_to(folder)), text


def find_values(folder: Path) -> list[tuple[str, str]]:
    """Return (path, value) of each value of personal data in an output."""
    return [(path, value) for path, text in iter_outputs(folder) for value in WRITTEN if value in text]


def read_kept(folder: Path, source: str) -> list[Instance]:
    return list(read_rows(folder / "data/filtered" / source / "instances.parquet", Instance))


def read_rejects(folder: Path, stage: str, source: str) -> list[Reject]:
    return list(read_rows(folder / "data" / stage / source / "rejects.parquet", Reject))


@pytest.mark.usefixtures("secret")
def test_masked_values_are_in_no_output(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(make, "mask")
    build(project, monkeypatch)
    lines = [line for source in SOURCES for line in describe_yield("chunk", source)]
    assert len([line for line in lines if re.search(r"; masked \d+ values: .*email \d+", line)]) == len(
        SOURCES
    )
    texts = dict(iter_outputs(project.folder))
    assert {path.split("/")[1] for path in texts} == set(OUTPUTS)
    assert find_values(project.folder) == []
    assert [path for path, text in texts.items() if "kanzlei-meier.de" in text or "12345" in text] == []
    assert SECRET not in "".join(texts.values())
    for source in SOURCES:
        folder = project.folder / "data/filtered" / source
        assert list(read_rows(folder / "pii_findings.parquet", PiiFinding)) == []
        assert {one.split for one in read_kept(project.folder, source)} == {"train", "test"}
        masked = json.loads((project.folder / "data/chunks" / source / "statistics.json").read_text())[
            "masked"
        ]
        assert masked["phone"] > 0 and masked["email"] > 0
    assert "Personal data in it is replaced by pseudonyms" in texts["data/dataset/README.md"]


@pytest.mark.usefixtures("secret")
def test_masked_questions_are_answered_by_their_evidence(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(make, "mask")
    build(project, monkeypatch)
    answers: dict[str, str] = {}
    for instance in read_kept(project.folder, "contacts"):
        segments = segment_texts_by_id(instance)
        for asked in instance.questions:
            evidence = " ".join(segments[one] for one in asked.evidence)
            (answer,) = asked.answers
            assert answer.casefold() in evidence.casefold() and "Nummer" in evidence
            pseudonym = re.search(r"EMAIL-[A-Z]+|\+49 [A-Z]{3} [A-Z]{7}", asked.text)
            assert pseudonym is not None and pseudonym[0].casefold() in evidence.casefold()
            answers[asked.text] = answer
    assert len(answers) == 2 * len(MAILS)
    mails = {answer for answer in answers.values() if answer.startswith("EMAIL-")}
    asked_mails = {match[0] for text in answers if (match := re.search(r"EMAIL-[A-Z]+", text))}
    assert len(asked_mails) == len(MAILS) and mails <= asked_mails
    for source in ("family", "inbox", "notes"):
        assert sum(len(one.questions) for one in read_kept(project.folder, source)) > 0


@pytest.mark.usefixtures("secret")
def test_the_spans_of_masked_texts_lead_to_the_raw_characters(
    make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(make, "mask")
    build(project, monkeypatch)
    params = load_params()
    for source in SOURCES:
        reader = make_reader(source, params.sources[source])
        read_raw = make_span_reader(reader, Path("data/raw") / source)
        door = reader.make_pii_door()
        assert door is not None
        num_masked = 0
        for instance in read_kept(project.folder, source):
            for part in instance.chunks:
                assert part.tokens <= 256
                for segment in part.segments:
                    text = segment_text(part, segment)
                    raw = read_raw(segment.source_span)
                    assert door.redaction.replace_text(raw) == text
                    num_masked += raw != text
        assert num_masked > 0
    trace("family", f"WhatsApp Chat mit {PHONES[0]}.txt@0-100")
    trace("contacts", "contacts.json")
    printed = capsys.readouterr().out
    assert printed.count("chunk ") >= 2 and [one for one in WRITTEN if one in printed] == []
    preview("inbox")
    printed = capsys.readouterr().out
    assert "EMAIL-" in printed and [one for one in WRITTEN if one in printed] == []


@pytest.mark.usefixtures("secret")
def test_two_workers_write_the_same_bytes(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(make, "mask")
    build(project, monkeypatch)
    first = tree(project.folder / "data")
    commands = [(stage, name) for stage in ("chunk", "question", "filter", "parity") for name in SOURCES]
    for command in [*commands, ("assemble",), ("report",)]:
        done = project.stage(*command, MEMCURATE_WORKERS="2")
        assert done.returncode == 0, done.stderr
    assert tree(project.folder / "data") == first
    monkeypatch.setenv("MEMCURATE_PII_SECRET", f"{SECRET}!")
    build(project, monkeypatch)
    assert tree(project.folder / "data/dataset")["train.parquet"] != first["dataset/train.parquet"]


def test_rejected_values_are_in_no_output_and_nothing_else_is_lost(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(make, "reject")
    # Each text of the others has a value.
    params_text = (project.folder / "params.yaml").read_text()
    (project.folder / "params.yaml").write_text(
        params_text.replace(
            "enabled_sources:\n- family\n- inbox\n- contacts\n- notes", "enabled_sources:\n- inbox"
        )
    )
    lines = [
        {
            "messages": [
                {
                    "role": "user",
                    "content": f"{describe(number)}",
                },
                {"role": "assistant", "content": "Good."},
                {
                    "role": "user",
                    "content": f"Call {US_PHONES[number % 12]}!" if number % 4 else "I like tea.",
                },
            ]
        }
        for number in range(60)
    ]
    project.raw("inbox/chats.jsonl", "".join(json.dumps(row) + "\n" for row in lines))
    build(project, monkeypatch)
    assert find_values(project.folder) == []
    rejects = [
        one for one in read_rejects(project.folder, "chunks", "inbox") if one.reason == "personal data"
    ]
    assert len(rejects) == 45 == len({one.id for one in rejects})
    kept = [
        segment_text(part, segment)
        for instance in read_kept(project.folder, "inbox")
        for part in instance.chunks
        for segment in part.segments
    ]
    others = [one for one in read_rejects(project.folder, "chunks", "inbox") if one.reason != "personal data"]
    assert len(kept) + sum(len(one.segments) for one in others) == 3 * 60 - 45


def test_reported_values_stay_and_the_preview_says_how_to_mask_them(
    make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(make, None)
    build(project, monkeypatch)
    found = {value for _, value in find_values(project.folder)}
    assert found >= {MAILS[0], PHONES[0], MOBILES[0], TOKEN}
    findings = read_rows(project.folder / "data/filtered/notes/pii_findings.parquet", PiiFinding)
    assert {one.kind for one in findings} == {"email", "phone"}
    preview("family")
    printed = capsys.readouterr().out
    assert re.search(r"found +\d+ values like personal data: .*email \d+.*`pii: mask`", printed)


def test_another_secret_rebuilds_a_source_and_is_not_told(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(make, "mask")
    monkeypatch.chdir(project.folder)
    written = []
    for secret in (SECRET, SECRET, f"{SECRET}!"):
        monkeypatch.setenv("MEMCURATE_PII_SECRET", secret)
        inputs.stage(load_params(), "")
        written.append((project.folder / "data/inputs/notes/pii.json").read_text())
    values = json.loads(written[0])
    assert (values["pii"], values["language"], len(values["secret"])) == ("mask", "zh", 16)
    assert written[0] == written[1] != written[2] and SECRET not in written[0]
    key = derive_pii_key("notes")
    assert len(key) == 64 and values["secret"] not in key
    assert make_reader("notes", load_params().sources["notes"]).pii_key == key


def test_masking_without_a_secret_is_an_error(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEMCURATE_PII_SECRET", raising=False)
    project = make_project(make, "mask")
    project.refuses(["sources.inbox.pii", "MEMCURATE_PII_SECRET", "openssl rand"], "chunk", "inbox")
    expected = ["MEMCURATE_PII_SECRET has 5 characters", "16"]
    project.refuses(expected, "chunk", "inbox", MEMCURATE_PII_SECRET="short")  # pragma: allowlist secret
