"""`memcurate show`, on a small dataset with its raw files; errors and escapes of `memcurate trace` too."""

import json
import re

import pytest

from pipeline.core.schema import Instance, Label, Reject, Segment, Span
from pipeline.core.storage import write_rows
from stages.shared.paths import DATASET_DIR, FILTERED_DIR, TRAINED_EVALUATION_DIR
from tests.pipeline.questions.factories import make_instance, make_question
from tests.stages.cli.factories import SOURCE, make_traced_project, make_unfinished_project, run_memcurate
from tests.stages.conftest import Make, Project
from training.memory.schema import AnswerRecord, Episode, Step, StoredEntry, ToolCallRecord


@pytest.fixture
def project(make: Make) -> Project:
    return make_traced_project(make)


def test_show_prints_a_question_down_to_the_raw_characters(project: Project) -> None:
    shown = run_memcurate(project, "show", f"{SOURCE}/q")
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[0] == f"question {SOURCE}/q: source, measured by contains"
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


def test_show_lists_some_segments_of_a_chunk_and_counts_the_others(project: Project) -> None:
    texts = {f"{SOURCE}/m{number}": f"Message {number}." for number in range(30)}
    instance = make_instance(f"{SOURCE}/many", texts)
    instance.source = SOURCE
    write_rows(project.folder / DATASET_DIR / "train.parquet", Instance, [instance])
    shown = run_memcurate(project, "show", f"{SOURCE}/many/0").stdout
    assert shown.count("\nsegment ") == 10
    assert "… and 20 more segments: --limit 0 shows them" in shown
    shown = run_memcurate(project, "show", "--limit", "0", f"{SOURCE}/many/0").stdout
    assert shown.count("\nsegment ") == 30 and "more segments" not in shown


def test_show_prints_an_instance_a_chunk_and_a_segment(project: Project) -> None:
    instance = run_memcurate(project, "show", f"{SOURCE}/i").stdout
    assert (
        f"chunk 1 {SOURCE}/i/1" in instance
        and f"question {SOURCE}/q  Where does Ann live? → Rome" in instance
    )
    chunk = run_memcurate(project, "show", f"{SOURCE}/i/1").stdout
    assert "  Bob lives in Oslo." in chunk and f"segment {SOURCE}/s2  f.json#/s2@0-18" in chunk
    assert "more segments" not in chunk
    segment = run_memcurate(project, "show", f"{SOURCE}/s2").stdout
    assert "  | Bob lives in Oslo." in segment.splitlines()


def test_show_prints_a_reject(project: Project) -> None:
    for identity in ("r", "s3"):
        shown = run_memcurate(project, "show", f"{SOURCE}/{identity}").stdout
        assert f"segment {SOURCE}/r: rejected by filter: too short" in shown and "  | Too short" in shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["show", f"{SOURCE}/none"], ["nothing here has the id", "METHOD:INSTANCE"]),
        (["show", "nowhere/q"], ["'nowhere' is not in enabled_sources"]),
        (["trace", "nowhere", "f.json"], ["'nowhere' is not in enabled_sources"]),
        (["trace", SOURCE, "g.json"], ["has no file g.json; it has f.json"]),
        (["trace", SOURCE, "own/g.json"], ["has no file own/g.json; it has f.json"]),
        (["trace", SOURCE, "f.json#q"], ["is not a location in a raw file"]),
        (["trace", SOURCE, "f.json#/none"], ["f.json has only 4 records, #/s1 to #/s3"]),
    ],
)
def test_an_unknown_id_source_or_location_is_an_error(
    project: Project, arguments: list[str], expected: list[str]
) -> None:
    done = run_memcurate(project, *arguments)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert [part for part in expected if part not in done.stderr] == [], done.stderr


def test_missing_raw_files_are_named(project: Project) -> None:
    (project.folder / "data" / "raw" / SOURCE / "f.json").unlink()
    shown = run_memcurate(project, "show", f"{SOURCE}/q").stdout
    assert f"  | (data/raw/{SOURCE}/f.json is not here: `dvc pull data/raw/{SOURCE}`)" in shown
    assert (
        "data/chunks/squad_dev/rejects.parquet is not here"
        in run_memcurate(project, "show", f"{SOURCE}/r").stderr
    )


