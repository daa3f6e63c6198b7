"""Rule-based questions of real corpora: the bars hold for each; shards and workers make no difference."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.chunking import ChunkedSource
from pipeline.core.params import Params
from pipeline.core.schema import (
    BLANK,
    Chunk,
    Instance,
    InstanceQuestion,
    InstanceTexts,
    Question,
    SegmentSpan,
)
from pipeline.core.storage import count_row_groups, row_group_readers, write_rows
from pipeline.questions.rules.rule_based import make_rule_questions
from pipeline.sources.parsed import ParsedSource
from pipeline.text.normalize import occurs_in
from tests.integration.test_real_corpora import RawText

STRIDE = 8  # every eighth instance has questions: all would take a minute


@dataclass
class MadeQuestions:
    """The questions of a part of a source's instances."""

    instances: dict[str, Instance]
    rows: list[InstanceQuestion]
    max_clozes: int  # per chunk

    def of_origin(self, origin: str) -> list[tuple[Instance, Question]]:
        """Return the questions of an origin, each with its instance."""
        return [
            (self.instances[row.instance], row.question) for row in self.rows if row.question.origin == origin
        ]


@pytest.fixture(scope="module", params=["chitchat", "gutenberg"])
def made(
    request: pytest.FixtureRequest,
    chunked: Callable[[str], tuple[ParsedSource, ChunkedSource]],
    params: Params,
    assets: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> MadeQuestions:
    instances = chunked(request.param)[1].instances[::STRIDE]
    file = tmp_path_factory.mktemp(request.param) / "instances.parquet"
    write_rows(file, Instance, instances)
    config = params.sources[request.param].questions
    rows = list(
        make_rule_questions(
            row_group_readers(file, Instance), row_group_readers(file, InstanceTexts), config, assets, {}
        )
    )
    return MadeQuestions({one.id: one for one in instances}, rows, config.cloze)


def find_evidence(instance: Instance, question: Question) -> dict[str, tuple[Chunk, SegmentSpan]]:
    """Return the evidence segments by id, each with its chunk."""
    return {
        segment.id: (chunk, segment)
        for chunk in instance.chunks
        for segment in chunk.segments
        if segment.id in question.evidence
    }


def normalize_spaces(text: str) -> str:
    return " ".join(text.split())


def test_most_instances_have_questions(made: MadeQuestions) -> None:
    """In the order of the instances; no two questions have one id."""
    assert len(made.instances) > 25
    instance_ids = list(dict.fromkeys(row.instance for row in made.rows))
    assert instance_ids == [name for name in made.instances if name in instance_ids]
    assert len(instance_ids) > 20
    assert max(Counter(row.question.id for row in made.rows).values()) == 1


def test_the_answer_completes_the_sentence_of_a_cloze(made: MadeQuestions, raw: Path) -> None:
    """Bar: with the answer in the blank, the sentence occurs in the evidence and at the source span."""
    clozes = made.of_origin("cloze")
    text = RawText(raw / clozes[0][0].source)
    assert len(clozes) > 100
    for instance, question in clozes:
        (answer,) = question.answers
        _, _, blanked = question.text.partition("\n")
        assert question.text.count(BLANK) == blanked.count(BLANK) == 1
        sentence = blanked.replace(BLANK, answer)
        ((chunk, segment),) = find_evidence(instance, question).values()
        assert question.evidence_chunks == [chunk.index]
        assert sentence in normalize_spaces(chunk.text[segment.start : segment.end])
        assert question.source_span is not None
        assert normalize_spaces(text.at(question.source_span)) == sentence
        assert not occurs_in(answer, blanked)
        assert (question.metric, question.time) == ("contains", None)
        assert question.kind in ("name", "place", "time", "number", "thing")


def test_clozes_name_time_and_speaker_or_document(made: MadeQuestions) -> None:
    for instance, question in made.of_origin("cloze"):
        ((chunk, segment),) = find_evidence(instance, question).values()
        lead = question.text.partition("\n")[0]
        if segment.speaker is not None:
            assert segment.time is not None
            (time,) = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", lead)  # that of the heading above it
            headings = chunk.text[: segment.start].rpartition("[Dialogue at timestamp ")
            assert segment.speaker in lead and headings[2].startswith(f"{time}]\n")
        else:
            assert chunk.time[:10] in lead
            assert segment.document in lead and (segment.section or "") in lead


def test_clozes_are_limited_per_chunk_and_answer(made: MadeQuestions) -> None:
    """Bar: at most `max_clozes` of a chunk, and at most two with the same answer in an instance."""
    chunks = Counter(
        (instance.id, *question.evidence_chunks) for instance, question in made.of_origin("cloze")
    )
    assert max(chunks.values()) == made.max_clozes
    answers = Counter((one.id, question.answers[0].casefold()) for one, question in made.of_origin("cloze"))
    assert max(answers.values()) == 2


def test_summary_keywords_are_short_and_occur_in_their_evidence(made: MadeQuestions) -> None:
    """Bar: one question of each book instance; keywords are few, short and distinct."""
    summaries = made.of_origin("summary")
    books = next(iter(made.instances.values())).source == "gutenberg"
    assert [instance.id for instance, _ in summaries] == (list(made.instances) if books else [])
    for instance, question in summaries:
        first, last = instance.chunks[0].time[:10], instance.chunks[-1].time[:10]
        assert f" from {first} to {last}:" in question.text
        assert 1 <= len(question.answers) <= 20
        assert all(len(answer.split()) <= 3 for answer in question.answers)
        words = [word for answer in question.answers for word in set(answer.casefold().split())]
        assert len(set(words)) == len(words)
        segments = find_evidence(instance, question)
        texts = [
            normalize_spaces(chunk.text[segment.start : segment.end]) for chunk, segment in segments.values()
        ]
        assert set(segments) == set(question.evidence)
        assert all(any(occurs_in(answer, text) for text in texts) for answer in question.answers)
        assert all(any(occurs_in(answer, text) for answer in question.answers) for text in texts)
        assert question.evidence_chunks == sorted({chunk.index for chunk, _ in segments.values()})
        assert (question.metric, question.source_span) == ("keywords", None)


def test_shards_and_workers_make_no_difference(
    made: MadeQuestions, params: Params, assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instances = list(made.instances.values())[:9]
    config = params.sources[instances[0].source].questions
    file = tmp_path / "instances.parquet"

    def make_questions(group: int, workers: int) -> list[InstanceQuestion]:
        monkeypatch.setattr("pipeline.core.storage.ROWS_PER_GROUP", group)
        monkeypatch.setenv("MEMCURATE_WORKERS", str(workers))
        write_rows(file, Instance, instances)
        assert count_row_groups(file) == -(-len(instances) // group)
        return list(
            make_rule_questions(
                row_group_readers(file, Instance), row_group_readers(file, InstanceTexts), config, assets, {}
            )
        )

    whole = make_questions(9, 1)
    assert len(whole) > 9
    assert make_questions(2, 1) == whole
    assert make_questions(4, 2) == whole
