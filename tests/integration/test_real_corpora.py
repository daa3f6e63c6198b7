"""The whole road on every source of the starter set: what must hold of each chunk, segment and question."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipeline.checks.filtering import filter_instances
from pipeline.checks.human_review import collect_bad_verdicts, read_reviews
from pipeline.chunking import ChunkedSource, ChunkingContext
from pipeline.chunking.books import split_sentences
from pipeline.chunking.chunk_files import write_chunked
from pipeline.core.params import Params, load_params
from pipeline.core.schema import DRAWN_SPLITS, Instance, Question, Reject, Span
from pipeline.questions.chunk_inputs import find_chunk_inputs
from pipeline.questions.deterministic import make_deterministic_questions
from pipeline.sources.parsed import ParsedSource
from pipeline.text.tokens import Tokenizer
from tests.conftest import ROOT
from tests.integration.raw_text import RawText

SOURCES = load_params(ROOT / "params.yaml").enabled_sources
Made = Callable[[str], tuple[ParsedSource, ChunkedSource]]

EXAMPLES = ("banking77", "trec_coarse", "trec_fine")  # sources of labelled examples


@pytest.mark.parametrize("source", SOURCES)
def test_no_chunk_is_over_its_budget(source: str, chunked: Made, params: Params, assets: Path) -> None:
    """Bar: counted on the rendered text, with the declared tokenizer."""
    tokenizer = Tokenizer(params.tokenizer, assets)
    budget = params.sources[source].chunking.max_tokens
    for instance in chunked(source)[1].instances:
        for chunk in instance.chunks:
            assert chunk.tokens == tokenizer.count(chunk.text) <= budget
        assert instance.tokens == sum(chunk.tokens for chunk in instance.chunks)


def expected_segments(parsed: ParsedSource, context: ChunkingContext) -> dict[str, list[tuple[Span, str]]]:
    """(span, text) of the segments of each document, in the document's own order."""
    found: dict[str, list[tuple[Span, str]]] = {}
    for book in parsed.books:
        chapters = split_sentences(book, context.splitter)
        found[book.name] = [
            (Span(book.file, "", start, end), book.text[start:end])
            for chapter in chapters
            for _, start, end, _ in chapter
        ]
    for document in parsed.documents:
        found[document.name] = [
            (segment.source_span, segment.text)
            for section in document.sections
            for unit in section.units
            for segment in unit
        ]
    return found


@pytest.mark.parametrize("source", [source for source in SOURCES if source not in EXAMPLES])
def test_nothing_is_lost(source: str, chunked: Made, context: ChunkingContext) -> None:
    """Bar: a document's segments are those of its chunks and named rejects, in order, each once."""
    parsed, made = chunked(source)
    kept: dict[str, list[tuple[Span, str]]] = {}
    for instance in sorted(made.instances, key=lambda one: (one.split, one.document, one.index)):
        for chunk in instance.chunks:
            for segment in chunk.segments:
                text = chunk.text[segment.start : segment.end]
                kept.setdefault(segment.document, []).append((segment.source_span, text))
    rejected: dict[str, list[tuple[Span, str]]] = {}
    for reject in made.rejects:
        assert reject.reason
        for one in reject.segments:
            rejected.setdefault(one.document, []).append((one.source_span, one.text))
    documents = expected_segments(parsed, context)
    assert documents
    for name, segments in documents.items():
        assert in_order(segments, kept.get(name, []), rejected.get(name, [])), name


def in_order(whole: list[tuple[Span, str]], *parts: list[tuple[Span, str]]) -> bool:
    """Whether the parts, each in its own order, make up the whole; torn segments by their parts."""
    queues = [list(reversed(part)) for part in parts]
    for span, text in whole:
        taken, place = "", span.start
        while "".join(taken.split()) != "".join(text.split()):
            holders = [queue for queue in queues if queue and begins(queue[-1][0], span, place)]
            if not holders:
                return False
            raw, part = holders[0].pop()
            taken += part
            place = raw.end
    return not any(queues)


def begins(raw: Span, span: Span, place: int) -> bool:
    """Whether `raw` is the rest of `span` from `place` on, or a part of it."""
    same = (raw.file, raw.record) == (span.file, span.record)
    return same and place <= raw.start < raw.end <= span.end


@pytest.mark.parametrize("source", SOURCES)
def test_no_segment_is_shared(source: str, chunked: Made) -> None:
    """Bar: no segment in two instances; labelled examples recur, but on one side and never in an instance."""
    sides: dict[str, set[str]] = {"train": set(), "test": set()}
    uses: Counter[str] = Counter()
    for instance in chunked(source)[1].instances:
        ids = [segment.id for chunk in instance.chunks for segment in chunk.segments]
        assert len(set(ids)) == len(ids)
        sides[instance.split].update(ids)
        uses.update(ids)
    assert sides["train"] and sides["test"]
    assert not sides["train"] & sides["test"]
    if source not in EXAMPLES:
        assert max(uses.values()) == 1


