"""Mem-alpha's published schema: exported, imported again, and imported from files of others."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.chunking import ChunkingContext
from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Fact, Instance, Reject
from pipeline.core.storage import write_rows
from pipeline.parity.build_source import build_source
from pipeline.publish.data_sources import DataSourceNames
from pipeline.publish.mem_alpha import SCHEMA, ExportSummary, export_instances, import_instances
from pipeline.sources.io import read_span
from tests.pipeline.sources.factories import SPLIT, golden_raw_dir, make_source_config
from tests.pipeline.sources.reading import parse

SOURCES = ("squad", "trec_coarse", "longmemeval", "perltqa", "booksum", "mab_longmemeval")
NAMES = DataSourceNames(
    {"squad": "SQuAD", "trec_coarse": "TREC-coarse", "booksum": "BookSum", "perltqa": "PerLTQA"}
)
Read = Callable[[Path], tuple[list[Instance], list[Reject]]]


@pytest.fixture(scope="module")
def instances(context: ChunkingContext) -> list[Instance]:
    """The instances of golden files: every metric, origin and strategy, and characters of all kinds."""
    instances = []
    for source in SOURCES:
        source_context = replace(context, source=source, split=SPLIT)
        instances += build_source(
            parse(source, golden_raw_dir(source)), make_source_config(source), source_context
        )[0]
    return [one for one in instances if one.questions]


@pytest.fixture
def read(context: ChunkingContext) -> Read:
    def read_file(path: Path) -> tuple[list[Instance], list[Reject]]:
        rejects: list[Reject] = []
        return list(import_instances(path, "train", context.tokenizer.count, rejects)), rejects

    return read_file


def test_columns_and_types_are_the_published_ones(instances: Sequence[Instance], tmp_path: Path) -> None:
    """Bar: as the public training code reads them."""
    path = tmp_path / "train.parquet"
    assert export_instances(path, instances, NAMES) == len(instances)
    table = pq.read_table(path)
    assert table.schema.equals(SCHEMA)
    assert table.column("instance_id").to_pylist() == list(range(len(instances)))
    assert {"squad", "booksum", "icl_trec_coarse_6600shot_balance", "lme_train"} == set(
        table.column("data_source").to_pylist()
    )
    for instance, row in zip(instances, table.to_pylist(), strict=True):
        chunks, questions = json.loads(row["chunks"]), json.loads(row["questions_and_answers"])
        assert chunks == [chunk.text for chunk in instance.chunks]
        assert (row["num_chunks"], row["num_questions"]) == (len(chunks), len(questions))
        assert all(isinstance(one["question"], str) and isinstance(one["answer"], str) for one in questions)
        assert isinstance(json.loads(row["metadata"]), dict) and row["prompt"]


def test_exported_files_are_imported_unchanged(
    instances: Sequence[Instance], read: Read, tmp_path: Path
) -> None:
    """Bar: exported instances are imported unchanged, and exported again byte for byte."""
    first, second, again = (tmp_path / name for name in ("train.parquet", "second.parquet", "again.parquet"))
    export_instances(first, instances, NAMES)
    export_instances(again, instances, NAMES)
    assert first.read_bytes() == again.read_bytes()
    back, rejects = read(first)
    assert not rejects and len(back) == len(instances)
    for ours, theirs in zip(instances, back, strict=True):
        assert comparable_fields(replace(ours, split="train")) == comparable_fields(theirs)
        for chunk in theirs.chunks:
            assert read_span(tmp_path, chunk.segments[0].source_span) == chunk.text
        for question in theirs.questions:
            assert question.source_span is not None
            assert read_span(tmp_path, question.source_span) == question.text
    export_instances(second, back, NAMES)
    assert first.read_bytes() == second.read_bytes()


def test_a_question_to_abstain_from_is_exported_for_a_judge(
    instances: Sequence[Instance], read: Read, tmp_path: Path
) -> None:
    asked = replace(instances[0].questions[0], answers=[], metric="abstain")
    instance = replace(instances[0], split="train", questions=[asked])
    export_instances(tmp_path / "train.parquet", [instance], DataSourceNames())
    (row,) = pq.read_table(tmp_path / "train.parquet").to_pylist()
    (question,) = json.loads(row["questions_and_answers"])
    assert row["data_source"] == "lme_train" and question["answer"] == "This was never said."
    (back,), rejects = read(tmp_path / "train.parquet")
    assert not rejects and comparable_fields(back) == comparable_fields(instance)


def test_facts_and_wrong_answers_are_kept_and_questions_asked_on_the_way_are_left_out(
    instances: Sequence[Instance], read: Read, tmp_path: Path
) -> None:
    at_end, on_the_way = (
        replace(instances[0].questions[0], wrong_answers=["Porto"], id=name) for name in "ab"
    )
    facts = [
        Fact("Ann", "city", "Porto", "s1", 0, "superseded", "s2", 1),
        Fact("Ann", "city", "Leeds", "s2", 1),
    ]
    asked = [at_end, replace(on_the_way, after_chunk=0)]
    instance = replace(instances[0], split="train", questions=asked, facts=facts)
    summary = ExportSummary()
    export_instances(tmp_path / "train.parquet", [instance], NAMES, summary)
    assert summary.num_left_out == 1
    (back,), rejects = read(tmp_path / "train.parquet")
    assert not rejects and back.facts == facts
    assert [(one.id, one.wrong_answers) for one in back.questions] == [("a", ["Porto"])]


def comparable_fields(instance: Instance) -> dict[str, Any]:
    """Return the fields that export and import keep: all but segments, evidence and spans."""
    return {
        "instance": (
            instance.id,
            instance.source,
            instance.split,
            instance.document,
            instance.index,
            instance.tokens,
        ),
        "labels": [(one.number, one.name) for one in instance.labels],
        "chunks": [(one.id, one.index, one.text, one.tokens, one.time) for one in instance.chunks],
        "questions": [
            (
                one.id,
                one.text,
                one.answers,
                one.metric,
                one.origin,
                one.kind,
                one.time,
                one.evidence_chunks,
                one.summary,
            )
            for one in instance.questions
        ],
    }


def make_published_row(data_source: str, answer: object, **other: object) -> dict[str, object]:
    """Make a row as others publish it."""
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


def write_published(path: Path, *rows: dict[str, object]) -> Path:
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
def test_files_of_others_are_imported_with_metric_and_answers(
    data_source: str, answer: object, metric: str, answers: list[str], read: Read, tmp_path: Path
) -> None:
    path = write_published(
        tmp_path / "train.parquet",
        make_published_row(data_source, answer),
        make_published_row(data_source, answer),
    )
    imported, rejects = read(path)
    assert not rejects and len({one.id for one in imported}) == 2
    instance = imported[0]
    assert instance.source == data_source.replace("-", "_").casefold()
    assert [one.time for one in instance.chunks] == ["2024-01-03 00:00", "2024-01-02 00:00"]
    (question,) = instance.questions
    assert (question.metric, question.answers) == (metric, answers)
    assert question.source_span is not None and read_span(tmp_path, question.source_span) == "What is it?"


HALF = "half a surrogate pair"


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"chunks": "[not JSON"}, "chunks: Expecting value"),
        ({"chunks": "[]"}, "chunks: the row should have at least one chunk"),
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
            "questions_and_answers/0: the key 'answer' is there more than once",
        ),
        ({"questions_and_answers": None}, "questions_and_answers: "),
        ({"metadata": '{"memcurate": {"id": "x"}}'}, "metadata/memcurate/source"),
        ({"metadata": '{"memcurate": 3}'}, "metadata/memcurate"),
        ({"metadata": "[1]"}, "metadata: should be an object"),
        ({"metadata": '{"n": 99999999999999999999}'}, "metadata: it holds a number of 67 bits"),
        ({"metadata": '{"n": 1' + "0" * 4301 + "}"}, "metadata: "),
        ({"data_source": None}, "data_source"),
        ({"data_source": " - "}, "data_source: should be a name"),
    ],
)
def test_a_malformed_row_is_rejected_with_location_and_problem(
    other: dict[str, object], message: str, read: Read, tmp_path: Path
) -> None:
    path = write_published(
        tmp_path / "train.parquet",
        {**make_published_row("squad", "x"), **other},
        make_published_row("squad", "x"),
    )
    imported, rejects = read(path)
    assert len(imported) == 1 and imported[0].document == "train.parquet/1"
    (reject,) = rejects
    assert reject.reason == "malformed record" and message in reject.detail
    assert reject.source_span is not None and (reject.source_span.file, reject.source_span.record) == (
        "train.parquet",
        "/0",
    )
    assert write_rows(tmp_path / "rejects.parquet", Reject, rejects) == 1


def test_columns_of_lists_and_structs_are_imported_as_json_is(
    instances: Sequence[Instance], context: ChunkingContext, read: Read, tmp_path: Path
) -> None:
    """Bar: the same instances come from columns as Mem-alpha's own writers make them."""
    path, nested = tmp_path / "train.parquet", tmp_path / "nested.parquet"
    export_instances(path, instances, NAMES)
    columns = ("chunks", "questions_and_answers", "metadata")
    rows = [
        {**row, **{name: json.loads(row[name]) for name in columns}}
        for row in pq.read_table(path).to_pylist()
    ]
    # A struct has the keys of all rows: keys that a row lacks are null.
    rows.append({**rows[0], "metadata": {"other": "x"}})
    rows.append({**rows[0], "metadata": None})
    rows.append({**rows[0], "chunks": ["a", None]})
    table = pa.Table.from_pylist(rows)
    assert pa.types.is_list(table.schema.field("chunks").type)
    assert pa.types.is_struct(table.schema.field("metadata").type)
    pq.write_table(table, nested)
    imported, rejects = read(nested)
    assert [comparable_fields(one) for one in imported[:-2]] == [
        comparable_fields(replace(one, split="train")) for one in instances
    ]
    assert [chunk.text for chunk in imported[-1].chunks] == [chunk.text for chunk in instances[0].chunks]
    assert imported[-1].source == imported[-2].source == "squad"
    (reject,) = rejects
    assert "chunks/1" in reject.detail
    for one in imported:
        raw = one.chunks[-1].segments[0].source_span
        assert read_span(tmp_path, raw) == one.chunks[-1].text