HIDDEN = "\x1b]0;title\x07\x1b[2J\x9b31m\u202eevil\rgone\r\n"
SHOWN = "[U+001B]]0;title[U+0007][U+001B][2J[U+009B]31m[U+202E]evil[U+000D]gone"


@pytest.mark.parametrize("stages", [("chunk",), ("chunk", "question"), ("chunk", "question", "filter")])
def test_show_works_before_assemble(make: Make, stages: tuple[str, ...]) -> None:
    project = make_unfinished_project(make, *stages)
    for identity, text in (
        ("i", "Ann lives in Rome."),
        ("i/0", "Ann lives in Rome."),
        ("s2", "Bob lives"),
        ("q", "Where does Ann live?"),
        ("e", "Hi"),
    ):
        done = run_memcurate(project, "show", f"{SOURCE}/{identity}")
        assert done.returncode == 0 and text in done.stdout, done
    assert ("⟦Rome⟧" in run_memcurate(project, "show", f"{SOURCE}/q").stdout) == ("question" in stages)


def test_a_rejected_instance_is_shown_with_its_text(make: Make) -> None:
    project = make_unfinished_project(make, "chunk", "question", "filter")
    (project.folder / DATASET_DIR).mkdir(parents=True)
    for split in ("train", "test"):
        write_rows(project.folder / DATASET_DIR / f"{split}.parquet", Instance, [])
    over = Reject(f"{SOURCE}/i", SOURCE, "assemble", "instance", "over the limit", "limit is 0", "train", "d")
    write_rows(project.folder / DATASET_DIR / "rejects.parquet", Reject, [over])
    shown = run_memcurate(project, "show", f"{SOURCE}/i").stdout
    assert shown.startswith(f"instance {SOURCE}/i: rejected by assemble: over the limit\n  limit is 0\n")
    assert "Ann lives in Rome." in shown and f"question {SOURCE}/q  Where does Ann live? → Rome" in shown
    traced = run_memcurate(project, "trace", SOURCE, "f.json#/s1").stdout
    assert "not in the dataset: rejected by assemble: over the limit (limit is 0), f.json" in traced


def test_a_rejected_question_is_shown_with_its_evidence(make: Make) -> None:
    project = make_unfinished_project(make, "chunk", "question")
    question = make_question(f"{SOURCE}/q", "Where?", ["Rome"], [f"{SOURCE}/s1"], [0])
    lost = Reject(question.id, SOURCE, "filter", "question", "too short", "", "train", f"{SOURCE}/i")
    lost.question = question
    (project.folder / FILTERED_DIR / SOURCE).mkdir(parents=True)
    write_rows(project.folder / FILTERED_DIR / SOURCE / "rejects.parquet", Reject, [lost])
    write_rows(project.folder / FILTERED_DIR / SOURCE / "instances.parquet", Instance, [])
    shown = run_memcurate(project, "show", f"{SOURCE}/q").stdout
    assert "rejected by filter: too short" in shown and "Ann lives in ⟦Rome⟧." in shown
    assert "passed" not in shown
    assert (
        f"question {SOURCE}/q: rejected by filter: too short"
        in run_memcurate(project, "trace", SOURCE, "f.json#/s1").stdout
    )


def test_a_label_is_shown_with_its_name(project: Project) -> None:
    instance = make_instance(f"{SOURCE}/i", {f"{SOURCE}/s1": "Hi there"}, labels=["farewell", "greeting"])
    instance.source = SOURCE
    question = make_question(f"{SOURCE}/q", "Which number is its label?", ["1"], [f"{SOURCE}/s1"])
    question.origin = "label"
    instance.questions = [question]
    assert instance.labels == [Label(0, "farewell"), Label(1, "greeting")]
    write_rows(project.folder / DATASET_DIR / "train.parquet", Instance, [instance])
    assert "answers   1 (greeting)" in run_memcurate(project, "show", f"{SOURCE}/q").stdout.splitlines()
    assert "Which number is its label? → 1 (greeting)" in run_memcurate(project, "show", f"{SOURCE}/i").stdout