@pytest.mark.parametrize("source", SOURCES)
def test_lineage_leads_to_the_same_characters(source: str, chunked: Made, raw: Path) -> None:
    text = RawText(raw / source)
    _, made = chunked(source)
    for instance in made.instances:
        for chunk in instance.chunks:
            for placed in chunk.segments:
                assert chunk.text[placed.start : placed.end] == text.at(placed.source_span)
    for segment in [*made.labelled_examples, *(one for reject in made.rejects for one in reject.segments)]:
        assert segment.text == text.at(segment.source_span)


@pytest.fixture(scope="session")
def asked(
    params: Params, chunked: Made, assets: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[list[Instance], list[Reject]]]:
    """A source after question and filter."""

    @cache
    def make(source: str) -> tuple[list[Instance], list[Reject]]:
        parsed, made = chunked(source)
        folder = tmp_path_factory.mktemp(source)
        write_chunked(folder, parsed, made)
        wanted = params.sources[source].questions
        rows, rejects = make_deterministic_questions(
            find_chunk_inputs(folder)[0].open(), wanted, params.seed, source, assets
        )
        tokenizer = Tokenizer(params.tokenizer, assets)
        checks = params.sources[source].checks
        bad = collect_bad_verdicts(read_reviews(ROOT / "reviews" / f"{source}.csv"))
        kept = []
        for instance, dropped in filter_instances(
            [replace(one, questions=[]) for one in made.instances],
            rows,
            checks,
            tokenizer,
            bad,
            params.dataset.near_duplicate,
            params.seed,
            source,
        ):
            rejects += dropped
            kept += [instance] if instance is not None else []
        return kept, rejects

    return make


@pytest.mark.parametrize("source", SOURCES)
def test_questions(
    source: str, chunked: Made, asked: Callable[[str], tuple[list[Instance], list[Reject]]], raw: Path
) -> None:
    """Bar: for containment a gold answer stands in an evidence chunk; lineage leads to the record."""
    text = RawText(raw / source)
    kept, rejects = asked(source)
    ids = Counter(question.id for instance in kept for question in instance.questions)
    assert max(ids.values()) == 1
    for instance in kept:
        placed = {segment.id: (chunk, segment) for chunk in instance.chunks for segment in chunk.segments}
        for question in instance.questions:
            assert (question.evidence and question.answers) or question.metric == "abstain"
            holders = {placed[segment][0].index for segment in question.evidence}
            assert sorted(holders) == question.evidence_chunks
            assert_lineage(question, text)
            if question.metric == "contains":
                evidence = [placed[segment] for segment in question.evidence]
                stands = [
                    chunk.text[segment.start : segment.end]
                    for chunk, segment in evidence
                    if any(plain(answer) in plain(chunk.text) for answer in question.answers)
                ]
                assert stands, question
            if question.metric == "exact":
                names = {label.number: label.name for label in instance.labels}
                labels = {placed[segment][1].label for segment in question.evidence}
                assert labels == {names[int(question.answers[0])]}
    parsed, _ = chunked(source)
    if params_carry(source):
        out = {reject.id for reject in rejects if reject.kind == "question"}
        assert len(ids) + len(out) >= len({question.id for question in parsed.questions})


def plain(text: str) -> str:
    return " ".join(text.casefold().split())


def assert_lineage(question: Question, text: RawText) -> None:
    """The raw span holds the question, or the example it is about, or the sentence that a cloze fills."""
    if question.origin == "summary":
        assert question.source_span is None
        return
    assert question.source_span is not None
    found = text.at(question.source_span)
    if question.origin == "cloze":
        sentence = question.text.rpartition("\n")[2].replace("____", question.answers[0])
        assert " ".join(found.split()) == sentence
    else:
        assert found in question.text


def params_carry(source: str) -> bool:
    return load_params(ROOT / "params.yaml").sources[source].questions.source


def test_longmemeval_has_the_evidence_sessions(asked: Callable[[str], Any], raw: Path) -> None:
    records = json.loads((raw / "longmemeval" / "longmemeval_oracle.json").read_text())
    by_question = {record["question"].strip(): record for record in records}
    for instance in asked("longmemeval")[0]:
        sections = {segment.section for chunk in instance.chunks for segment in chunk.segments}
        for question in instance.questions:
            record = by_question[question.text]
            wanted = {f"{record['question_id']}/{session}" for session in record["answer_session_ids"]}
            assert wanted <= sections
        times = [segment.time for chunk in instance.chunks for segment in chunk.segments]
        assert times == sorted(times)