QUESTIONS = [{"question": "Who?", "answer": "Ann"}, {"question": "Where?", "answer": "Rome", "kind": "place"}]
TEXTS = ["Ann has a kite.", "She lives in Rome."]


@pytest.mark.parametrize(
    ("chunks", "questions"),
    [
        (TEXTS, QUESTIONS),
        (json.dumps(TEXTS), json.dumps(QUESTIONS)),
        (TEXTS, [json.dumps(one) for one in QUESTIONS]),
        (
            [{"text": one, "index": number} for number, one in enumerate(TEXTS)],
            {"question": ["Who?", "Where?"], "answer": ["Ann", "Rome"], "kind": [None, "place"]},
        ),
        (
            {"content": TEXTS},
            json.dumps({"question": ["Who?", "Where?"], "answer": ["Ann", "Rome"], "kind": [None, "place"]}),
        ),
    ],
    ids=["lists", "JSON", "lists of JSON", "structs", "structs of lists"],
)
def test_all_shapes_of_a_column_give_the_same_row(
    chunks: object, questions: object, read: Read, tmp_path: Path
) -> None:
    row = {"chunks": chunks, "questions_and_answers": questions, "data_source": "squad", "metadata": None}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "train.parquet")
    (instance,), rejects = read(tmp_path / "train.parquet")
    assert not rejects and [one.text for one in instance.chunks] == TEXTS
    found = {(one.text, *one.answers, one.kind) for one in instance.questions}
    assert found == {("Who?", "Ann", None), ("Where?", "Rome", "place")}
    for chunk in instance.chunks:
        assert read_span(tmp_path, chunk.segments[0].source_span) == chunk.text
    for question in instance.questions:
        assert question.source_span is not None and read_span(tmp_path, question.source_span) == question.text


