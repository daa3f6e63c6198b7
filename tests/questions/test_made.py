"""Made questions of the real corpora: the bars hold for each; shards and workers make no difference."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.chunking import Chunked
from pipeline.documents import Parsed
from pipeline.params import Params
from pipeline.questions.made import make_questions
from pipeline.schema import BLANK, AskedQuestion, Chunk, Instance, PlacedSegment, Question
from pipeline.storage import count_groups, write_rows
from pipeline.text.normal import stands_in
from tests.test_real_corpora import RawText

EVERY = 8  # of so many instances one is asked about: all take a minute


@dataclass
class Asked:
    """The questions made for a part of a source's instances."""

    instances: dict[str, Instance]
    rows: list[AskedQuestion]
    most: int  # clozes per chunk

    def of(self, origin: str) -> list[tuple[Instance, Question]]:
        """The questions of an origin, each with its instance."""
        return [
            (self.instances[row.instance], row.question) for row in self.rows if row.question.origin == origin
        ]


@pytest.fixture(scope="module", params=["chitchat", "gutenberg"])
def made(
    request: pytest.FixtureRequest,
    chunked: Callable[[str], tuple[Parsed, Chunked]],
    params: Params,
    assets: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Asked:
    instances = chunked(request.param)[1].instances[::EVERY]
    file = tmp_path_factory.mktemp(request.param) / "instances.parquet"
    write_rows(file, Instance, instances)
    wanted = params.sources[request.param].questions
    rows = list(make_questions(file, wanted, assets, {}))
    return Asked({one.id: one for one in instances}, rows, wanted.cloze)


def evidence(instance: Instance, question: Question) -> dict[str, tuple[Chunk, PlacedSegment]]:
    """The evidence segments by id, each with its chunk."""
    return {
        segment.id: (chunk, segment)
        for chunk in instance.chunks
        for segment in chunk.segments
        if segment.id in question.evidence
    }


def spaced(text: str) -> str:
    return " ".join(text.split())


def test_instances_are_asked_about(made: Asked) -> None:
    """In the order of the instances; no two questions have one id."""
    assert len(made.instances) > 25
    asked = list(dict.fromkeys(row.instance for row in made.rows))
    assert asked == [name for name in made.instances if name in asked]
    assert len(asked) > 20
    assert max(Counter(row.question.id for row in made.rows).values()) == 1


def test_clozes_give_their_sentences_back(made: Asked, raw: Path) -> None:
    """Bar: the answer in the blank is the sentence that stands in the evidence and that the span leads to."""
    clozes = made.of("cloze")
    text = RawText(raw / clozes[0][0].source)
    assert len(clozes) > 100
    for instance, question in clozes:
        (answer,) = question.answers
        _, _, blanked = question.text.partition("\n")
        assert question.text.count(BLANK) == blanked.count(BLANK) == 1
        sentence = blanked.replace(BLANK, answer)
        ((chunk, segment),) = evidence(instance, question).values()
        assert question.evidence_chunks == [chunk.ordinal]
        assert sentence in spaced(chunk.text[segment.start : segment.end])
        assert question.raw is not None
        assert spaced(text.at(question.raw)) == sentence
        assert not stands_in(answer, blanked)
        assert (question.metric, question.time) == ("contains", None)
        assert question.kind in ("name", "place", "time", "number", "thing")


def test_clozes_say_when_and_where(made: Asked) -> None:
    for instance, question in made.of("cloze"):
        ((chunk, segment),) = evidence(instance, question).values()
        lead = question.text.partition("\n")[0]
        if segment.speaker is not None:
            assert segment.time is not None
            assert segment.speaker in lead and segment.time in lead
        else:
            assert chunk.time[:10] in lead
            assert segment.document in lead and (segment.section or "") in lead


def test_clozes_are_spread(made: Asked) -> None:
    """Bar: at most so many of a chunk, and of an answer at most two in an instance."""
    chunks = Counter((instance.id, *question.evidence_chunks) for instance, question in made.of("cloze"))
    assert max(chunks.values()) == made.most
    answers = Counter((one.id, question.answers[0].casefold()) for one, question in made.of("cloze"))
    assert max(answers.values()) == 2


def test_summaries(made: Asked) -> None:
    """Bar: one of each book instance; keywords are few, short and distinct and stand in their evidence."""
    summaries = made.of("summary")
    books = next(iter(made.instances.values())).source == "gutenberg"
    assert [instance.id for instance, _ in summaries] == (list(made.instances) if books else [])
    for instance, question in summaries:
        first, last = instance.chunks[0].time[:10], instance.chunks[-1].time[:10]
        assert f" from {first} to {last}:" in question.text
        assert 1 <= len(question.answers) <= 20
        assert all(len(answer.split()) <= 3 for answer in question.answers)
        words = [word for answer in question.answers for word in set(answer.casefold().split())]
        assert len(set(words)) == len(words)
        held = evidence(instance, question)
        texts = [spaced(chunk.text[segment.start : segment.end]) for chunk, segment in held.values()]
        assert set(held) == set(question.evidence)
        assert all(any(stands_in(answer, text) for text in texts) for answer in question.answers)
        assert all(any(stands_in(answer, text) for answer in question.answers) for text in texts)
        assert question.evidence_chunks == sorted({chunk.ordinal for chunk, _ in held.values()})
        assert (question.metric, question.raw) == ("keywords", None)


def test_shards_and_workers_make_no_difference(
    made: Asked, params: Params, assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instances = list(made.instances.values())[:9]
    wanted = params.sources[instances[0].source].questions
    file = tmp_path / "instances.parquet"

    def asked(group: int, workers: int) -> list[AskedQuestion]:
        monkeypatch.setattr("pipeline.storage.ROWS_PER_GROUP", group)
        monkeypatch.setenv("MEMCURATE_WORKERS", str(workers))
        write_rows(file, Instance, instances)
        assert count_groups(file) == -(-len(instances) // group)
        return list(make_questions(file, wanted, assets, {}))

    whole = asked(9, 1)
    assert len(whole) > 9
    assert asked(2, 1) == whole
    assert asked(4, 2) == whole