def make_episode(method: str, text: str) -> Episode:
    call = ToolCallRecord("new_memory_insert", "semantic", None, text, True, True, text, "s1")
    answer = AnswerRecord("q", text, [text], "contains", ["s1"], 1, text, 1.0)
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
        [answer],
        1.0,
        1.0,
        1.0,
        1.0,
        4.0,
    )


@pytest.mark.parametrize("method", ["trained", "warm_start"])
def test_show_prints_an_episode_of_a_trained_model(project: Project, method: str) -> None:
    folder = project.folder / TRAINED_EVALUATION_DIR / "episodes"
    folder.mkdir(parents=True)
    write_rows(folder / f"{method}.parquet", Episode, [make_episode(method, "Where?")])
    shown = run_memcurate(project, "show", f"{method}:{SOURCE}/i")
    assert shown.returncode == 0 and "question 0: Where?" in shown.stdout, shown.stderr
    other = run_memcurate(project, "show", f"nobody:{SOURCE}/i")
    assert other.returncode == 1 and f"the methods evaluated are {method}" in other.stderr


def test_control_characters_of_a_corpus_are_escaped(project: Project) -> None:
    """No escape sequence and no character that changes the direction of text reaches the terminal."""
    instance = make_instance(f"{SOURCE}/i", {f"{SOURCE}/s1": HIDDEN}, labels=[HIDDEN], document=HIDDEN)
    instance.source = SOURCE
    (segment,) = instance.chunks[0].segments
    segment.section = segment.speaker = segment.time = segment.label = HIDDEN
    segment.source_span = Span("f.json", f"/{HIDDEN}", 0, len(HIDDEN))
    question = make_question(f"{SOURCE}/q", HIDDEN, [HIDDEN, "gone"], [f"{SOURCE}/s1"])
    question.kind = question.time = HIDDEN
    question.source_span = segment.source_span
    instance.questions = [question]
    write_rows(project.folder / DATASET_DIR / "train.parquet", Instance, [instance])
    lost_segment = Segment(f"{SOURCE}/s3", segment.source_span, HIDDEN, None, None, None, None, HIDDEN)
    lost_question = make_question(f"{SOURCE}/q2", HIDDEN, [HIDDEN])
    lost_question.source_span = None
    rejects = [
        Reject(
            f"{SOURCE}/r",
            SOURCE,
            "chunk",
            "segment",
            HIDDEN,
            HIDDEN,
            None,
            HIDDEN,
            segment.source_span,
            [lost_segment],
        ),
        Reject(
            f"{SOURCE}/q2", SOURCE, "filter", "question", HIDDEN, HIDDEN, None, HIDDEN, question=lost_question
        ),
    ]
    write_rows(project.folder / FILTERED_DIR / SOURCE / "rejects.parquet", Reject, rejects)
    project.raw(f"{SOURCE}/f.json", json.dumps({HIDDEN: HIDDEN}))
    episodes = project.folder / TRAINED_EVALUATION_DIR / "episodes"
    episodes.mkdir(parents=True)
    write_rows(episodes / "trained.parquet", Episode, [make_episode("trained", HIDDEN)])
    names = [f"{SOURCE}/{name}" for name in ("i", "i/0", "q", "s1", "r", "s3", "q2")]
    commands = [["show", name] for name in names] + [["trace", SOURCE, "f.json"]]
    commands += [
        ["show", f"trained:{SOURCE}/i", *more] for more in ([], ["--step", "0"], ["--question", "0"])
    ]
    for command in commands:
        shown = run_memcurate(project, *command)
        assert shown.returncode == 0, shown.stderr
        assert SHOWN in shown.stdout or "[U+001B]]0;title" in shown.stdout, command
        assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown.stdout) is None, (
            command
        )
