"""A format of one's own, by module and by entry point, with the real dvc: changes of its code are built."""

import json
import random
import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from pipeline.core.schema import Instance, Reject, segment_text
from pipeline.core.storage import read_rows
from tests.integration.project import BIN, change_params, copy_repository, dvc, ran, run

pytestmark = pytest.mark.slow

# A mail is decoded: in a file with quoted-printable or base64, its text stands nowhere.
CODE = """
from email import message_from_bytes, policy

from mail_rules import SKIPPED
from pipeline.core.schema import Span
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.io import make_record_reject
from pipeline.sources.times import parse_time


class Eml:
    def __init__(self, greeting=""):
        self.greeting = greeting

    def read_file(self, path):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        return {
            "from": str(mail["From"]),
            "date": str(mail["Date"]),
            "thread": str(mail["References"] or mail["Message-ID"]),
            "body": mail.get_body(("plain",)).get_content(),
        }

    def iter_documents(self, shard, source, rejects):
        for part in shard.parts:
            mail = self.read_file(shard.raw_dir / part.path)
            if SKIPPED in mail["body"] or (self.greeting and self.greeting not in mail["body"]):
                span = Span(part.path, "/body", 0, len(mail["body"]))
                rejects.append(make_record_reject(source, "skipped", mail["from"], span))
                continue
            builder = DocumentBuilder(source, part.path, name=part.path, group=mail["thread"])
            builder.add(mail["body"], record="/body", speaker=mail["from"], time=parse_time(mail["date"]))
            yield builder.build()
"""
PACKAGE = """
from pipeline.sources.document_builder import DocumentBuilder
from pipeline.sources.io import read_text


class Logs:
    def iter_documents(self, shard, source, rejects):
        for part in shard.parts:
            text = read_text(shard.raw_dir / part.path)
            builder = DocumentBuilder(source, part.path, name=part.path)
            builder.add(text, speaker="Keeper")
            yield builder.build()
"""


def write_mails(folder: Path) -> None:
    folder.mkdir(parents=True)
    draw = random.Random(1)
    letters = "bdfgklmnprst"
    words = ["".join(draw.choice(letters) + draw.choice("aeiou") for _ in range(3)) for _ in range(2000)]
    for number in range(120):
        mail = EmailMessage()
        mail["From"] = ("Ann", "Béla")[number % 2]
        mail["Date"] = f"Mon, {number % 28 + 1} Jan 2024 10:00:00 +0000"
        mail["Message-ID"] = f"<{number // 4}@x>"
        town = ("Łódź", "Tromsø", "Málaga")[number % 3]
        mail.set_content(
            f"Hello {number}, I moved to {town} on {number % 28 + 1} May and paid {number * 37 + 11} euros "
            f"for a café table. = {' '.join(draw.sample(words, 40))}.\n\n"
            f"My sister Clara{number} lives in {town} too.\n",
            cte=("quoted-printable", "base64")[number % 2],
        )
        (folder / f"{number:03}.eml").write_bytes(mail.as_bytes())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = copy_repository(tmp_path / "project")
    write_mails(folder / "own")
    (folder / "mails.py").write_text(CODE)
    (folder / "mail_rules.py").write_text('SKIPPED = "nobody writes this"\n')
    source = {
        "format": "mails:Eml",
        "files": ["file:own/*.eml"],
        "chunking": {
            "strategy": "conversations",
            "max_tokens": 256,
            "min_chunks": 2,
            "max_chunks": 5,
            "join_documents": True,
        },
    }
    change_params(folder, {"enabled_sources": ["mail"], "sources.mail": source})
    return folder


def count_skipped(project: Path) -> int:
    """The records that the built chunks rejected, which the preview must show too."""
    rejects = list(read_rows(project / "data/chunks/mail/rejects.parquet", Reject))
    built = sum(one.reason == "skipped" for one in rejects)
    found = re.search(r"skipped (\d+)", run(project, BIN / "memcurate", "preview", "mail"))
    assert built == (int(found[1]) if found else 0)
    return built


