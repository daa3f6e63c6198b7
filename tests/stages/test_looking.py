"""`memcurate show` and `memcurate trace` on a small dataset with raw files."""

import json
import re
import subprocess
import sys

import pytest

from pipeline.schema import AskedQuestion, Instance, Label, Question, Reject, Segment, Span
from pipeline.storage import write_rows
from stages.running import CHUNKS, DATASET, FILTERED, QUESTIONS, TRAINED_EVALUATION
from tests.conftest import ROOT
from tests.questions.making import make_instance, make_question
from tests.stages.conftest import Make, Project
from training.schema import Answered, CallMade, Episode, Step, StoredEntry

SOURCE = "squad_dev"
TEXTS = {"s1": "Ann lives in Rome.", "s2": "Bob lives in Oslo."}


def look(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from stages.cli import run; run()", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, cwd=project.folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def project(make: Make) -> Project:
    made = make({})
    instance = make_instance(f"{SOURCE}/i", {f"{SOURCE}/s1": TEXTS["s1"]}, {f"{SOURCE}/s2": TEXTS["s2"]})
    instance.source = SOURCE
    for chunk in instance.chunks:
        (segment,) = chunk.segments
        segment.raw.record = f"/{segment.id.split('/')[1]}"
    question = make_question(f"{SOURCE}/q", "Where does Ann live?", ["Rome"], [f"{SOURCE}/s1"], [0])
    question.raw = Span("f.json", "/q", 0, 20)
    instance.questions = [question]
    lost = Segment(f"{SOURCE}/s3", Span("f.json", "/s3", 0, 9), "d", None, None, None, None, "Too short")
    rejects = [
        Reject(
            f"{SOURCE}/r", SOURCE, "filter", "segment", "too short", "2 words", "train", "d", None, [lost]
        ),
        Reject("other/r", "other", "filter", "segment", "another source", "", None, None, lost.raw),
    ]
    (made.folder / DATASET).mkdir(parents=True)
    (made.folder / FILTERED / SOURCE).mkdir(parents=True)
    write_rows(made.folder / DATASET / "train.parquet", Instance, [instance])
    write_rows(made.folder / DATASET / "test.parquet", Instance, [])
    write_rows(made.folder / DATASET / "rejects.parquet", Reject, [])
    write_rows(made.folder / FILTERED / SOURCE / "rejects.parquet", Reject, rejects)
    made.raw(f"{SOURCE}/f.json", json.dumps({**TEXTS, "q": "Where does Ann live?", "s3": "Too short"}))
    return made


def test_a_question_down_to_the_raw_characters(project: Project) -> None:
    shown = look(project, "show", f"{SOURCE}/q")
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[0] == f"question {SOURCE}/q: carried, measured by contains"
    for part in (
        "answers   Rome",
        "read      f.json#/q@0-20",
        "  | Where does Ann live?",
        f"evidence  chunk 0 {SOURCE}/i/0, segment {SOURCE}/s1",
        "  Ann lives in ⟦Rome⟧.",
        "raw       f.json#/s1@0-18",
        "  | Ann lives in Rome.",
        f"in instance {SOURCE}/i (train; number 0 of train)",
    ):
        assert part in lines, (part, lines)
    (passed,) = (line for line in lines if line.startswith("passed"))
    assert "unanswerable" in passed


def test_an_instance_a_chunk_and_a_segment(project: Project) -> None:
    instance = look(project, "show", f"{SOURCE}/i").stdout
    assert (
        f"chunk 1 {SOURCE}/i/1" in instance
        and f"question {SOURCE}/q  Where does Ann live? → Rome" in instance
    )
    chunk = look(project, "show", f"{SOURCE}/i/1").stdout
    assert "  Bob lives in Oslo." in chunk and f"segment {SOURCE}/s2  f.json#/s2@0-18" in chunk
    segment = look(project, "show", f"{SOURCE}/s2").stdout
    assert "  | Bob lives in Oslo." in segment.splitlines()


def test_something_rejected(project: Project) -> None:
    for identity in ("r", "s3"):
        shown = look(project, "show", f"{SOURCE}/{identity}").stdout
        assert f"segment {SOURCE}/r: rejected by filter: too short" in shown and "  | Too short" in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", f"{SOURCE}/none"], ["nothing here has the id", "METHOD:INSTANCE"]),
        (["show", "nowhere/q"], ["'nowhere' is not in `use`"]),
        (["trace", "nowhere", "f.json"], ["'nowhere' is not in `use`"]),
        (["trace", SOURCE, "g.json"], ["has no file g.json; it has f.json"]),
        (["trace", SOURCE, "f.json#q"], ["is no place in a raw file"]),
        (["trace", SOURCE, "f.json#/none"], ["nothing came of f.json#/none"]),
    ],
)
def test_what_is_not_there(project: Project, arguments: list[str], told: list[str]) -> None:
    done = look(project, *arguments)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert [part for part in told if part not in done.stderr] == [], done.stderr


