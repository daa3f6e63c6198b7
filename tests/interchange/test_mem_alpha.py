"""Mem-alpha's published schema: written, read back, and read as others wrote it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.chunking import Context
from pipeline.errors import MemcurateError
from pipeline.interchange.mem_alpha import SCHEMA, export, imported
from pipeline.road import travel
from pipeline.schema import Instance, Reject
from pipeline.sources import parse
from pipeline.sources.reading import read_span
from pipeline.storage import write_rows
from tests.sources.test_golden import SPLIT, raw_of, recipe_of

SOURCES = ("squad", "trec_coarse", "longmemeval", "perltqa", "booksum", "mab_longmemeval")
ROWS = {"squad": "SQuAD", "trec_coarse": "TREC-coarse", "booksum": "BookSum", "perltqa": "PerLTQA"}
Read = Callable[[Path], tuple[list[Instance], list[Reject]]]


@pytest.fixture(scope="module")
def instances(context: Context) -> list[Instance]:
    """Those of the golden files: every metric, origin and recipe, and characters of all kinds."""
    made = []
    for source in SOURCES:
        own = replace(context, source=source, split=SPLIT)
        made += travel(parse(source, raw_of(source)), recipe_of(source), own)[0]
    return [one for one in made if one.questions]


@pytest.fixture
def read(context: Context) -> Read:
    def made(path: Path) -> tuple[list[Instance], list[Reject]]:
        rejects: list[Reject] = []
        return list(imported(path, "train", context.tokenizer.count, rejects)), rejects

    return made


def test_columns_and_types_are_the_published_ones(instances: Sequence[Instance], tmp_path: Path) -> None:
    """Bar: as the public training code reads them."""
    path = tmp_path / "train.parquet"
    assert export(path, instances, ROWS) == len(instances)
    table = pq.read_table(path)
    assert table.schema.equals(SCHEMA)
    assert table.column("instance_id").to_pylist() == list(range(len(instances)))
    assert {"squad", "booksum", "icl_trec_coarse_6600shot_balance", "lme_train"} == set(
        table.column("data_source").to_pylist()
    )
    for instance, row in zip(instances, table.to_pylist(), strict=True):
        chunks, asked = json.loads(row["chunks"]), json.loads(row["questions_and_answers"])
        assert chunks == [chunk.text for chunk in instance.chunks]
        assert (row["num_chunks"], row["num_questions"]) == (len(chunks), len(asked))
        assert all(isinstance(one["question"], str) and isinstance(one["answer"], str) for one in asked)
        assert isinstance(json.loads(row["metadata"]), dict) and row["prompt"]


def test_the_round_trip(instances: Sequence[Instance], read: Read, tmp_path: Path) -> None:
    """Bar: what is exported comes back, and is exported again byte for byte."""
    first, second, again = (tmp_path / name for name in ("train.parquet", "second.parquet", "again.parquet"))
    export(first, instances, ROWS)
    export(again, instances, ROWS)
    assert first.read_bytes() == again.read_bytes()
    back, rejects = read(first)
    assert not rejects and len(back) == len(instances)
    for ours, theirs in zip(instances, back, strict=True):
        assert plain(replace(ours, split="train")) == plain(theirs)
        for chunk in theirs.chunks:
            assert read_span(tmp_path, chunk.segments[0].raw) == chunk.text
        for question in theirs.questions:
            assert question.raw is not None
            assert read_span(tmp_path, question.raw) == question.text
    export(second, back, ROWS)
    assert first.read_bytes() == second.read_bytes()


def plain(instance: Instance) -> dict[str, Any]:
    """What both files hold of an instance: all but segments, evidence and spans."""
    return {
        "instance": (
            instance.id,
            instance.source,
            instance.split,
            instance.document,
            instance.ordinal,
            instance.tokens,
        ),
        "labels": [(one.number, one.name) for one in instance.labels],
        "chunks": [(one.id, one.ordinal, one.text, one.tokens, one.time) for one in instance.chunks],
        "questions": [
            (one.id, one.text, one.answers, one.metric, one.origin, one.kind, one.time, one.evidence_chunks)
            for one in instance.questions
        ],
    }


def published(data_source: str, answer: object, **other: object) -> dict[str, object]:
    """A row as others publish it."""
    row = {
        "instance_id": 4,
        "prompt": "I will show you chunks.",
        "chunks": json.dumps(
            ["[Dialogue between User and Assistant on 2024-01-03 00:00]\n<User> It's a “lock”.", "No date."]
        ),
        "questions_and_answers": json.dumps([{"question": "What is it?", "answer": answer}]),
        "data_source": data_source,
        "metadata": json.dumps({"data_source": data_source, "metadata": json.dumps({"sub_source": "x"})}),
        "num_chunks": 2,
        "num_questions": 1,
    }
    return {**row, **other}


def write(path: Path, *rows: dict[str, object]) -> Path:
    pq.write_table(pa.Table.from_pylist(list(rows), schema=SCHEMA), path)
    return path


@pytest.mark.parametrize(
    ("data_source", "answer", "metric", "answers"),
    [
        ("squad", "a lock", "contains", ["a lock"]),
        ("ruler_qa1_197K", ["a lock", "lock"], "contains", ["a lock", "lock"]),
        ("perltqa", "lock; wheel;mill", "keywords", ["lock", "wheel", "mill"]),
        ("booksum", "Elena, Lake Mirren", "keywords", ["Elena", "Lake Mirren"]),
        ("pubmed-rct", "3", "exact", ["3"]),
        ("icl_nlu_8296shot_balance", "12", "exact", ["12"]),
        ("lme_train", "A lock, she said.", "judge", ["A lock, she said."]),
    ],
)
def test_files_of_others(
    data_source: str, answer: object, metric: str, answers: list[str], read: Read, tmp_path: Path
) -> None:
    path = write(tmp_path / "train.parquet", published(data_source, answer), published(data_source, answer))
    found, rejects = read(path)
    assert not rejects and len({one.id for one in found}) == 2
    instance = found[0]
    assert instance.source == data_source.replace("-", "_").casefold()
    assert [one.time for one in instance.chunks] == ["2024-01-03 00:00", "2024-01-02 00:00"]
    (question,) = instance.questions
    assert (question.metric, question.answers) == (metric, answers)
    assert question.raw is not None and read_span(tmp_path, question.raw) == "What is it?"


HALF = "half a surrogate pair"


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"chunks": "[not JSON"}, "chunks: Expecting value"),
        ({"chunks": "[]"}, "no chunk"),
        ({"chunks": '["a", 3]'}, "chunks/1"),
        ({"chunks": '["a", null]'}, "chunks/1"),
        ({"chunks": '["a", " \\n "]'}, "chunks/1: it is blank"),
        ({"chunks": '["a", "half \\ud83d"]'}, f"chunks/1: {HALF}"),
        ({"chunks": "[" * 5000}, "nested more than 100 deep"),
        ({"chunks": "[" * 101 + "]" * 101}, "nested more than 100 deep"),
        ({"chunks": '{"a": 1}'}, "chunks: "),
        ({"chunks": None}, "chunks: "),
        ({"questions_and_answers": '[{"question": "Who?"}]'}, "questions_and_answers/0/answer"),
        ({"questions_and_answers": '[{"question": "Who?", "answer": 3}]'}, "questions_and_answers/0/answer"),
        ({"questions_and_answers": '[{"question": "Who?", "answer": []}]'}, "questions_and_answers/0/answer"),
        ({"questions_and_answers": '[{"question": " ", "answer": "x"}]'}, "questions_and_answers/0/question"),
        (
            {"questions_and_answers": '[{"question": "\\udc00", "answer": "x"}]'},
            f"questions_and_answers/0/question: {HALF}",
        ),
        (
            {"questions_and_answers": '[{"question": "Who?", "answer": "x", "evidence_chunks": [2]}]'},
            "questions_and_answers/0/evidence_chunks",
        ),
        (
            {"questions_and_answers": '[{"question": "Who?", "answer": "x", "metric": "f1"}]'},
            "questions_and_answers/0/metric",
        ),
        (
            {"questions_and_answers": '[{"question": "Who?", "answer": "x", "answer": "y"}]'},
            "questions_and_answers/0: the key 'answer' stands more than once",
        ),
        ({"questions_and_answers": None}, "questions_and_answers: "),
        ({"metadata": '{"memcurate": {"id": "x"}}'}, "own/source"),
        ({"metadata": '{"memcurate": 3}'}, "metadata/memcurate"),
        ({"metadata": "[1]"}, "metadata: an object is expected"),
        ({"metadata": '{"n": 99999999999999999999}'}, "metadata: it holds a number of 67 bits"),
        ({"metadata": '{"n": 1' + "0" * 4301 + "}"}, "metadata: "),
        ({"data_source": None}, "data_source"),
        ({"data_source": " - "}, "data_source: a name is expected"),
    ],
)
def test_a_row_that_is_none_is_rejected_by_name(
    other: dict[str, object], told: str, read: Read, tmp_path: Path
) -> None:
    path = write(tmp_path / "train.parquet", {**published("squad", "x"), **other}, published("squad", "x"))
    found, rejects = read(path)
    assert len(found) == 1 and found[0].document == "train.parquet/1"
    (reject,) = rejects
    assert reject.reason == "malformed record" and told in reject.detail
    assert reject.raw is not None and (reject.raw.file, reject.raw.record) == ("train.parquet", "/0")
    assert write_rows(tmp_path / "rejects.parquet", Reject, rejects) == 1


def test_columns_of_lists_and_structs(
    instances: Sequence[Instance], context: Context, read: Read, tmp_path: Path
) -> None:
    """Bar: as that project's own writers make them: the same instances come of them."""
    path, nested = tmp_path / "train.parquet", tmp_path / "nested.parquet"
    export(path, instances, ROWS)
    columns = ("chunks", "questions_and_answers", "metadata")
    rows = [
        {**row, **{name: json.loads(row[name]) for name in columns}}
        for row in pq.read_table(path).to_pylist()
    ]
    # A struct has the keys of all rows: what a row lacks is null in it.
    rows.append({**rows[0], "metadata": {"other": "x"}})
    rows.append({**rows[0], "metadata": None})
    rows.append({**rows[0], "chunks": ["a", None]})
    table = pa.Table.from_pylist(rows)
    assert pa.types.is_list(table.schema.field("chunks").type)
    assert pa.types.is_struct(table.schema.field("metadata").type)
    pq.write_table(table, nested)
    found, rejects = read(nested)
    assert [plain(one) for one in found[:-2]] == [plain(replace(one, split="train")) for one in instances]
    assert [chunk.text for chunk in found[-1].chunks] == [chunk.text for chunk in instances[0].chunks]
    assert found[-1].source == found[-2].source == "squad"
    (reject,) = rejects
    assert "chunks/1" in reject.detail
    for one in found:
        raw = one.chunks[-1].segments[0].raw
        assert read_span(tmp_path, raw) == one.chunks[-1].text


