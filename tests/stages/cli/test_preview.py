"""What a sample of a source gives is shown in seconds, and what is wrong with it by file and place."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.core.errors import MemcurateError
from stages.cli.preview import preview
from tests.conftest import ROOT
from tests.integration.project import BIN

EXAMPLE = ROOT / "examples" / "own_data"
BLOCK = '  {name}:\n    files: ["file:own/{file}"]\n'


@pytest.fixture
def folder(tmp_path: Path, assets: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a project with the params and the assets, and no files yet."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "assets").symlink_to(assets)
    (tmp_path / "own").mkdir()
    return tmp_path


def add_source(folder: Path, name: str, file: str, *keys: str) -> None:
    """Write a source at the end of params.yaml, where `sources` is the last block."""
    with (folder / "params.yaml").open("a", encoding="utf-8") as params:
        params.write("\n" + BLOCK.format(name=name, file=file) + "".join(f"    {key}\n" for key in keys))


def test_the_format_of_the_docs_is_found_in_the_project_folder(folder: Path) -> None:
    (code,) = re.findall(r"```python\n(# mail\.py.*?)```", (ROOT / "docs/own-data.md").read_text(), re.DOTALL)
    (folder / "mail.py").write_text(code, encoding="utf-8")
    (folder / "own" / "ann.txt").write_text(
        "2024-05-06 10:00 Ann: A café!\n2024-05-06 10:01 Bob: Yes.\nNo time: Oh.\n" * 100, encoding="latin-1"
    )
    (folder / "own" / "empty.txt").write_text("")
    add_source(folder, "mail", "*.txt", 'format: "mail:Mail"', "encoding: latin-1")
    done = subprocess.run(
        [BIN / "memcurate", "preview", "mail"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "mail: 2 files" in done.stdout and "line without time and speaker 100" in done.stdout
    assert "the first unreadable file, empty.txt: empty.txt is empty" in done.stdout
    assert "% of the text of the records that were read" in done.stdout
    assert "mail is not built yet: write its name below `enabled_sources` of params.yaml" in done.stdout


def test_a_class_that_gives_nothing_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "gives_nothing.py").write_text(
        "class Nothing:\n    def iter_documents(self, shard, source, rejects):\n        yield from ()\n"
    )
    (folder / "own" / "a.txt").write_text("Text.")
    add_source(folder, "own", "a.txt", 'format: "gives_nothing:Nothing"')
    with pytest.raises(MemcurateError, match="nothing of own could be read"):
        show("own", capsys)
    assert "warning: nothing was read: the format gave no text" in capsys.readouterr().out


def write_chats(folder: Path, count: int, **columns: object) -> None:
    """Write chats whose sentences have facts to ask for, each with some more columns."""
    with (folder / "own" / "chats.jsonl").open("w", encoding="utf-8") as file:
        for number in range(count):
            turns = [
                {
                    "role": role,
                    "content": f"I paid {n * 37 + 11} euros on {n % 28 + 1} May in Oslo number {n}. " * 3,
                }
                for n in range(number * 8, number * 8 + 8)
                for role in ("user", "assistant")
            ]
            file.write(json.dumps({"id": number, "chat": turns, **columns}) + "\n")


def show(source: str, capsys: pytest.CaptureFixture[str]) -> str:
    preview(source)
    return capsys.readouterr().out


def test_rejects_are_shown_with_their_place_and_cause(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_chats(folder, 30)
    with (folder / "own" / "chats.jsonl").open("a") as file:
        file.write('{"title": 1}\n{"messages": [{"role": "user"\n' * 4)
    (folder / "own" / "utf16.jsonl").write_text("{}", encoding="utf-16")
    (folder / "own" / "empty.jsonl").write_text("")
    add_source(folder, "own", "*.jsonl", "format: messages")
    shown = show("own", capsys)
    assert "  read     30 of 38 records\n" in shown
    assert "the first malformed record, chats.jsonl#/30: no list of messages: it has title\n" in shown
    assert re.search(r"the first unreadable file, (empty|utf16)\.jsonl: \1\.jsonl is ", shown)
    assert "warning: 8 of 38 records were rejected. The first rejects, above, say why" in shown
    assert str(folder) not in shown and "/tmp" not in shown.replace(str(folder), "")


def test_all_empty_files_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_notes(folder, 3, 60)
    for name in ("idea.txt", "plan.txt"):
        (folder / "own" / name).write_text("")
    add_source(folder, "own", "*.txt", "format: text")
    shown = show("own", capsys)
    assert "the first blank text, idea.txt: the file is empty and is left out; also plan.txt" in shown
    assert "; also plan.txt\n" in shown


def test_no_advice_on_splits_where_nothing_was_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_chats(folder, 30)
    add_source(folder, "own", "chats.jsonl", "format: messages", "messages: conversation")
    with pytest.raises(MemcurateError, match="nothing of own could be read"):
        preview("own")
    shown = capsys.readouterr().out
    assert "read     0 of 30 records" in shown
    assert "chats.jsonl#/0: no list of messages: it has id, chat" in shown
    assert (
        "warning: no record has the column 'conversation' that `messages` names; they have id, chat" in shown
    )
    assert "warning: nothing was read" in shown
    assert "split." not in shown and "no question" not in shown


@pytest.mark.parametrize(("column", "is_missing"), [("usr", True), ("user", False)])
def test_a_column_that_no_record_has_is_told(
    column: str, is_missing: bool, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An optional one: the records are read without it."""
    write_chats(folder, 30, user="ann")
    add_source(folder, "own", "chats.jsonl", "format: messages", f"user: {column}")
    told = "warning: no record has the column 'usr' that `user` names; they have id, chat, user\n"
    assert (told in show("own", capsys)) == is_missing