def test_a_single_struct_is_one_question(read: Read, tmp_path: Path) -> None:
    row = {**make_published_row("squad", "x"), "questions_and_answers": QUESTIONS[0]}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "train.parquet")
    (instance,), rejects = read(tmp_path / "train.parquet")
    assert not rejects and [one.text for one in instance.questions] == ["Who?"]
    (question,) = instance.questions
    assert question.source_span is not None and read_span(tmp_path, question.source_span) == "Who?"


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("chunks", 7, "chunks: should be a list, JSON of one, or structs; it is of type int"),
        ("chunks", b"\xff", "chunks: should be a list, JSON of one, or structs; it is of type bytes"),
        ("chunks", {"other": ["a"]}, "chunks: should be a list"),
        ("chunks", [{"other": "a"}], "chunks/0"),
        ("questions_and_answers", ["{"], "questions_and_answers/0: Expecting"),
        (
            "questions_and_answers",
            {"question": ["Who?", "Where?"], "answer": ["Ann"]},
            "questions_and_answers/answer: should be a list of 2 items, as question is; it is 1 items",
        ),
        (
            "questions_and_answers",
            {"question": ["Who?"], "answer": "Ann"},
            "questions_and_answers/answer: should be a list of 1 items, as question is; it is a value of",
        ),
        ("metadata", 7, "metadata: should be an object; it is of type int"),
    ],
)
def test_a_column_of_another_type_rejects_its_rows(
    column: str, value: object, message: str, read: Read, tmp_path: Path
) -> None:
    row = {"chunks": TEXTS, "questions_and_answers": QUESTIONS, "data_source": "squad", "metadata": None}
    pq.write_table(pa.Table.from_pylist([{**row, column: value}] * 2), tmp_path / "train.parquet")
    imported, rejects = read(tmp_path / "train.parquet")
    assert not imported and len(rejects) == 2
    assert message in rejects[0].detail


