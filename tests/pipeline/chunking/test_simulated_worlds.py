"""Worlds that are written, read with filler and chunked: what holds after a chunk follows from the chunks."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.chunking import ChunkingContext
from pipeline.chunking.sharded import chunk_shards_in_memory
from pipeline.chunking.types import ChunkedSource
from pipeline.core.errors import MemcurateError
from pipeline.core.params import ConversationChunking, Simulation, Source
from pipeline.core.schema import Fact, Instance, segment_texts_by_id
from pipeline.sources import make_reader
from pipeline.sources.io import read_span
from pipeline.world.events import FactKey, fold_events, list_held_values
from pipeline.world.files import write_worlds
from pipeline.world.queries import ABILITIES, list_queries
from pipeline.world.timeline import World, draw_world

PARAMS = Simulation(train=2, test=1, people=5, facts=30, questions=45, filler=50)
CHUNKING = ConversationChunking(strategy="conversations", max_tokens=600, min_chunks=1, max_chunks=10_000)
FILLER = "hotpotqa.json"


def write_filler(path: Path, count: int) -> None:
    """Write a question that rests on the first two of `count` articles, with all of them."""
    context = [[f"Article {n}", [f"Number {n} is a lake.", f" It is {n} miles long."]] for n in range(count)]
    facts = [["Article 0", 0], ["Article 1", 1]]
    question = {"question": "Which?", "answer": "lake", "type": "bridge", "supporting_facts": facts}
    path.write_text(json.dumps([{**question, "context": context}]))


def make_source(**columns: object) -> Source:
    block = {"format": "simulated_world", "simulate": PARAMS.model_dump(), "files": ["file:any"]}
    return Source.model_validate({**block, "filler": {"name": "hotpotqa", "articles": "others"}, **columns})


def build(
    folder: Path, context: ChunkingContext, params: Simulation = PARAMS, articles: int = 400
) -> ChunkedSource:
    """Write, read and chunk worlds."""
    write_worlds(params, folder)
    write_filler(folder / FILLER, articles)
    reader = make_reader(context.source, make_source())
    return chunk_shards_in_memory(reader, reader.plan(folder, 1 << 30), CHUNKING, context)


def cut_after(world: World, instance: Instance, chunk: int) -> World:
    """Return the world as far as the chunks up to `chunk` tell it, by the text of their statements alone."""
    told = [segment.id for one in instance.chunks[: chunk + 1] for segment in one.segments]
    texts = segment_texts_by_id(instance)
    shown = [texts[identity] for identity in told]
    count = sum(event_text in shown for event_text in statements(instance.document))
    return World(world.name, world.people, world.events[:count])


@cache
def read_records() -> dict[str, dict[str, object]]:
    with TemporaryDirectory() as folder:
        write_worlds(PARAMS, Path(folder))
        lines = Path(folder, "worlds.jsonl").read_text(encoding="utf-8").splitlines()
    return {record["name"]: record for record in map(json.loads, lines)}


def statements(name: str) -> Sequence[str]:
    """Return the texts of a world's events, in order."""
    sessions: list[dict[str, list[dict[str, str]]]] = read_records()[name]["sessions"]  # type: ignore[assignment]  # JSON
    return [turn["text"] for session in sessions for turn in session["turns"] if "event" in turn]


def holding_after(facts: Sequence[Fact], chunk: int) -> set[tuple[str, str, str]]:
    return {
        (fact.subject, fact.attribute, fact.value)
        for fact in facts
        if fact.chunk <= chunk and (fact.end_chunk is None or fact.end_chunk > chunk)
    }


def test_the_gold_memory_after_a_chunk_follows_from_the_chunks_up_to_it(
    tmp_path: Path, context: ChunkingContext
) -> None:
    chunked = build(tmp_path, context)
    assert len(chunked.instances) == 3 and len(chunked.instances[0].chunks) > 5
    for instance in chunked.instances:
        world = draw_world(instance.document, PARAMS, PARAMS.seed)
        for chunk in range(len(instance.chunks)):
            histories = fold_events(cut_after(world, instance, chunk).events)
            held = {
                (key.person, key.attribute, history.holding.value)
                for key, history in histories.items()
                if history.holding
            }
            assert holding_after(instance.facts, chunk) == held


def test_what_is_asked_on_the_way_is_answered_by_the_chunks_up_to_then(
    tmp_path: Path, context: ChunkingContext
) -> None:
    chunked = build(tmp_path, context)
    instances = {one.id: one for one in chunked.instances}
    asked_early = [row for row in chunked.document_questions if row.question.after_chunk is not None]
    assert len(asked_early) > 10
    for row in chunked.document_questions:
        instance, question = instances[row.instance], row.question
        last = len(instance.chunks) - 1
        after = last if question.after_chunk is None else question.after_chunk
        assert after < last or question.after_chunk is None
        assert all(index <= after for index in question.evidence_chunks)
        world = cut_after(draw_world(instance.document, PARAMS, PARAMS.seed), instance, after)
        queries = list_queries(world, len(world.events) - 1, PARAMS.seed)
        assert question.kind in ABILITIES
        same = [
            query
            for query in queries[question.kind]
            if [query.answer] * bool(query.answer) == question.answers
            and list(dict.fromkeys(query.wrong)) == question.wrong_answers
        ]
        assert same, question


