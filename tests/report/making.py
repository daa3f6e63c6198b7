"""A small data folder, as the stages before would leave it: a source without questions, and a hostile one.

Of the hostile one (chitchat), four instances of two chunks, two segments each, are asked three questions
each. Every stage drops something, see `ASKED` and what follows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.folders import write_json
from pipeline.schema import AskedQuestion, Finding, Instance, Question, Reject, Segment, Span, Split
from pipeline.storage import write_rows
from tests.questions.making import make_instance, make_question

HOSTILE = "</style></details><script>alert('evil')</script><img src=http://evil.example/x onerror=alert(1)>"
TURNED = "pay \u202eeerf\u202c now \x00 {{ 7 * 7 }} &amp; ok"

ASKED, KEPT, IN_DATASET = 13, 8, 5  # questions; of the first, one is dropped before the checks
ABOUT = {"memcurate.about.title": f"Chats {HOSTILE}", "memcurate.about.licence": "MIT"}


def write_data(data: Path) -> None:
    """Write chunks, questions, filtered and dataset of both sources below a folder."""
    quiet = [_instance("gutenberg", "q", "train"), _instance("gutenberg", "r", "test")]
    _write_source(data, "gutenberg", quiet, [], [], quiet, [], [])
    cut = [_instance("chitchat", name, "test" if name == "d" else "train") for name in "abcd"]
    asked = [AskedQuestion(one.id, question) for one in cut for question in _questions(one)]
    kept = [replace(one, questions=_questions(one)[one.id == "a" :]) for one in cut if one.id != "c"]
    lost = [row.question for row in asked if row.instance == "c"] + _questions(cut[0])[:1]
    reasons = ["unanswerable", "unanswerable", "instance dropped", "answer too long"]
    checks = [_question_reject(q, "filter", reason) for q, reason in zip(lost, reasons, strict=True)]
    checks.append(_reject("c", "filter", "instance", "too few questions"))
    unasked = [_question_reject(_question("z", 0), "question", "no evidence")]
    segments = [Segment(f"s{n}", _span(n), "doc", None, None, None, None, HOSTILE) for n in range(5)]
    refused = [
        replace(_reject("short", "chunk", "segment", "document too short"), segments=segments),
        replace(_reject("blank", "chunk", "record", "blank message"), raw=_span(9)),
    ]
    _write_source(data, "chitchat", cut, refused, asked, kept, unasked, checks)
    write_json(data / "parity" / "gutenberg" / "parity.json", None)
    figures = {"train": 100, "tokens_per_chunk": 500.0, "questions_per_instance": 20.0}
    reruns = {HOSTILE: {**figures, "questions_per_instance": 101.25}}
    compared = {"source": "chitchat", "row": "PerLTQA", "built": figures, "reruns": reruns}
    write_json(data / "parity" / "chitchat" / "parity.json", compared)
    chosen = [*quiet, *(one for one in kept if one.id != "b")]
    (data / "dataset").mkdir()
    for side in ("train", "test"):
        rows = [one for one in chosen if one.split == side]
        write_rows(data / "dataset" / f"{side}.parquet", Instance, rows)
    write_rows(data / "dataset" / "rejects.parquet", Reject, [_reject("b", "assemble", "instance", "over")])


def _write_source(
    data: Path,
    source: str,
    cut: Sequence[Instance],
    refused: Iterable[Reject],
    asked: Sequence[AskedQuestion],
    kept: Sequence[Instance],
    unasked: Iterable[Reject],
    checks: Iterable[Reject],
) -> None:
    chunks, questions, filtered = (data / room / source for room in ("chunks", "questions", "filtered"))
    for folder in (chunks, questions, filtered):
        folder.mkdir(parents=True)
    write_rows(chunks / "instances.parquet", Instance, cut)
    write_rows(chunks / "rejects.parquet", Reject, refused)
    write_rows(questions / "questions.parquet", AskedQuestion, asked)
    write_rows(questions / "rejects.parquet", Reject, unasked)
    write_rows(filtered / "instances.parquet", Instance, kept, ABOUT)
    write_rows(filtered / "rejects.parquet", Reject, checks)
    found = [Finding("f", source, "train", "a", "a0", "email", _span(0), "jo**om")] if asked else []
    write_rows(filtered / "findings.parquet", Finding, found)


def _instance(source: str, name: str, split: Split) -> Instance:
    chunks = [{f"{name}{n}": f"{HOSTILE} {TURNED} barn {n}", f"{name}{n}x": "Nothing."} for n in range(2)]
    return replace(make_instance(name, *chunks), source=source, split=split)


def _questions(instance: Instance) -> list[Question]:
    return [_question(instance.id, number) for number in range(3)]


def _question(instance: str, number: int) -> Question:
    text = f"Where? {HOSTILE} {TURNED}"
    answers = ["barn", HOSTILE]
    made = make_question(f"{instance}/{number}", text, answers, [f"{instance}1"], [1])
    return replace(made, summary=f"{HOSTILE} Told in short: a barn.")


def _question_reject(question: Question, stage: str, reason: str) -> Reject:
    reject = _reject(question.id, stage, "question", reason)
    return replace(reject, question=question, document=question.id.partition("/")[0])


def _reject(identity: str, stage: str, kind: str, reason: str) -> Reject:
    return Reject(identity, "chitchat", stage, kind, reason, f"found {HOSTILE} {TURNED}")  # type: ignore[arg-type]


def _span(number: int) -> Span:
    return Span("f.json", f"/{number}", 0, 4)