def test_a_row_with_an_integer_beyond_64_bits_is_rejected(read: Read, tmp_path: Path) -> None:
    metadata = {
        "id": "a",
        "source": "s",
        "document": "d",
        "labels": [{"number": 1, "name": "x"}],
        "chunks": [{"id": "b", "time": "no time"}],
    }
    rows = [
        {
            **make_published_row("squad", "x"),
            "chunks": ["a"],
            "metadata": {"memcurate": {**metadata, "index": index}},
        }
        for index in (7, 2**64 - 1)
    ]
    kind = pa.struct(
        [
            ("id", pa.string()),
            ("source", pa.string()),
            ("document", pa.string()),
            ("index", pa.uint64()),
            ("labels", pa.list_(pa.struct([("number", pa.int64()), ("name", pa.string())]))),
            ("chunks", pa.list_(pa.struct([("id", pa.string()), ("time", pa.string())]))),
        ]
    )
    schema = SCHEMA.set(2, pa.field("chunks", pa.list_(pa.string())))
    schema = schema.set(5, pa.field("metadata", pa.struct([("memcurate", kind)])))
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), tmp_path / "train.parquet")
    imported, rejects = read(tmp_path / "train.parquet")
    assert [(one.id, one.index) for one in imported] == [("a", 7)]
    assert imported[0].chunks[0].time == "2024-01-01 00:00"  # a malformed time is not imported
    assert "64 bits" in rejects[0].detail or "bits, 64" in rejects[0].detail


@pytest.mark.parametrize(
    "line", ["on 2024-13-45 00:00]", "on \u0662\u0660\u0662\u0664-01-01]", "on 2024-01-05 29:00]"]
)
def test_a_malformed_date_gives_a_synthetic_time(line: str, read: Read, tmp_path: Path) -> None:
    path = write_published(
        tmp_path / "train.parquet", make_published_row("squad", "x", chunks=json.dumps([line]))
    )
    (instance,), rejects = read(path)
    assert not rejects and instance.chunks[0].time == "2024-01-01 00:00"


def test_a_file_of_another_format_is_an_error(read: Read, tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["x"]}), tmp_path / "train.parquet")
    with pytest.raises(MemcurateError, match="no column 'chunks'"):
        read(tmp_path / "train.parquet")
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    with pytest.raises(MemcurateError, match=r"cannot be read as Parquet.*Mend the file, or import another"):
        read(tmp_path / "train.parquet")
