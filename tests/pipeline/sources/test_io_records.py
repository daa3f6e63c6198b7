"""Raw records that are malformed or have repeated keys become rejects, and the others are parsed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Span
from tests.pipeline.sources.factories import GOLDEN, RAW_FILES, make_turn, read_required_span
from tests.pipeline.sources.reading import parse

DEEP = "[" * 2000 + "]" * 2000


def append_junk(value: Any, junk: object) -> str:
    """Add `junk` to the records of a file; return its JSON pointer."""
    if isinstance(value, list):
        value.append(junk)
        return f"/{len(value) - 1}"
    value["junk"] = junk
    return "/junk"


def append_junk_text(pool: Any, junk: object) -> str:
    pool["train_texts"].append(junk)
    pool["train_labels"].append("0")
    return f"/train_texts/{len(pool['train_texts']) - 1}"


JUNK_POSITIONS: dict[str, Callable[[Any, object], str]] = {
    "chitchat": append_junk,
    "longmemeval": append_junk,
    "hotpotqa_dev": append_junk,
    "banking77": append_junk_text,
    "squad_dev": lambda value, junk: "/data" + append_junk(value["data"], junk),
    "squad_dev paragraph": lambda value, junk: (
        "/data/0/paragraphs" + append_junk(value["data"][0]["paragraphs"], junk)
    ),
    "squad_dev question": lambda value, junk: (
        "/data/0/paragraphs/0/qas" + append_junk(value["data"][0]["paragraphs"][0]["qas"], junk)
    ),
}


@pytest.mark.parametrize("junk", [None, 17, [], {}, {"paragraphs": 3, "messages": "x", "qas": None}])
@pytest.mark.parametrize("position", sorted(JUNK_POSITIONS))
def test_a_malformed_record_is_a_reject_and_the_others_go_on(
    position: str, junk: object, tmp_path: Path
) -> None:
    source = position.split()[0]
    good = parse(source, GOLDEN / source / "raw")
    value = json.loads((GOLDEN / source / "raw" / RAW_FILES[source]).read_text())
    pointer = JUNK_POSITIONS[position](value, junk)
    (tmp_path / RAW_FILES[source]).write_text(json.dumps(value))
    parsed = parse(source, tmp_path)
    assert (parsed.documents, parsed.labelled_examples) == (good.documents, good.labelled_examples)
    assert parsed.questions == good.questions
    known = {reject.id for reject in good.rejects}
    (new,) = [reject for reject in parsed.rejects if reject.id not in known]
    assert len(parsed.rejects) == len(good.rejects) + 1
    assert (new.source, new.stage, new.kind, new.reason) == (source, "chunk", "record", "malformed record")
    assert new.source_span == Span(RAW_FILES[source], pointer, 0, 0)
    assert new.detail


def test_a_line_of_json_out_of_bounds_is_a_reject(tmp_path: Path) -> None:
    good = (GOLDEN / "booksum" / "raw" / "train.jsonl").read_text().split("\n")[0]
    (tmp_path / "train.jsonl").write_text("\n".join([DEEP, "9" * 5000, '{"a": ' + "9" * 30 + "}", good]))
    parsed = parse("booksum", tmp_path)
    assert len(parsed.books) == 1
    assert [one.source_span and one.source_span.record for one in parsed.rejects] == ["/0", "/1", "/2"]


def test_a_repeated_key_of_records_is_a_reject_and_the_last_is_read(tmp_path: Path) -> None:
    def chat(*words: str) -> str:
        turns = [make_turn(word, sender) for word, sender in zip(words, ("ann", "bob"), strict=True)]
        return json.dumps({"messages": turns})

    pairs = [
        ("c1", chat("Hello 1", "Hi 1")),
        ("c2", chat("Hello 3", "Hi 3")),
        ("c1", chat("Hello 2", "Hi 2")),
    ]
    (tmp_path / "dataset.json").write_text("{" + ", ".join(f'"{key}": {text}' for key, text in pairs) + "}")
    parsed = parse("chitchat", tmp_path)
    texts = {segment.text for document in parsed.documents for segment in document.segments}
    assert texts == {"Hello 2", "Hi 2", "Hello 3", "Hi 3"}
    (reject,) = parsed.rejects
    assert (reject.reason, reject.source_span) == ("repeated key", Span("dataset.json", "/c1", 0, 0))
    assert "'c1' stands twice" in reject.detail


REPEATED = {
    "squad_dev": '{"title": "T", "title": "U", "paragraphs": []}',
    "longmemeval": '{"question_id": "a", "question_id": "b"}',
    "hotpotqa_dev": '{"question": "a", "question": "b"}',
    "booksum": '{"book_title": "a", "text": "b", "text": "c"}',
}


@pytest.mark.parametrize("source", REPEATED)
def test_a_record_with_a_repeated_key_is_a_reject(source: str, tmp_path: Path) -> None:
    raw = GOLDEN / source / "raw"
    good = parse(source, raw)
    text = (raw / RAW_FILES[source]).read_text().rstrip()
    if source == "booksum":
        text += "\n" + REPEATED[source]
    else:
        cut = text.rindex("]")
        text = f"{text[:cut]}, {REPEATED[source]}{text[cut:]}"
    (tmp_path / RAW_FILES[source]).write_text(text)
    parsed = parse(source, tmp_path)
    assert (parsed.documents, parsed.books, parsed.questions) == (good.documents, good.books, good.questions)
    (new,) = [one for one in parsed.rejects if one.id not in {known.id for known in good.rejects}]
    assert new.reason == "malformed record" and "stands twice" in new.detail


@pytest.mark.parametrize("source", ["banking77", "clinc150"])
def test_a_repeated_key_in_a_file_of_one_record_is_an_error(source: str, tmp_path: Path) -> None:
    value = json.loads((GOLDEN / source / "raw" / RAW_FILES[source]).read_text())
    text = json.dumps(value)
    key = next(iter(value))
    (tmp_path / RAW_FILES[source]).write_text(f'{text[:-1]}, "{key}": []}}')
    with pytest.raises(MemcurateError, match=rf"{RAW_FILES[source]}: .*the key '{key}' stands twice"):
        parse(source, tmp_path)


def test_a_label_with_a_lone_surrogate_rejects_only_its_texts(tmp_path: Path) -> None:
    pool = {
        "train_texts": ["a", "b", "c"],
        "train_labels": ["0", "1", None],
        "test_texts": [],
        "test_labels": [],
    }
    names = {"0": "half \ud83d", "1": "whole", "None": "nothing"}
    (tmp_path / "pool.json").write_text(json.dumps(pool | {"label_names": names}))
    parsed = parse("banking77", tmp_path)
    assert [(one.text, one.label) for one in parsed.labelled_examples] == [("b", "whole")]
    assert [one.source_span and one.source_span.record for one in parsed.rejects] == [
        "/train_texts/0",
        "/train_texts/2",
    ]


def test_a_lone_surrogate_in_an_unread_value_is_ignored(tmp_path: Path) -> None:
    value = json.loads((GOLDEN / "squad_dev" / "raw" / "squad.json").read_text())
    good = parse("squad_dev", GOLDEN / "squad_dev" / "raw")
    for article in value["data"]:
        article["unread \ud83d"] = "\ud83d"
    (tmp_path / "squad.json").write_text(json.dumps(value))
    assert parse("squad_dev", tmp_path) == good


def test_a_malformed_line_is_a_reject_and_the_others_go_on(tmp_path: Path) -> None:
    lines = ["NUM:dist How far ?", "no label", "NUM:", "", "NUM:dist How\ufffd near ?", "HUM:ind Who ?"]
    text = "\n".join(lines)
    (tmp_path / "question_labels.txt").write_bytes(text.encode())
    parsed = parse("trec_fine", tmp_path)
    assert [example.text for example in parsed.labelled_examples] == ["How far ?", "Who ?"]
    found = [(reject.reason, read_required_span(tmp_path, reject.source_span)) for reject in parsed.rejects]
    assert found == [
        ("malformed record", lines[1]),
        ("malformed record", lines[2]),
        ("damaged characters", lines[4]),
    ]