@pytest.mark.parametrize(("language", "is_left_out"), [("nl", True), ("en", False)])
def test_questions_left_out_for_the_language_are_told(
    language: str, is_left_out: bool, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_chats(folder, 30)
    add_source(folder, "own", "chats.jsonl", "format: messages", f"language: {language}")
    shown = show("own", capsys)
    told = "warning: cloze questions are left out, for no rules make them in the source's `language`, nl."
    assert (told in shown) == is_left_out
    assert "More or smaller documents" not in shown
    assert "instance is left: too few questions" in shown


def write_notes(folder: Path, count: int, num_words: int, sentence: str = "Ann moved to Oslo in {}.") -> None:
    for number in range(count):
        text = f"{sentence.format(1900 + number)} " + f"Lake{number} shore. " * (num_words // 2)
        (folder / "own" / f"{number}.txt").write_text(text)


def test_the_hint_is_what_following_it_gives(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Keys that are printed were tried: the preview after writing them tells the same numbers."""
    shutil.copy(EXAMPLE / "chats.jsonl", folder / "own")
    add_source(folder, "own", "chats.jsonl", "format: messages")
    ((keys, instances, questions),) = re.findall(
        r"hint: `(chunking: .*)` gives (\d+) shorter instances, with (\d+) questions", show("own", capsys)
    )
    with (folder / "params.yaml").open("a", encoding="utf-8") as params:
        params.write(f"    {keys}\n")
    shown = show("own", capsys)
    assert f" in {instances} instances of " in shown and f"asked    {questions} questions" in shown
    assert "hint" not in shown


def test_no_hint_leaves_a_split_empty(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The smaller user says nothing that can be asked for: more instances of the other are no help."""
    lines = []
    for number in range(60):
        told = f"My sister Ann{number} moved to Town{number} in {1900 + number} and bought a boat there."
        for user, text in [("ann", told + " Well then." * 40), ("bob", "Hm, well, " * 40)]:
            messages = [{"role": "user", "content": text}, {"role": "assistant", "content": "I see."}]
            lines.append(json.dumps({"user": user, "messages": messages}))
    (folder / "own" / "chats.jsonl").write_text("\n".join(lines))
    add_source(folder, "own", "chats.jsonl", "format: messages", "user: user")
    shown = show("own", capsys)
    assert "warning: no test instance is left: too few questions" in shown
    assert "hint: `chunking" not in shown


def test_no_hint_names_keys_that_would_not_help(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (EXAMPLE / "chats.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "own" / "chats.jsonl").write_text("".join(lines[:6]), encoding="utf-8")
    add_source(folder, "own", "chats.jsonl", "format: messages")
    shown = show("own", capsys)
    assert "hint: this text is enough for few instances: more files give more" in shown
    assert "chunking" not in shown


@pytest.mark.parametrize("split", ["train", "test"])
def test_no_question_is_told_with_its_cause(
    split: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`checks.min_questions` is 1, the least: naming it would help nobody."""
    write_notes(folder, 8, 60, "nothing happened")
    add_source(folder, "own", "*.txt", "format: text", "questions: {summary: false}")
    shown = show("own", capsys)
    assert f"no {split} instance is left: too few questions 1. Its " in shown
    assert "gave no question: the rules find few facts here" in shown and "questions.generated" in shown
    assert "min_questions" not in shown


def test_questions_below_the_minimum_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(EXAMPLE / "chats.jsonl", folder / "own")
    add_source(folder, "own", "chats.jsonl", "format: messages", "checks: {min_questions: 99}")
    told = r"\d+ questions were made, and \d+ passed the checks: fewer than checks.min_questions, 99\n"
    assert len(re.findall(told, show("own", capsys))) == 2


def test_short_documents_that_are_not_joined_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_notes(folder, 20, 60)
    write_notes(folder, 2, 4000)
    add_source(folder, "own", "*.txt", "format: text", "chunking: {join_documents: false}")
    shown = show("own", capsys)
    assert (
        "stands in documents that are too short: chunking.min_chunks is 5. Write `join_documents: true`"
        in shown
    )
    assert "split." not in shown


def test_a_single_document_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_notes(folder, 1, 6000)
    add_source(folder, "own", "0.txt", "format: text")
    assert "no test instance: all text is one document" in show("own", capsys)


def test_a_missing_file_is_told_by_its_path(folder: Path) -> None:
    add_source(folder, "own", "gone.jsonl", "format: messages")
    with pytest.raises(MemcurateError, match=r"^own/gone\.jsonl does not exist: restore it, or take it out"):
        preview("own")


def test_a_few_worlds_of_a_simulated_source_are_shown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With filler of one's own, of which a sample is read."""
    rows = [
        {"context": f"Lake {n} is {n} miles long and {n * 7} feet deep.", "question": "?", "answers": ["x"]}
        for n in range(5_000)
    ]
    (folder / "own" / "lakes.jsonl").write_text("\n".join(map(json.dumps, rows)))
    keys = ("format: simulated_world", "filler: {name: qa}", "simulate: {train: 9, test: 9, facts: 30}")
    add_source(folder, "worlds", "lakes.jsonl", *keys)
    shown = show("worlds", capsys)
    assert "3 instances of 3.0 chunks: train 2, test 1" in shown
    assert "[Dialogue at timestamp 2023-01-0" in shown


def test_corrections_of_a_sample_are_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    golden = ROOT / "tests/pipeline/sources/golden/squad_corrected/raw"
    (file,) = [path for path in golden.glob("*.json") if path.name != "corrections.jsonl"]
    (folder / "own" / file.name).write_bytes(file.read_bytes())
    keys = ("format: corrected_squad", "corrections: {percent: 100, min_distance: 1}")
    add_source(folder, "corrected", file.name, *keys)
    assert "100 % of the text" in show("corrected", capsys)