def test_longmemeval_keeps_a_question_with_its_answer(
    chunked: Made, params: Params, context: ChunkingContext
) -> None:
    """A chunk ends on a user's turn whose answer is next only where the two do not fit together."""
    budget = params.sources["longmemeval"].chunking.max_tokens
    parted = 0
    for instance in chunked("longmemeval")[1].instances:
        for before, after in zip(instance.chunks, instance.chunks[1:], strict=False):
            last, first = before.segments[-1], after.segments[0]
            if (last.speaker, first.speaker, last.section) == ("User", "Assistant", first.section):
                parted += 1
                pair = before.text[last.start : last.end] + after.text[first.start : first.end]
                assert context.tokenizer.count(pair) > budget - 64
    assert parted < 10


@pytest.mark.parametrize("source", EXAMPLES)
def test_every_label_is_in_every_instance(source: str, chunked: Made, params: Params) -> None:
    _, made = chunked(source)
    names = {label.name for label in made.instances[0].labels}
    on_side = {(segment.document, segment.label) for segment in made.labelled_examples}
    assert {label for _, label in on_side} == names
    assert len(on_side) == 2 * len(names)
    for instance in made.instances:
        assert {segment.label for chunk in instance.chunks for segment in chunk.segments} == names
        assert len(instance.chunks) == params.sources[source].chunking.chunks
        assert instance.labels == made.instances[0].labels


def test_trecs_share_one_split(chunked: Made) -> None:
    coarse, fine = (
        {one.text: one.document for one in chunked(name)[1].labelled_examples}
        for name in ("trec_coarse", "trec_fine")
    )
    assert fine.keys() <= coarse.keys()
    assert all(coarse[text] == side for text, side in fine.items())


# source: (least instances in train, in test, least and most questions of each)
YIELD = {
    "gutenberg": (130, 15, 3, 100),
    "chitchat": (100, 10, 3, 100),
    "longmemeval": (40, 4, 4, 5),
    "banking77": (18, 2, 100, 100),
    "trec_coarse": (18, 2, 100, 100),
    "trec_fine": (18, 2, 100, 100),
    "squad_dev": (12, 1, 30, 100),
    "hotpotqa_dev": (90, 10, 10, 100),
    "people": (100, 30, 40, 60),
}


@pytest.mark.parametrize("source", SOURCES)
def test_yield(source: str, asked: Callable[[str], tuple[list[Instance], list[Reject]]]) -> None:
    train, test, least, most = YIELD[source]
    kept, _ = asked(source)
    splits = Counter(instance.split for instance in kept)
    assert splits["train"] >= train and splits["test"] >= test
    assert all(least <= len(instance.questions) <= most for instance in kept)


@pytest.mark.parametrize(("source", "least"), [("gutenberg", 10), ("chitchat", 5)])
def test_made_questions_are_many(source: str, least: int, asked: Callable[[str], Any]) -> None:
    """Bar: kept questions per instance, on average, on each side."""
    for side in DRAWN_SPLITS:
        counts = [len(instance.questions) for instance in asked(source)[0] if instance.split == side]
        assert sum(counts) >= least * len(counts) > 0


def test_books_are_cut_at_their_headings(chunked: Made) -> None:
    parsed, made = chunked("gutenberg")
    chapters = {book.name: sum(1 for _, _, name in book.chapters if name) for book in parsed.books}
    counted = {
        "austen-emma": 55,
        "austen-persuasion": 24,
        "austen-sense": 50,
        "bible-kjv": 1189,
        "burgess-busterbrown": 23,
        "carroll-alice": 12,
        "chesterton-ball": 20,
        "chesterton-brown": 12,
        "chesterton-thursday": 15,
        "melville-moby_dick": 138,
        "milton-paradise": 12,
        "shakespeare-caesar": 5,
        "shakespeare-hamlet": 0,
        "shakespeare-macbeth": 23,
        "whitman-leaves": 424,
    }
    assert {name: chapters[name] for name in counted} == counted
    assert all(5 <= len(instance.chunks) <= 20 for instance in made.instances)
    held = Counter(instance.document for instance in made.instances)
    in_test = {instance.document for instance in made.instances if instance.split == "test"}
    assert all(held[name] <= 0.2 * sum(held.values()) for name in in_test)
    assert 0.05 <= sum(held[name] for name in in_test) / sum(held.values()) <= 0.15


def test_licence_text_is_no_book(chunked: Made) -> None:
    parsed, made = chunked("gutenberg")
    assert [reject.reason for reject in parsed.rejects] == ["licence text"]
    ball = [one for one in made.instances if one.document == "chesterton-ball"]
    assert "pattern of a cross." in ball[-1].chunks[-1].text
    assert not any("Project Gutenberg" in chunk.text for one in ball for chunk in one.chunks)