def test_integers_beyond_64_bits_in_a_struct(read: Read, tmp_path: Path) -> None:
    own = {
        "id": "a",
        "source": "s",
        "document": "d",
        "labels": [{"number": 1, "name": "x"}],
        "chunks": [{"id": "b", "time": "no time"}],
    }
    rows = [
        {**published("squad", "x"), "chunks": ["a"], "metadata": {"memcurate": {**own, "ordinal": ordinal}}}
        for ordinal in (7, 2**64 - 1)
    ]
    kind = pa.struct(
        [
            ("id", pa.string()),
            ("source", pa.string()),
            ("document", pa.string()),
            ("ordinal", pa.uint64()),
            ("labels", pa.list_(pa.struct([("number", pa.int64()), ("name", pa.string())]))),
            ("chunks", pa.list_(pa.struct([("id", pa.string()), ("time", pa.string())]))),
        ]
    )
    schema = SCHEMA.set(2, pa.field("chunks", pa.list_(pa.string())))
    schema = schema.set(5, pa.field("metadata", pa.struct([("memcurate", kind)])))
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), tmp_path / "train.parquet")
    found, rejects = read(tmp_path / "train.parquet")
    assert [(one.id, one.ordinal) for one in found] == [("a", 7)]
    assert found[0].chunks[0].time == "2024-01-01 00:00"  # one that is none is not taken over
    assert "64 bits" in rejects[0].detail or "bits, 64" in rejects[0].detail


@pytest.mark.parametrize(
    "line", ["on 2024-13-45 00:00]", "on \u0662\u0660\u0662\u0664-01-01]", "on 2024-01-05 29:00]"]
)
def test_a_date_that_is_none(line: str, read: Read, tmp_path: Path) -> None:
    path = write(tmp_path / "train.parquet", published("squad", "x", chunks=json.dumps([line])))
    (instance,), rejects = read(path)
    assert not rejects and instance.chunks[0].time == "2024-01-01 00:00"


def test_another_file(read: Read, tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["x"]}), tmp_path / "train.parquet")
    with pytest.raises(MemcurateError, match="no column 'chunks'"):
        read(tmp_path / "train.parquet")
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    with pytest.raises(MemcurateError, match=r"cannot be read as Parquet.*Mend the file, or import another"):
        read(tmp_path / "train.parquet")