def test_without_the_raw_files(project: Project) -> None:
    (project.folder / "data" / "raw" / SOURCE / "f.json").unlink()
    shown = look(project, "show", f"{SOURCE}/q").stdout
    assert f"  | (data/raw/{SOURCE}/f.json is not here: `dvc pull data/raw/{SOURCE}`)" in shown
    assert "data/chunks/squad_dev/rejects.parquet is not here" in look(project, "show", f"{SOURCE}/r").stderr


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("f.json#/s1", [f"chunk {SOURCE}/i/0", f"question {SOURCE}/q: kept, has its evidence there"]),
        ("f.json#/q", [f"question {SOURCE}/q: kept, was read there"]),
        ("f.json#/s3", [f"segment {SOURCE}/r: rejected by filter: too short (2 words)"]),
        ("f.json#/s1@0-3", [f"chunk {SOURCE}/i/0", f"question {SOURCE}/q"]),
    ],
)
def test_what_became_of_a_record(project: Project, record: str, expected: list[str]) -> None:
    done = look(project, "trace", SOURCE, record)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(expected)
    assert all(line.startswith(start) for line, start in zip(lines, expected, strict=True))


HIDDEN = "\x1b]0;title\x07\x1b[2J\x9b31m\u202eevil\rgone\r\n"
SHOWN = "[U+001B]]0;title[U+0007][U+001B][2J[U+009B]31m[U+202E]evil[U+000D]gone"


def unfinished(make: Make, *stages: str) -> Project:
    """A project whose source went through these stages and no others: an instance, a question, an example."""
    made = make({})
    instance = make_instance(f"{SOURCE}/i", {f"{SOURCE}/s1": TEXTS["s1"]}, {f"{SOURCE}/s2": TEXTS["s2"]})
    instance.source = SOURCE
    for chunk in instance.chunks:
        (segment,) = chunk.segments
        segment.raw.record = f"/{segment.id.split('/')[1]}"
    question = make_question(f"{SOURCE}/q", "Where does Ann live?", ["Rome"], [f"{SOURCE}/s1"], [0])
    question.raw = Span("f.json", "/q", 0, 20)
    example = Segment(f"{SOURCE}/e", Span("f.json", "/e", 0, 2), "pool", None, None, None, "greeting", "Hi")
    rooms = {"chunk": CHUNKS, "question": QUESTIONS, "filter": FILTERED}
    folders = {stage: made.folder / room / SOURCE for stage, room in rooms.items() if stage in stages}
    for folder in folders.values():
        folder.mkdir(parents=True)
        write_rows(folder / "rejects.parquet", Reject, [])
    write_rows(folders["chunk"] / "instances.parquet", Instance, [instance])
    write_rows(folders["chunk"] / "questions.parquet", Question, [question])
    write_rows(folders["chunk"] / "asked.parquet", AskedQuestion, [])
    write_rows(folders["chunk"] / "pool.parquet", Segment, [example])
    if "question" in stages:
        asked = [AskedQuestion(instance.id, question)]
        write_rows(folders["question"] / "questions.parquet", AskedQuestion, asked)
    if "filter" in stages:
        instance.questions = [question]
        write_rows(folders["filter"] / "instances.parquet", Instance, [instance])
    made.raw(f"{SOURCE}/f.json", json.dumps({**TEXTS, "q": "Where does Ann live?", "e": "Hi"}))
    return made