def test_worlds_have_splits_of_their_own_and_spans_of_their_raw_text(
    tmp_path: Path, context: ChunkingContext
) -> None:
    chunked = build(tmp_path, context)
    assert [one.split for one in chunked.instances] == ["test", "train", "train"]
    passages = set()
    for instance in chunked.instances:
        texts = segment_texts_by_id(instance)
        for chunk in instance.chunks:
            for segment in chunk.segments:
                assert read_span(tmp_path, segment.source_span) == texts[segment.id]
                if segment.source_span.file == FILLER:
                    assert segment.speaker == "Assistant" and texts[segment.id] not in passages
                    passages.add(texts[segment.id])
    assert len(passages) > 50 and not passages & {"Number 0 is a lake.", "Number 1 is a lake."}
    spans = {row.question.source_span.file for row in chunked.document_questions if row.question.source_span}
    assert spans == {"worlds.jsonl"}


def test_filler_that_is_too_short_is_an_error_that_names_the_key(
    tmp_path: Path, context: ChunkingContext
) -> None:
    with pytest.raises(MemcurateError, match=r"more than the 18 passages of the filler: lower `filler`"):
        build(tmp_path, context, articles=20)


def test_a_world_without_filler_needs_no_files(tmp_path: Path, context: ChunkingContext) -> None:
    write_worlds(PARAMS, tmp_path)
    source = make_source(files=[], filler=None)
    reader = make_reader(context.source, source)
    chunked = chunk_shards_in_memory(reader, reader.plan(tmp_path, 1 << 30), CHUNKING, context)
    assert len(chunked.instances) == 3
    spans = [
        segment.source_span for one in chunked.instances for part in one.chunks for segment in part.segments
    ]
    assert {span.file for span in spans} == {"worlds.jsonl"}


def test_a_world_that_names_an_event_which_no_turn_tells_is_a_reject(
    tmp_path: Path, context: ChunkingContext
) -> None:
    write_worlds(PARAMS, tmp_path)
    path = tmp_path / "worlds.jsonl"
    first, second, third = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    first["facts"][0]["end_event"] = 9_999
    second["questions"][-1]["evidence"].append(8_888)
    path.write_text("\n".join(map(json.dumps, (first, second, third))), encoding="utf-8")
    parsed = make_reader(context.source, make_source(files=[], filler=None)).parse(tmp_path)
    assert [document.name for document in parsed.documents] == [third["name"]]
    assert [reject.detail for reject in parsed.rejects] == [
        f"record: no turn tells event {event}, which a fact or question names" for event in (9_999, 8_888)
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"simulate": None}, "go together"),
        ({"files": []}, "needs one at least"),
        ({"filler": None}, "`filler` says how they are read"),
        ({"format": "locomo", "filler": None}, "go together|filler"),
    ],
)
def test_blocks_that_do_not_go_together_are_told(columns: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_source(**columns)


def test_params_that_ask_for_too_much_are_told(tmp_path: Path) -> None:
    with pytest.raises(MemcurateError, match=r"simulate: 500 facts are more than the"):
        write_worlds(PARAMS.model_copy(update={"facts": 500}), tmp_path)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(5, 40))  # a single fact may be a relation to nobody
def test_values_hold_from_their_statement_to_the_event_that_ends_them(seed: int, facts: int) -> None:
    world = draw_world("any", PARAMS.model_copy(update={"facts": facts}), seed)
    values = list_held_values(world.events)
    for after in range(len(world.events)):
        held = {
            (one.key, one.value)
            for one in values
            if one.event <= after and (one.end_event is None or one.end_event > after)
        }
        folded: set[tuple[FactKey, str]] = {
            (key, history.holding.value)
            for key, history in fold_events(world.events[: after + 1]).items()
            if history.holding
        }
        assert held == folded


def test_questions_of_a_world_that_makes_several_instances_are_rejects(
    tmp_path: Path, context: ChunkingContext
) -> None:
    write_worlds(PARAMS, tmp_path)
    write_filler(tmp_path / FILLER, 400)
    reader = make_reader(context.source, make_source())
    divided = CHUNKING.model_copy(update={"max_chunks": 4})
    chunked = chunk_shards_in_memory(reader, reader.plan(tmp_path, 1 << 30), divided, context)
    assert not chunked.document_questions
    rejects = [one for one in chunked.rejects if one.reason == "document divided"]
    asked = sum(len(record["questions"]) for record in read_records().values())  # type: ignore[arg-type]  # JSON
    assert len(rejects) == asked > 100 and "raise chunking.max_chunks" in rejects[0].detail
