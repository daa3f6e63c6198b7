"""Questions that a model writes about a chunk, or about two chunks together, each with the words that say it.

A question is kept only if its quote stands in its chunk, the answer follows from the quotes alone (the model
is asked, and must say it), and no other chunk of the instance that speaks of the same contradicts it (the
model is asked, and must quote where).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from pipeline.endpoint.asking import Asker, Item
from pipeline.ids import short_id
from pipeline.params import Written
from pipeline.prompts import prompt
from pipeline.questions.quotes import quoted
from pipeline.questions.rejecting import rejected_question
from pipeline.questions.related import closest, pairs
from pipeline.schema import AskedQuestion, Chunk, Instance, Question, Reject
from pipeline.text.matching.giving import gives

_LOOKED_AT = 2  # other chunks that may contradict …
_SHARED = 2  # … of those that share so many content words with question and answer


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
class _Draft:
    """A question as it was written, and what it rests on."""

    instance: Instance
    question: Question
    quotes: list[str]
    chunks: list[Chunk]  # a quote's each
    segments: list[list[str]]  # that each quote lies in; empty: it does not stand in its chunk


def write_questions(
    instances: Sequence[Instance], how: Written, asker: Asker
) -> tuple[list[AskedQuestion], list[Reject]]:
    """(the questions that hold, the others with what is wrong)."""
    drafts = [*_of_chunks(instances, how, asker), *_of_pairs(instances, how, asker)]
    rejects: list[Reject] = []
    for check in (_not_quoted, _not_following, _contradicted):
        wrong = check(drafts, how, asker)
        rejects += [
            rejected_question(one.instance.source, "question", one.question, *wrong[place], one.instance)
            for place, one in enumerate(drafts)
            if place in wrong
        ]
        drafts = [one for place, one in enumerate(drafts) if place not in wrong]
    return [AskedQuestion(one.instance.id, one.question) for one in _once(drafts)], rejects


def _of_chunks(instances: Sequence[Instance], how: Written, asker: Asker) -> Iterator[_Draft]:
    if not how.per_chunk:
        return
    places = [(instance, chunk) for instance in instances for chunk in instance.chunks]
    items = [
        Item(chunk.id, prompt("questions/written", count=how.per_chunk, text=chunk.text), _Ones)
        for _, chunk in places
    ]
    for (instance, chunk), outcome in zip(
        places, asker.ask(items, how.ask, "written questions"), strict=True
    ):
        for one in outcome.reply.questions[: how.per_chunk] if outcome.reply else []:
            yield _draft(instance, one.question, one.answer, one.kind, [one.quote], [chunk])


def _of_pairs(instances: Sequence[Instance], how: Written, asker: Asker) -> Iterator[_Draft]:
    if not how.per_pair:
        return
    places = [(instance, pair) for instance in instances for pair in pairs(instance, how.pairs)]
    items = [
        Item(
            f"{first.id} {second.id}",
            prompt("questions/written_pair", count=how.per_pair, first=first.text, second=second.text),
            _Twos,
        )
        for _, (first, second) in places
    ]
    outcomes = asker.ask(items, how.ask, "written questions of two chunks")
    for (instance, pair), outcome in zip(places, outcomes, strict=True):
        for one in outcome.reply.questions[: how.per_pair] if outcome.reply else []:
            quotes = [one.first_quote, one.second_quote]
            yield _draft(instance, one.question, one.answer, one.kind, quotes, list(pair))


def _draft(
    instance: Instance, text: str, answer: str, kind: str, quotes: list[str], chunks: list[Chunk]
) -> _Draft:
    segments = [quoted(quote, chunk) for quote, chunk in zip(quotes, chunks, strict=True)]
    evidence = [identity for found in segments for identity in found]
    text, answer = " ".join(text.split()), " ".join(answer.split())
    question = Question(
        id=short_id(instance.source, instance.id, text, answer, *evidence),
        text=text,
        answers=[answer],
        metric="contains",
        origin="written",
        kind=kind,
        time=None,
        evidence=list(dict.fromkeys(evidence)),
        evidence_chunks=sorted({chunk.ordinal for chunk in chunks}),
        raw=None,
    )
    return _Draft(instance, question, quotes, chunks, segments)


Wrong = dict[int, tuple[str, str]]  # place of a draft → reason and detail


def _not_quoted(drafts: Sequence[_Draft], how: Written, asker: Asker) -> Wrong:
    wrong: Wrong = {}
    for place, draft in enumerate(drafts):
        for quote, segments in zip(draft.quotes, draft.segments, strict=True):
            if not segments:
                wrong[place] = ("quote not in the chunk", repr(quote[:200]))
    return wrong


def _not_following(drafts: Sequence[_Draft], how: Written, asker: Asker) -> Wrong:
    items = [
        Item(
            draft.question.id,
            prompt("questions/follows", evidence="\n".join(draft.quotes), question=draft.question.text),
            _Said,
        )
        for draft in drafts
    ]
    wrong: Wrong = {}
    outcomes = asker.ask(items, how.ask, "written answers from their quotes")
    for place, (draft, outcome) in enumerate(zip(drafts, outcomes, strict=True)):
        if outcome.reply is None:
            wrong[place] = (f"answer from the quote: {outcome.reason}", outcome.detail)
        elif not gives(outcome.reply.answer, draft.question.answers):
            wrong[place] = ("answer does not follow", f"from the quote: {outcome.reply.answer[:200]!r}")
    return wrong


def _contradicted(drafts: Sequence[_Draft], how: Written, asker: Asker) -> Wrong:
    looked_at = [(place, chunk) for place, draft in enumerate(drafts) for chunk in _others(draft)]
    items = [
        Item(
            f"{drafts[place].question.id} {chunk.id}",
            prompt(
                "questions/contradicts",
                question=drafts[place].question.text,
                answer=drafts[place].question.answers[0],
                text=chunk.text,
            ),
            _Contradicted,
        )
        for place, chunk in looked_at
    ]
    wrong: Wrong = {}
    outcomes = asker.ask(items, how.ask, "contradictions of written questions")
    for (place, chunk), outcome in zip(looked_at, outcomes, strict=True):
        if outcome.reply is None:
            wrong[place] = (f"contradictions: {outcome.reason}", outcome.detail)
        elif outcome.reply.contradicts and quoted(outcome.reply.quote, chunk):
            wrong[place] = ("contradicted", f"by chunk {chunk.ordinal}: {outcome.reply.quote[:200]!r}")
    return wrong


def _others(draft: _Draft) -> list[Chunk]:
    """The other chunks that speak of the same."""
    known = {chunk.ordinal for chunk in draft.chunks}
    others = [chunk for chunk in draft.instance.chunks if chunk.ordinal not in known]
    return closest(f"{draft.question.text} {draft.question.answers[0]}", others, _LOOKED_AT, _SHARED)


def _once(drafts: Sequence[_Draft]) -> Iterator[_Draft]:
    seen: set[str] = set()
    for draft in drafts:
        if draft.question.id not in seen:
            seen.add(draft.question.id)
            yield draft