@pytest.mark.parametrize(
    ("stages", "instance", "question"),
    [
        (("chunk",), "no stage after `chunk` has it", "of the source, was read there"),
        (("chunk", "question"), "no stage after `chunk` has it", "asked, was read there"),
        (("chunk", "question", "filter"), "no stage after `filter` has it", "kept by filter, was read there"),
    ],
)
def test_a_trace_before_assemble(make: Make, stages: tuple[str, ...], instance: str, question: str) -> None:
    project = unfinished(make, *stages)
    chunk = look(project, "trace", SOURCE, "f.json#/s1")
    assert chunk.returncode == 0, chunk.stderr
    assert f"instance {SOURCE}/i, not in the dataset: {instance}" in chunk.stdout.splitlines()[0]
    assert f"question {SOURCE}/q: {question}" in look(project, "trace", SOURCE, "f.json#/q").stdout
    example = look(project, "trace", SOURCE, "f.json#/e").stdout
    assert example == f"segment {SOURCE}/e: a labelled example that no instance shows, f.json#/e@0-2\n"


def test_a_trace_that_finds_nothing_says_what_is_missing(make: Make) -> None:
    done = look(unfinished(make, "chunk"), "trace", SOURCE, "f.json#/none")
    assert done.returncode == 1
    told = "; ".join(f"{folder} is not here" for folder in (QUESTIONS / SOURCE, FILTERED / SOURCE, DATASET))
    assert done.stderr.endswith(f"was read there; {told}\n")


@pytest.mark.parametrize("stages", [("chunk",), ("chunk", "question"), ("chunk", "question", "filter")])
def test_what_is_shown_before_assemble(make: Make, stages: tuple[str, ...]) -> None:
    project = unfinished(make, *stages)
    for identity, text in (
        ("i", "Ann lives in Rome."),
        ("i/0", "Ann lives in Rome."),
        ("s2", "Bob lives"),
        ("q", "Where does Ann live?"),
        ("e", "Hi"),
    ):
        done = look(project, "show", f"{SOURCE}/{identity}")
        assert done.returncode == 0 and text in done.stdout, done
    assert ("⟦Rome⟧" in look(project, "show", f"{SOURCE}/q").stdout) == ("question" in stages)


def test_a_rejected_instance_gives_its_text(make: Make) -> None:
    project = unfinished(make, "chunk", "question", "filter")
    (project.folder / DATASET).mkdir(parents=True)
    for split in ("train", "test"):
        write_rows(project.folder / DATASET / f"{split}.parquet", Instance, [])
    over = Reject(f"{SOURCE}/i", SOURCE, "assemble", "instance", "over the limit", "limit is 0", "train", "d")
    write_rows(project.folder / DATASET / "rejects.parquet", Reject, [over])
    shown = look(project, "show", f"{SOURCE}/i").stdout
    assert shown.startswith(f"instance {SOURCE}/i: rejected by assemble: over the limit\n  limit is 0\n")
    assert "Ann lives in Rome." in shown and f"question {SOURCE}/q  Where does Ann live? → Rome" in shown
    traced = look(project, "trace", SOURCE, "f.json#/s1").stdout
    assert "not in the dataset: rejected by assemble: over the limit (limit is 0), f.json" in traced


def test_a_rejected_question_gives_its_evidence(make: Make) -> None:
    project = unfinished(make, "chunk", "question")
    question = make_question(f"{SOURCE}/q", "Where?", ["Rome"], [f"{SOURCE}/s1"], [0])
    lost = Reject(question.id, SOURCE, "filter", "question", "too short", "", "train", f"{SOURCE}/i")
    lost.question = question
    (project.folder / FILTERED / SOURCE).mkdir(parents=True)
    write_rows(project.folder / FILTERED / SOURCE / "rejects.parquet", Reject, [lost])
    write_rows(project.folder / FILTERED / SOURCE / "instances.parquet", Instance, [])
    shown = look(project, "show", f"{SOURCE}/q").stdout
    assert "rejected by filter: too short" in shown and "Ann lives in ⟦Rome⟧." in shown
    assert "passed" not in shown
    assert (
        f"question {SOURCE}/q: rejected by filter: too short"
        in look(project, "trace", SOURCE, "f.json#/s1").stdout
    )


