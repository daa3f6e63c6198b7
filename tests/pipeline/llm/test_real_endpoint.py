"""Every step with model calls, end to end on real corpora, against a real server of a small model.

So small a model writes few usable replies: the tests check that each model call has a result.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.checks.context import CheckContext
from pipeline.checks.model_checks import check_closed_book, check_open_book
from pipeline.chunking import ChunkedSource
from pipeline.core.params import (
    ClosedBook,
    ModelSettings,
    Params,
    QuestionGeneration,
    QuestionParams,
    SummaryGeneration,
)
from pipeline.core.schema import Instance, InstanceQuestion, InstanceTexts, Reject
from pipeline.core.storage import row_group_readers, write_rows
from pipeline.llm.client import LLMClient
from pipeline.questions.rules.rule_based import make_rule_questions
from pipeline.questions.source_questions import assign_source_questions
from pipeline.sources.parsed import ParsedSource
from pipeline.text.tokens import Tokenizer
from tests.pipeline.questions.factories import run_model_steps_once
from tests.training.local_models import make_smollm2, serve_model
from training.evaluation.judge_answers import EndpointAnswerJudge
from training.memory.schema import EpisodeQuestion

pytestmark = pytest.mark.slow

Corpora = Callable[[str], tuple[ParsedSource, ChunkedSource]]

OFF = {"source": True, "label": 0, "summary": False, "cloze": 0}
MAX_CHARS = 1500  # of a chunk: a small machine reads it


@pytest.fixture(scope="module")
def model_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelSettings]:
    model_dir = make_smollm2(tmp_path_factory.mktemp("model"))
    folder = tmp_path_factory.mktemp("server")
    with serve_model(model_dir, folder) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEMCURATE_ENDPOINT_URL", url)
        patch.setenv("MEMCURATE_ENDPOINT_CACHE_PATH", str(folder / "answers.sqlite"))
        yield ModelSettings(name=str(model_dir), revision="1", temperature=0.7, max_tokens=96)


def shorten(instance: Instance, chunks: int) -> Instance:
    """Return an instance of the first chunks, each with the segments that end within MAX_CHARS."""
    kept = []
    for chunk in instance.chunks[:chunks]:
        segments = [one for one in chunk.segments if one.end <= MAX_CHARS]
        kept.append(replace(chunk, text=chunk.text[:MAX_CHARS], segments=segments))
    return replace(instance, chunks=kept)


def first_train_instance(corpora: Corpora, source: str) -> Instance:
    return shorten(next(one for one in corpora(source)[1].instances if one.split == "train"), 2)


def print_counts(name: str, counts: Counter[str | None]) -> None:
    print(f"{name}: " + ", ".join(f"{count} {reason or 'answered'}" for reason, count in counts.items()))


def print_rejects(rejects: list[Reject]) -> None:
    print_counts("rejects", Counter(f"{one.reason} ({one.detail[:80]})" for one in rejects))


@pytest.mark.parametrize("source", ["chitchat", "gutenberg"])
def test_each_written_question_has_a_result(
    source: str, model_settings: ModelSettings, chunked: Corpora
) -> None:
    instance = first_train_instance(chunked, source)
    config = QuestionParams(
        **OFF,
        generated=QuestionGeneration(model=model_settings, max_per_chunk=2, max_per_pair=1, chunk_pairs=1),
    )
    rows, rejects, model_calls = run_model_steps_once([], [instance], config, source)
    print_counts(f"{source}, written", Counter(one.reason for one in model_calls))
    print_rejects(rejects)
    first_steps = [one for one in model_calls if one.step.startswith("written questions")]
    assert len(first_steps) == 3  # two chunks, and the two together
    assert all(one.reason or one.cache_keys for one in model_calls)
    for row in rows:
        assert row.question.evidence and row.question.origin == "generated"


def make_rule_rows(
    instance: Instance, config: QuestionParams, assets: Path, folder: Path
) -> list[InstanceQuestion]:
    """Make the questions of the rules, which models then change."""
    write_rows(folder / "instances.parquet", Instance, [instance])
    return list(
        make_rule_questions(
            row_group_readers(folder / "instances.parquet", Instance),
            row_group_readers(folder / "instances.parquet", InstanceTexts),
            config,
            assets,
            {},
        )
    )


def test_a_summary_and_its_keywords_have_a_result(
    model_settings: ModelSettings, chunked: Corpora, assets: Path, tmp_path: Path
) -> None:
    instance = first_train_instance(chunked, "gutenberg")
    longer = model_settings.model_copy(update={"max_tokens": 256})
    config = QuestionParams(
        **OFF, generated_summaries=SummaryGeneration(model=longer, min_coverage=1), keywords=model_settings
    )
    rule_rows = make_rule_rows(instance, config, assets, tmp_path)
    rows, rejects, model_calls = run_model_steps_once(rule_rows, [instance], config, "gutenberg")
    print_counts("summaries and keywords", Counter(one.reason for one in model_calls))
    print_rejects(rejects)
    assert len(rows) + len(rejects) == 1
    assert sum(one.step == "summaries" for one in model_calls) == 2


def test_keywords_without_a_summary_have_a_result(
    model_settings: ModelSettings, chunked: Corpora, assets: Path, tmp_path: Path
) -> None:
    instance = first_train_instance(chunked, "gutenberg")
    config = QuestionParams(**{**OFF, "summary": True}, keywords=model_settings)
    rule_rows = make_rule_rows(instance, config, assets, tmp_path)
    rows, rejects, model_calls = run_model_steps_once(rule_rows, [instance], config, "gutenberg")
    print_counts("keywords", Counter(one.reason for one in model_calls))
    print_rejects(rejects)
    assert len(rule_rows) == 1 == len(rows) + len(rejects)
    assert [one.step for one in model_calls] == ["keywords"] * 2
    # The keywords come from the model, not from the rules.
    assert all(row.question.answers != rule_rows[0].question.answers for row in rows)


def assign_questions(
    corpora: Corpora, source: str, count: int
) -> tuple[list[InstanceQuestion], list[Instance]]:
    parsed, chunked_source = corpora(source)
    source_rows, _ = assign_source_questions(parsed.questions, chunked_source.instances, source)
    answered = [row for row in source_rows if row.question.answers and row.question.answers[0]]
    return answered[:count], list(chunked_source.instances)


def test_each_long_answer_is_shortened_or_rejected(model_settings: ModelSettings, chunked: Corpora) -> None:
    source_rows, _ = assign_questions(chunked, "longmemeval", 400)
    long_rows = [row for row in source_rows if len(row.question.answers[0].split()) > 3][:6]
    rows, rejects, model_calls = run_model_steps_once(
        long_rows, [], QuestionParams(**OFF, shorten_answers=model_settings), "longmemeval"
    )
    print_counts("shortened", Counter(one.reason for one in model_calls))
    print_rejects(rejects)
    assert len(long_rows) == 6 == len(rows) + len(rejects) == len(model_calls)


def test_each_judged_answer_has_a_score_or_a_reason(model_settings: ModelSettings, chunked: Corpora) -> None:
    source_rows, _ = assign_questions(chunked, "longmemeval", 400)
    judged = [row.question for row in source_rows if row.question.metric == "judge"][:4]
    answered = [
        (EpisodeQuestion(one.id, one.text, one.answers, one.metric, one.evidence_chunks), one.answers[0])
        for one in judged
    ]
    llm_client = LLMClient()
    scores = EndpointAnswerJudge(model_settings, llm_client).score_answers(answered)
    print_counts("judge of answers", Counter(one.reason for one in llm_client.model_calls))
    print(f"scores of right answers: {scores}")
    assert len(scores) == len(llm_client.model_calls) == 4
    assert all(
        (score is None) == (one.reason is not None)
        for score, one in zip(scores, llm_client.model_calls, strict=True)
    )


@pytest.mark.parametrize("source", ["squad_dev", "hotpotqa_dev"])
def test_closed_and_open_book_have_a_result_for_each_call(
    source: str, model_settings: ModelSettings, chunked: Corpora, params: Params, assets: Path
) -> None:
    source_rows, instances = assign_questions(chunked, source, 6)
    by_id = {one.id: one for one in instances}
    tokenizer = Tokenizer(params.tokenizer, assets)
    checks = params.sources[source].checks
    questions_in_context = [
        (row.question, CheckContext(by_id[row.instance], checks, tokenizer, {})) for row in source_rows
    ]
    llm_client = LLMClient()
    closed = check_closed_book(
        questions_in_context, ClosedBook(models=[model_settings], samples=2), llm_client
    )
    opened = check_open_book(questions_in_context, model_settings, llm_client)
    print_counts("closed and open book", Counter(one.reason for one in llm_client.model_calls))
    assert len(closed) == len(opened) == 6
    assert len(llm_client.model_calls) == 18 and all(
        one.reason or one.cache_keys for one in llm_client.model_calls
    )
    count = len(llm_client.model_calls)
    again = LLMClient()
    assert (
        check_closed_book(questions_in_context, ClosedBook(models=[model_settings], samples=2), again)
        == closed
    )
    assert again.model_calls == llm_client.model_calls[:12] and count == 18
