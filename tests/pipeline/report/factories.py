"""A small data folder as the earlier stages would write it: gutenberg without questions, chitchat hostile.

Chitchat's texts try to inject markup. It has four instances of two chunks, with two segments each, and three
questions for each instance. Every stage rejects something; the constants have the numbers of questions left.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.core.atomic import write_json
from pipeline.core.schema import (
    Instance,
    InstanceQuestion,
    PiiFinding,
    Question,
    Reject,
    Segment,
    Span,
    Split,
)
from pipeline.core.storage import write_rows
from tests.pipeline.questions.factories import make_instance, make_question

HOSTILE = "</style></details><script>alert('evil')</script><img src=http://evil.example/x onerror=alert(1)>"
BIDI_TEXT = "pay \u202eeerf\u202c now \x00 {{ 7 * 7 }} &amp; ok"

NUM_QUESTIONS, NUM_KEPT, NUM_IN_DATASET = 13, 8, 5  # one question is rejected before the checks
SOURCE_CARD = {"memcurate.card.title": f"Chats {HOSTILE}", "memcurate.card.license": "MIT"}


def write_data(data: Path) -> None:
    """Write the folders chunks, questions, filtered, parity and dataset of both sources below `data`."""
    quiet = [_make_instance("gutenberg", "q", "train"), _make_instance("gutenberg", "r", "test")]
    _write_source(data, "gutenberg", quiet, [], [], quiet, [], [])
    chunked = [_make_instance("chitchat", name, "test" if name == "d" else "train") for name in "abcd"]
    questions = [InstanceQuestion(one.id, question) for one in chunked for question in _make_questions(one)]
    kept = [replace(one, questions=_make_questions(one)[one.id == "a" :]) for one in chunked if one.id != "c"]
    dropped = [row.question for row in questions if row.instance == "c"] + _make_questions(chunked[0])[:1]
    reasons = ["unanswerable", "unanswerable", "instance dropped", "answer too long"]
    filter_rejects = [
        _reject_question(question, "filter", reason)
        for question, reason in zip(dropped, reasons, strict=True)
    ]
    filter_rejects.append(_make_reject("c", "filter", "instance", "too few questions"))
    question_rejects = [_reject_question(_make_question("z", 0), "question", "no evidence")]
    segments = [Segment(f"s{n}", _make_span(n), "doc", None, None, None, None, HOSTILE) for n in range(5)]
    chunk_rejects = [
        replace(_make_reject("short", "chunk", "segment", "document too short"), segments=segments),
        replace(_make_reject("blank", "chunk", "record", "blank message"), source_span=_make_span(9)),
    ]
    _write_source(data, "chitchat", chunked, chunk_rejects, questions, kept, question_rejects, filter_rejects)
    write_json(data / "parity" / "gutenberg" / "parity.json", None)
    measures = {"train": 100, "tokens_per_chunk": 500.0, "questions_per_instance": 20.0}
    ablations = {HOSTILE: {**measures, "questions_per_instance": 101.25}}
    comparison = {"source": "chitchat", "row": "PerLTQA", "built": measures, "ablations": ablations}
    write_json(data / "parity" / "chitchat" / "parity.json", comparison)
    selected = [*quiet, *(one for one in kept if one.id != "b")]
    (data / "dataset").mkdir()
    for split in ("train", "test"):
        rows = [one for one in selected if one.split == split]
        write_rows(data / "dataset" / f"{split}.parquet", Instance, rows)
    assembly_rejects = [_make_reject("b", "assemble", "instance", "over")]
    write_rows(data / "dataset" / "rejects.parquet", Reject, assembly_rejects)


def _write_source(
    data: Path,
    source: str,
    chunked: Sequence[Instance],
    chunk_rejects: Iterable[Reject],
    questions: Sequence[InstanceQuestion],
    kept: Sequence[Instance],
    question_rejects: Iterable[Reject],
    filter_rejects: Iterable[Reject],
) -> None:
    chunks_dir, questions_dir, filtered_dir = (
        data / stage / source for stage in ("chunks", "questions", "filtered")
    )
    for folder in (chunks_dir, questions_dir, filtered_dir):
        folder.mkdir(parents=True)
    write_rows(chunks_dir / "instances.parquet", Instance, chunked)
    write_rows(chunks_dir / "rejects.parquet", Reject, chunk_rejects)
    write_rows(questions_dir / "questions.parquet", InstanceQuestion, questions)
    write_rows(questions_dir / "rejects.parquet", Reject, question_rejects)
    write_rows(filtered_dir / "instances.parquet", Instance, kept, SOURCE_CARD)
    write_rows(filtered_dir / "rejects.parquet", Reject, filter_rejects)
    finding = PiiFinding("f", source, "train", "a", "a0", "email", _make_span(0), "jo**om")
    write_rows(filtered_dir / "pii_findings.parquet", PiiFinding, [finding] if questions else [])


def _make_instance(source: str, name: str, split: Split) -> Instance:
    chunks = [{f"{name}{n}": f"{HOSTILE} {BIDI_TEXT} barn {n}", f"{name}{n}x": "Nothing."} for n in range(2)]
    return replace(make_instance(name, *chunks), source=source, split=split)


def _make_questions(instance: Instance) -> list[Question]:
    return [_make_question(instance.id, number) for number in range(3)]


def _make_question(instance: str, number: int) -> Question:
    text = f"Where? {HOSTILE} {BIDI_TEXT}"
    answers = ["barn", HOSTILE]
    question = make_question(f"{instance}/{number}", text, answers, [f"{instance}1"], [1])
    return replace(question, summary=f"{HOSTILE} Told in short: a barn.")


def _reject_question(question: Question, stage: str, reason: str) -> Reject:
    reject = _make_reject(question.id, stage, "question", reason)
    return replace(reject, question=question, document=question.id.partition("/")[0])


def _make_reject(identity: str, stage: str, kind: str, reason: str) -> Reject:
    return Reject(identity, "chitchat", stage, kind, reason, f"found {HOSTILE} {BIDI_TEXT}")  # type: ignore[arg-type]


def _make_span(number: int) -> Span:
    return Span("f.json", f"/{number}", 0, 4)