def test_a_label_is_shown_by_its_name(project: Project) -> None:
    instance = make_instance(f"{SOURCE}/i", {f"{SOURCE}/s1": "Hi there"}, labels=["farewell", "greeting"])
    instance.source = SOURCE
    question = make_question(f"{SOURCE}/q", "Which number is its label?", ["1"], [f"{SOURCE}/s1"])
    question.origin = "held-out"
    instance.questions = [question]
    assert instance.labels == [Label(0, "farewell"), Label(1, "greeting")]
    write_rows(project.folder / DATASET / "train.parquet", Instance, [instance])
    assert "answers   1 (greeting)" in look(project, "show", f"{SOURCE}/q").stdout.splitlines()
    assert "Which number is its label? → 1 (greeting)" in look(project, "show", f"{SOURCE}/i").stdout


def episode(method: str, text: str) -> Episode:
    call = CallMade("new_memory_insert", "semantic", None, text, True, True, text, "s1")
    answered = Answered("q", text, [text], "contains", ["s1"], 1, text, 1.0)
    return Episode(
        f"{method}:{SOURCE}/i",
        method,
        f"{SOURCE}/i",
        SOURCE,
        None,
        1,
        [Step(text, 1, text, [call], 1)],
        text,
        [StoredEntry("s1", text)],
        1,
        [answered],
        1.0,
        1.0,
        1.0,
        1.0,
        4.0,
    )


@pytest.mark.parametrize("method", ["trained", "warm_start"])
def test_an_episode_of_the_trained_model(project: Project, method: str) -> None:
    folder = project.folder / TRAINED_EVALUATION / "episodes"
    folder.mkdir(parents=True)
    write_rows(folder / f"{method}.parquet", Episode, [episode(method, "Where?")])
    shown = look(project, "show", f"{method}:{SOURCE}/i")
    assert shown.returncode == 0 and "question 0: Where?" in shown.stdout, shown.stderr
    other = look(project, "show", f"nobody:{SOURCE}/i")
    assert other.returncode == 1 and f"the methods evaluated are {method}" in other.stderr


def test_control_characters_of_a_corpus_are_made_visible(project: Project) -> None:
    """Neither an escape sequence nor a character that turns the direction of writing reaches the terminal."""
    instance = make_instance(f"{SOURCE}/i", {f"{SOURCE}/s1": HIDDEN}, labels=[HIDDEN], document=HIDDEN)
    instance.source = SOURCE
    (segment,) = instance.chunks[0].segments
    segment.section = segment.speaker = segment.time = segment.label = HIDDEN
    segment.raw = Span("f.json", f"/{HIDDEN}", 0, len(HIDDEN))
    question = make_question(f"{SOURCE}/q", HIDDEN, [HIDDEN, "gone"], [f"{SOURCE}/s1"])
    question.kind = question.time = HIDDEN
    question.raw = segment.raw
    instance.questions = [question]
    write_rows(project.folder / DATASET / "train.parquet", Instance, [instance])
    lost = Segment(f"{SOURCE}/s3", segment.raw, HIDDEN, None, None, None, None, HIDDEN)
    asked = make_question(f"{SOURCE}/q2", HIDDEN, [HIDDEN])
    asked.raw = None
    rejects = [
        Reject(f"{SOURCE}/r", SOURCE, "chunk", "segment", HIDDEN, HIDDEN, None, HIDDEN, segment.raw, [lost]),
        Reject(f"{SOURCE}/q2", SOURCE, "filter", "question", HIDDEN, HIDDEN, None, HIDDEN, question=asked),
    ]
    write_rows(project.folder / FILTERED / SOURCE / "rejects.parquet", Reject, rejects)
    project.raw(f"{SOURCE}/f.json", json.dumps({HIDDEN: HIDDEN}))
    episodes = project.folder / TRAINED_EVALUATION / "episodes"
    episodes.mkdir(parents=True)
    write_rows(episodes / "trained.parquet", Episode, [episode("trained", HIDDEN)])
    names = [f"{SOURCE}/{name}" for name in ("i", "i/0", "q", "s1", "r", "s3", "q2")]
    commands = [["show", name] for name in names] + [["trace", SOURCE, "f.json"]]
    commands += [
        ["show", f"trained:{SOURCE}/i", *more] for more in ([], ["--step", "0"], ["--question", "0"])
    ]
    for command in commands:
        shown = look(project, *command)
        assert shown.returncode == 0, shown.stderr
        assert SHOWN in shown.stdout or "[U+001B]]0;title" in shown.stdout, command
        assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown.stdout) is None, (
            command
        )
