"""Articles with corrections, read and chunked: each question has the answer that was told last when asked."""

import json
import shutil
from pathlib import Path

import pytest

from pipeline.chunking import ChunkingContext
from pipeline.chunking.sharded import chunk_shards_in_memory
from pipeline.chunking.types import ChunkedSource
from pipeline.core.errors import MemcurateError
from pipeline.core.params import Corrections, Source, validate_params
from pipeline.core.schema import Instance, Question, segment_texts_by_id
from pipeline.sources import make_reader
from pipeline.sources.io import read_span
from pipeline.text.normalize import occurs_in
from pipeline.world.files import write_corrections
from tests.pipeline.sources.factories import GOLDEN, golden_raw_dir
from tests.pipeline.sources.reading import parse, reasons

SOURCE = Source.model_validate({"format": "corrected_squad", "corrections": {}, "files": ["file:any"]})


@pytest.fixture(scope="module")
def raw_dir(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw folder as the fetch stage leaves it, of real articles."""
    folder = tmp_path_factory.mktemp("corrected")
    shutil.copy(raw / "squad_dev" / "squad.json", folder)
    write_corrections(Corrections(), folder)
    return folder


@pytest.fixture(scope="module")
def built(raw_dir: Path, context: ChunkingContext) -> ChunkedSource:
    """The real articles with their corrections, in chunks."""
    reader = make_reader(context.source, SOURCE)
    return chunk_shards_in_memory(reader, reader.plan(raw_dir, 1 << 20), SOURCE.chunking, context)


def texts_until(instance: Instance, chunk: int | None) -> list[str]:
    """Return the texts of the segments up to a chunk, None: the last."""
    texts = segment_texts_by_id(instance)
    last = len(instance.chunks) - 1 if chunk is None else chunk
    return [texts[one.id] for part in instance.chunks[: last + 1] for one in part.segments]


def by_text(built: ChunkedSource, kind: str) -> dict[tuple[str, str], Question]:
    rows = [row for row in built.document_questions if row.question.kind == kind]
    return {(row.instance, row.question.text): row.question for row in rows}


def test_a_corrected_question_has_the_old_answer_before_and_the_new_one_after(built: ChunkedSource) -> None:
    instances = {one.id: one for one in built.instances}
    corrected, earlier = by_text(built, "correction"), by_text(built, "current value")
    assert len(corrected) > 50 and len(earlier) > len(corrected) * 0.9
    for key, question in corrected.items():
        instance = instances[key[0]]
        (new,), (old,) = question.answers, question.wrong_answers
        texts = segment_texts_by_id(instance)
        (evidence,) = (texts[one] for one in question.evidence)
        assert question.after_chunk is None
        assert occurs_in(new, evidence) and not occurs_in(old, evidence)
        if key not in earlier:
            continue
        before = earlier[key]
        assert before.after_chunk is not None and before.after_chunk < question.evidence_chunks[0]
        assert old in before.answers and all(old in answer for answer in before.answers)
        assert not before.wrong_answers and before.id != question.id
        shown = texts_until(instance, before.after_chunk)
        assert any(occurs_in(old, text) for text in shown) and not any(occurs_in(new, text) for text in shown)


def test_no_wrong_answer_is_a_gold_one_and_the_other_questions_are_those_of_squad(
    built: ChunkedSource, raw: Path
) -> None:
    plain = {
        (one.text, *one.answers): one.id
        for one in parse("squad_dev", raw / "squad_dev").questions
        if one.answers
    }
    for row in built.document_questions:
        question = row.question
        assert not {one.casefold() for one in question.answers} & {
            one.casefold() for one in question.wrong_answers
        }
        if question.answers and question.kind != "correction":
            assert (question.text, *question.answers) in plain
    asked = {(row.question.text, *row.question.answers) for row in built.document_questions}
    assert plain.keys() <= asked, "each question of squad is asked with its own answer, if not at the end"


def test_the_facts_are_those_of_the_questions(built: ChunkedSource) -> None:
    for instance in built.instances:
        facts = iter(instance.facts)
        texts = segment_texts_by_id(instance)
        for old, new in zip(facts, facts, strict=True):
            assert (old.subject, old.attribute) == (new.subject, new.attribute)
            assert (old.end, old.end_segment, old.end_chunk) == ("corrected", new.segment, new.chunk)
            assert new.end is None and old.chunk <= new.chunk
            assert occurs_in(old.value, texts[old.segment]) and occurs_in(new.value, texts[new.segment])
    assert sum(len(one.facts) for one in built.instances) > 100


def test_spans_lead_to_the_raw_text_and_splits_are_given(built: ChunkedSource, raw_dir: Path) -> None:
    files: dict[str, int] = {}
    for instance in built.instances:
        texts = segment_texts_by_id(instance)
        for chunk in instance.chunks:
            for segment in chunk.segments:
                span = segment.source_span
                files[span.file] = files.get(span.file, 0) + 1
                if span.file == "corrections.jsonl":
                    assert read_span(raw_dir, span) == texts[segment.id]
    lines = (raw_dir / "corrections.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert files == {
        "squad.json": 1204,
        "corrections.jsonl": sum(len(one["corrections"]) for one in records),
    }
    splits = {record["title"]: record["split"] for record in records}
    assert {one.document: one.split for one in built.instances} == splits


def copy_golden(folder: Path) -> list[dict[str, object]]:
    """Copy the golden files; return the lines of the corrections."""
    shutil.copytree(golden_raw_dir("squad_corrected"), folder, dirs_exist_ok=True)
    return [json.loads(line) for line in (folder / "corrections.jsonl").read_text().splitlines()]


def test_corrections_without_what_they_correct_are_rejected_by_name(tmp_path: Path) -> None:
    first, second = copy_golden(tmp_path)
    corrections = first["corrections"]
    assert isinstance(corrections, list)
    corrections[0]["paragraph"] = 5  # which is malformed
    corrections[1]["questions"] = []
    corrections[2]["questions"][0]["index"] = 9
    corrections.append(dict(corrections[3]))  # its question is corrected already
    rows = [first, {**second, "article": 1}, {**second, "split": "both"}]
    (tmp_path / "corrections.jsonl").write_text("\n".join(map(json.dumps, rows)))
    parsed = parse("squad_corrected", tmp_path)
    assert set(reasons(parsed.rejects)) >= {
        ("correction without its paragraph", "/0/corrections/0/text"),
        ("malformed record", "/0/corrections/1"),
        ("correction without its question", "/0/corrections/2/questions/0/text"),
        ("correction without its question", "/0/corrections/4/questions/0/text"),
        ("corrections without an article", "/1"),
        ("malformed record", "/2"),
    }
    kinds = [one.kind for document in parsed.documents for one in document.questions]
    assert kinds.count("correction") == kinds.count("current value") == 1


def test_without_corrections_the_error_says_how_to_make_them(tmp_path: Path) -> None:
    shutil.copy(GOLDEN / "squad_corrected" / "raw" / "squad.json", tmp_path)
    with pytest.raises(
        MemcurateError, match=r"has no corrections\.jsonl: give sources\.squad_corrected a bl"
    ):
        parse("squad_corrected", tmp_path)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"corrections": None}, "format corrected_squad and the block `corrections` go together"),
        ({"format": "squad"}, "format corrected_squad and the block `corrections` go together"),
        ({"files": []}, "needs one at least"),
        ({"corrections": {"percent": 101}}, r"corrections\.percent: .*less than or equal to 100"),
        ({"corrections": {"min_distance": 9, "max_distance": 8}}, "min_distance 9 is over max_distance 8"),
        (
            {"chunking": {"strategy": "conversations", "max_tokens": 512, "min_chunks": 1, "max_chunks": 9}},
            "an article with its corrections is one instance, which whole_documents makes; got conversations",
        ),
    ],
)
def test_params_that_do_not_go_together_are_told(columns: dict[str, object], message: str) -> None:
    block = {"format": "corrected_squad", "corrections": {}, "files": ["file:any"]}
    assert validate_params(Source, block).corrections == Corrections()
    with pytest.raises(MemcurateError, match=message):
        validate_params(Source, {**block, **columns})