def test_a_change_of_the_code_is_built_and_named(project: Path) -> None:
    """Nothing is forced, and the run cache gives back what this very code made."""
    first = ran(dvc(project, "repro", "filter@mail"))
    assert {"chunk@mail", "question@mail", "filter@mail"} <= first
    assert count_skipped(project) == 0
    assert ran(dvc(project, "repro", "filter@mail")) == set()

    (project / "mails.py").write_text(
        CODE.replace("if SKIPPED in", 'if "Łódź" in mail["body"] or SKIPPED in')
    )
    assert "chunk@mail" in ran(dvc(project, "repro", "filter@mail"))
    assert count_skipped(project) == 40

    (project / "mails.py").write_text(CODE)
    change_params(project, {"sources.mail.greeting": "Hello 1"})
    assert "chunk@mail" in ran(dvc(project, "repro", "filter@mail"))
    assert count_skipped(project) == 120 - 31
    change_params(project, {"sources.mail.greeting": ""})
    dvc(project, "repro", "filter@mail")
    assert count_skipped(project) == 0

    (project / "mail_rules.py").write_text('SKIPPED = "Tromsø"\n')
    assert "chunk@mail" in ran(dvc(project, "repro", "filter@mail"))
    assert count_skipped(project) == 40


def test_diff_names_the_code(project: Path) -> None:
    for tag, rule in (("v1", "nobody"), ("v2", "Málaga")):
        (project / "mail_rules.py").write_text(f'SKIPPED = "{rule}"\n')
        dvc(project, "repro", "assemble")
        run(project, "git", "add", "-A")
        run(project, "git", "commit", "-qm", tag)
        run(project, "git", "tag", tag)
    shown = run(project, BIN / "memcurate", "diff", "v1", "v2")
    assert "mail_rules.py" in shown and "code_hashes" not in shown and "mails.py" not in shown


def test_decoded_text_is_traced_to_its_record(project: Path) -> None:
    dvc(project, "repro", "filter@mail")
    rows = list(read_rows(project / "data/filtered/mail/instances.parquet", Instance))
    assert rows
    assert list(read_rows(project / "data/chunks/mail/rejects.parquet", Reject)) == []
    chunk = rows[0].chunks[0]
    segment = chunk.segments[0]
    shown = run(project, BIN / "memcurate", "show", segment.id)
    span = segment.source_span
    assert f"raw       {span.file}#/body@{span.start}-{span.end}, decoded by mails:Eml\n" in shown
    assert shown.count(segment_text(chunk, segment).split("\n")[0]) == 2
    assert rows[0].id in run(project, BIN / "memcurate", "trace", "mail", f"{span.file}#/body")
    question = rows[0].questions[0]
    asked = run(project, BIN / "memcurate", "show", question.id)
    assert question.answers[0] in asked.partition("read      ")[2].split("\n")[1]


def test_wrong_spans_are_counted_and_told(project: Path) -> None:
    dvc(project, "repro", "assets")
    wrong = CODE.replace('record="/body"', "start=10**6").replace("def read_file", "def decode")
    (project / "mails.py").write_text(wrong.replace("self.read_file", "self.decode"))
    shown = run(project, BIN / "memcurate", "preview", "mail")
    assert "120 of 120 segments are not the characters of their span, and were rejected" in shown
    assert "the first text not at its span, 000.eml@1000000-1000" in shown and "read_file" in shown

    half = CODE.replace('record="/body"', 'record="/body", start=len(part.path) if "7" in part.path else 0')
    (project / "mails.py").write_text(half)
    count = sum("7" in path.name for path in (project / "own").iterdir())
    told = dvc(project, "repro", "chunk@mail")
    assert f"warning: {count} segments are not the characters of their span" in told


def test_a_change_of_an_installed_package_is_built(project: Path) -> None:
    """Installed as pip does it: a module and its metadata on the path."""
    site = project / "site"
    (site / "keeper").mkdir(parents=True)
    (site / "keeper" / "__init__.py").write_text(PACKAGE)
    info = site / "keeper-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: keeper\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[memcurate.formats]\nkeeper_logs = keeper:Logs\n")
    (project / "logs").mkdir()
    for number in range(8):
        lines = [f"Ship Aurora{number} came on {day} May with {day * 91} crates." for day in range(1, 29)]
        (project / "logs" / f"{number}.txt").write_text("\n".join(lines))
    source = {"format": "keeper_logs", "files": ["file:logs/*.txt"]}
    change_params(project, {"enabled_sources": ["logs"], "sources.logs": source})
    env = {"PYTHONPATH": f"{project}:{site}"}
    assert "chunk@logs" in ran(dvc(project, "repro", "chunk@logs", env=env))
    inputs = json.loads((project / "data/inputs/logs/format.json").read_text())
    assert re.fullmatch("1[.]0 [0-9a-f]{64}", inputs["code_hashes"]["site/keeper"])
    assert ran(dvc(project, "repro", "chunk@logs", env=env)) == set()
    (site / "keeper" / "__init__.py").write_text(PACKAGE.replace("Keeper", "The keeper"))
    assert ran(dvc(project, "repro", "chunk@logs", env=env)) == {"chunk@logs"}
