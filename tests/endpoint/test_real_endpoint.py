"""Every step that asks a model, end to end on real corpora, against a real server of a small model.

So small a model writes few usable replies: what matters is that all that is asked has an outcome.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.checks.model import closed_book, open_book
from pipeline.checks.surroundings import Surroundings
from pipeline.chunking import Chunked
from pipeline.documents import Parsed
from pipeline.endpoint.asking import Asker
from pipeline.params import Ask, ClosedBook, Params, Questions, Told, Written
from pipeline.questions.carried import carry_over
from pipeline.questions.made import make_questions
from pipeline.questions.modelled import ask_models
from pipeline.schema import AskedQuestion, Instance, Reject
from pipeline.storage import write_rows
from pipeline.text.tokens import Tokenizer
from tests.training.models import served, smollm2
from training.answering.judge import AnswerJudge
from training.schema import QuestionToAsk

pytestmark = pytest.mark.slow

Corpora = Callable[[str], tuple[Parsed, Chunked]]

OFF = {"carried": True, "held_out": 0, "summary": False, "cloze": 0}
CHARACTERS = 1500  # of a chunk: a small machine reads it


@pytest.fixture(scope="module")
def how(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    model = smollm2(tmp_path_factory.mktemp("model"))
    folder = tmp_path_factory.mktemp("server")
    with served(model, folder) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEMCURATE_ENDPOINT_URL", url)
        patch.setenv("MEMCURATE_ENDPOINT_ANSWERS", str(folder / "answers.sqlite"))
        yield Ask(model=str(model), revision="1", temperature=0.7, max_tokens=96)


def shortened(instance: Instance, chunks: int) -> Instance:
    """The first chunks, each with the segments that end within so many characters."""
    kept = []
    for chunk in instance.chunks[:chunks]:
        segments = [one for one in chunk.segments if one.end <= CHARACTERS]
        kept.append(replace(chunk, text=chunk.text[:CHARACTERS], segments=segments))
    return replace(instance, chunks=kept)


def first(corpora: Corpora, source: str) -> Instance:
    return shortened(next(one for one in corpora(source)[1].instances if one.split == "train"), 2)


def told(name: str, made: Counter[str | None]) -> None:
    print(f"{name}: " + ", ".join(f"{count} {reason or 'answered'}" for reason, count in made.items()))


def told_rejects(rejects: list[Reject]) -> None:
    told("rejects", Counter(f"{one.reason} ({one.detail[:80]})" for one in rejects))


@pytest.mark.parametrize("source", ["chitchat", "gutenberg"])
def test_written_questions(source: str, how: Ask, chunked: Corpora) -> None:
    instance = first(chunked, source)
    wanted = Questions(**OFF, written=Written(ask=how, per_chunk=2, per_pair=1, pairs=1))
    rows, rejects, models = ask_models([], [instance], wanted, source)
    told(f"{source}, written", Counter(one.reason for one in models))
    told_rejects(rejects)
    first_steps = [one for one in models if one.step.startswith("written questions")]
    assert len(first_steps) == 3  # two chunks, and the two together
    assert all(one.reason or one.keys for one in models)
    for row in rows:
        assert row.question.evidence and row.question.origin == "written"


def made_of(instance: Instance, wanted: Questions, assets: Path, folder: Path) -> list[AskedQuestion]:
    """What the rules make of an instance, for models to go on with."""
    write_rows(folder / "instances.parquet", Instance, [instance])
    return list(make_questions(folder / "instances.parquet", wanted, assets, {}))


def test_summaries_and_keywords(how: Ask, chunked: Corpora, assets: Path, tmp_path: Path) -> None:
    instance = first(chunked, "gutenberg")
    longer = how.model_copy(update={"max_tokens": 256})
    wanted = Questions(**OFF, told=Told(ask=longer, min_coverage=1), keywords=how)
    made = made_of(instance, wanted, assets, tmp_path)
    rows, rejects, models = ask_models(made, [instance], wanted, "gutenberg")
    told("summaries and keywords", Counter(one.reason for one in models))
    told_rejects(rejects)
    assert len(rows) + len(rejects) == 1
    assert sum(one.step == "summaries" for one in models) == 2


def test_keywords_of_chapters(how: Ask, chunked: Corpora, assets: Path, tmp_path: Path) -> None:
    instance = first(chunked, "gutenberg")
    wanted = Questions(**{**OFF, "summary": True}, keywords=how)
    made = made_of(instance, wanted, assets, tmp_path)
    rows, rejects, models = ask_models(made, [instance], wanted, "gutenberg")
    told("keywords", Counter(one.reason for one in models))
    told_rejects(rejects)
    assert len(made) == 1 == len(rows) + len(rejects)
    assert [one.step for one in models] == ["keywords"] * 2
    # The model's, not the rules'.
    assert all(row.question.answers != made[0].question.answers for row in rows)


def carried(corpora: Corpora, source: str, count: int) -> tuple[list[AskedQuestion], list[Instance]]:
    parsed, made = corpora(source)
    asked, _ = carry_over(parsed.questions, made.instances, source)
    answered = [row for row in asked if row.question.answers and row.question.answers[0]]
    return answered[:count], list(made.instances)


def test_shortened_answers(how: Ask, chunked: Corpora) -> None:
    asked, _ = carried(chunked, "longmemeval", 400)
    long = [row for row in asked if len(row.question.answers[0].split()) > 3][:6]
    rows, rejects, models = ask_models(long, [], Questions(**OFF, shorten=how), "longmemeval")
    told("shortened", Counter(one.reason for one in models))
    told_rejects(rejects)
    assert len(long) == 6 == len(rows) + len(rejects) == len(models)


def test_a_judge_of_answers(how: Ask, chunked: Corpora) -> None:
    asked, _ = carried(chunked, "longmemeval", 400)
    judged = [row.question for row in asked if row.question.metric == "judge"][:4]
    answered = [
        (QuestionToAsk(one.id, one.text, one.answers, one.metric, one.evidence_chunks), one.answers[0])
        for one in judged
    ]
    asker = Asker()
    scores = AnswerJudge(how, asker).scores(answered)
    told("judge of answers", Counter(one.reason for one in asker.asked))
    print(f"scores of right answers: {scores}")
    assert len(scores) == len(asker.asked) == 4
    assert all(
        (score is None) == (one.reason is not None) for score, one in zip(scores, asker.asked, strict=True)
    )


@pytest.mark.parametrize("source", ["squad_dev", "hotpotqa_dev"])
def test_closed_and_open_book(source: str, how: Ask, chunked: Corpora, params: Params, assets: Path) -> None:
    asked, instances = carried(chunked, source, 6)
    by_id = {one.id: one for one in instances}
    tokenizer = Tokenizer(params.tokenizer, assets)
    checks = params.sources[source].checks
    around = [(row.question, Surroundings(by_id[row.instance], checks, tokenizer, {})) for row in asked]
    asker = Asker()
    closed = closed_book(around, ClosedBook(asks=[how], samples=2), asker)
    opened = open_book(around, how, asker)
    told("closed and open book", Counter(one.reason for one in asker.asked))
    assert len(closed) == len(opened) == 6
    assert len(asker.asked) == 18 and all(one.reason or one.keys for one in asker.asked)
    count = len(asker.asked)
    again = Asker()
    assert closed_book(around, ClosedBook(asks=[how], samples=2), again) == closed
    assert again.asked == asker.asked[:12] and count == 18
