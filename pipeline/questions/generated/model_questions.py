"""Questions that a model writes about a chunk, or about two chunks together, each with a quote as evidence.

A question passes three checks. Its quotes must occur in their chunks. The model, given the quotes alone, must
give its answer. And no similar chunk of the instance may contradict it: the model is asked, and must quote
the contradiction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from pipeline.core.ids import short_id
from pipeline.core.params import QuestionGeneration
from pipeline.core.rejection import make_question_reject
from pipeline.core.schema import Chunk, Instance, InstanceQuestion, Question, Reject
from pipeline.llm.client import Job, LLMClient
from pipeline.llm.prompts import render_prompt
from pipeline.matching.match import matches_answer
from pipeline.questions.generated.quotes import find_quoted_segments
from pipeline.questions.generated.similarity import most_similar_chunks, most_similar_pairs

_MAX_CHECKED_CHUNKS = 2  # chunks that are checked for a contradiction
_MIN_SHARED_WORDS = 2  # content words that a checked chunk shares with question and answer


class _One(BaseModel):
    question: str
    answer: str
    quote: str
    kind: Literal["fact", "time", "preference"]


class _Two(BaseModel):
    question: str
    answer: str
    first_quote: str
    second_quote: str
    kind: Literal["change", "across"]


class _Ones(BaseModel):
    questions: list[_One]


class _Twos(BaseModel):
    questions: list[_Two]


class _Said(BaseModel):
    answer: str


class _Contradicted(BaseModel):
    contradicts: bool
    quote: str = ""


@dataclass(frozen=True, slots=True)
class _DraftQuestion:
    """A question as the model wrote it, with its evidence."""

    instance: Instance
    question: Question
    quotes: list[str]
    quote_chunks: list[Chunk]  # the chunk of each quote
    quote_segments: list[list[str]]  # ids of the segments that hold each quote; empty: its chunk lacks it


def generate_questions(
    instances: Sequence[Instance], config: QuestionGeneration, client: LLMClient
) -> tuple[list[InstanceQuestion], list[Reject]]:
    """Let a model write questions about instances, and check them.

    Returns:
        The questions that pass all checks, each id once; and a reject for each of the others.
    """
    drafts = [*_draft_from_chunks(instances, config, client), *_draft_from_pairs(instances, config, client)]
    rejects: list[Reject] = []
    for check in (_find_unquoted, _find_unsupported, _find_contradicted):
        problems = check(drafts, config, client)
        rejects += [
            make_question_reject(
                draft.instance.source, "question", draft.question, *problems[index], draft.instance
            )
            for index, draft in enumerate(drafts)
            if index in problems
        ]
        drafts = [draft for index, draft in enumerate(drafts) if index not in problems]
    first_by_id: dict[str, _DraftQuestion] = {}
    for draft in drafts:
        first_by_id.setdefault(draft.question.id, draft)
    return [InstanceQuestion(draft.instance.id, draft.question) for draft in first_by_id.values()], rejects


def _draft_from_chunks(
    instances: Sequence[Instance], config: QuestionGeneration, client: LLMClient
) -> Iterator[_DraftQuestion]:
    if not config.max_per_chunk:
        return
    located_chunks = [(instance, chunk) for instance in instances for chunk in instance.chunks]
    jobs = [
        Job(
            chunk.id,
            render_prompt("questions/chunk_questions", count=config.max_per_chunk, text=chunk.text),
            _Ones,
        )
        for _, chunk in located_chunks
    ]
    for (instance, chunk), result in zip(
        located_chunks, client.run_jobs(jobs, config.model, "written questions"), strict=True
    ):
        for written in result.reply.questions[: config.max_per_chunk] if result.reply else []:
            yield _make_draft(
                instance, written.question, written.answer, written.kind, [written.quote], [chunk]
            )


def _draft_from_pairs(
    instances: Sequence[Instance], config: QuestionGeneration, client: LLMClient
) -> Iterator[_DraftQuestion]:
    if not config.max_per_pair:
        return
    located_pairs = [
        (instance, pair)
        for instance in instances
        for pair in most_similar_pairs(instance, config.chunk_pairs)
    ]
    jobs = [
        Job(
            f"{first.id} {second.id}",
            render_prompt(
                "questions/chunk_pair_questions",
                count=config.max_per_pair,
                first=first.text,
                second=second.text,
            ),
            _Twos,
        )
        for _, (first, second) in located_pairs
    ]
    results = client.run_jobs(jobs, config.model, "written questions of two chunks")
    for (instance, pair), result in zip(located_pairs, results, strict=True):
        for written in result.reply.questions[: config.max_per_pair] if result.reply else []:
            quotes = [written.first_quote, written.second_quote]
            yield _make_draft(instance, written.question, written.answer, written.kind, quotes, list(pair))


def _make_draft(
    instance: Instance, text: str, answer: str, kind: str, quotes: list[str], chunks: list[Chunk]
) -> _DraftQuestion:
    segments = [find_quoted_segments(quote, chunk) for quote, chunk in zip(quotes, chunks, strict=True)]
    evidence = [segment_id for segment_ids in segments for segment_id in segment_ids]
    text, answer = " ".join(text.split()), " ".join(answer.split())
    question = Question(
        id=short_id(instance.source, instance.id, text, answer, *evidence),
        text=text,
        answers=[answer],
        metric="contains",
        origin="generated",
        kind=kind,
        time=None,
        evidence=list(dict.fromkeys(evidence)),
        evidence_chunks=sorted({chunk.index for chunk in chunks}),
        source_span=None,
    )
    return _DraftQuestion(instance, question, quotes, chunks, segments)


Problems = dict[int, tuple[str, str]]  # index of a draft → reason and detail


def _find_unquoted(
    drafts: Sequence[_DraftQuestion], config: QuestionGeneration, client: LLMClient
) -> Problems:
    problems: Problems = {}
    for index, draft in enumerate(drafts):
        for quote, segments in zip(draft.quotes, draft.quote_segments, strict=True):
            if not segments:
                problems[index] = ("quote not in the chunk", repr(quote[:200]))
    return problems


def _find_unsupported(
    drafts: Sequence[_DraftQuestion], config: QuestionGeneration, client: LLMClient
) -> Problems:
    jobs = [
        Job(
            draft.question.id,
            render_prompt(
                "questions/follows", evidence="\n".join(draft.quotes), question=draft.question.text
            ),
            _Said,
        )
        for draft in drafts
    ]
    problems: Problems = {}
    results = client.run_jobs(jobs, config.model, "written answers from their quotes")
    for index, (draft, result) in enumerate(zip(drafts, results, strict=True)):
        if result.reply is None:
            problems[index] = (f"answer from the quote: {result.reason}", result.detail)
        elif not matches_answer(result.reply.answer, draft.question.answers):
            problems[index] = ("answer does not follow", f"from the quote: {result.reply.answer[:200]!r}")
    return problems


def _find_contradicted(
    drafts: Sequence[_DraftQuestion], config: QuestionGeneration, client: LLMClient
) -> Problems:
    candidates = [(index, chunk) for index, draft in enumerate(drafts) for chunk in _related_chunks(draft)]
    jobs = [
        Job(
            f"{drafts[index].question.id} {chunk.id}",
            render_prompt(
                "questions/contradicts",
                question=drafts[index].question.text,
                answer=drafts[index].question.answers[0],
                text=chunk.text,
            ),
            _Contradicted,
        )
        for index, chunk in candidates
    ]
    problems: Problems = {}
    results = client.run_jobs(jobs, config.model, "contradictions of written questions")
    for (index, chunk), result in zip(candidates, results, strict=True):
        if result.reply is None:
            problems[index] = (f"contradictions: {result.reason}", result.detail)
        elif result.reply.contradicts and find_quoted_segments(result.reply.quote, chunk):
            problems[index] = ("contradicted", f"by chunk {chunk.index}: {result.reply.quote[:200]!r}")
    return problems


def _related_chunks(draft: _DraftQuestion) -> list[Chunk]:
    """Return the chunks of the instance that are most similar to a draft, without the quoted ones."""
    quoted = {chunk.index for chunk in draft.quote_chunks}
    others = [chunk for chunk in draft.instance.chunks if chunk.index not in quoted]
    return most_similar_chunks(
        f"{draft.question.text} {draft.question.answers[0]}", others, _MAX_CHECKED_CHUNKS, _MIN_SHARED_WORDS
    )
