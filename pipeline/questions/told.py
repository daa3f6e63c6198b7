"""Summary questions whose summary, or keywords, come from a model (paper: BookSum).

Where a source has no human summary, the model summarises an instance chunk by chunk: no call depends on how
chunks are joined. A summary that holds too few of the names, places and events that the rules find in the
instance is dropped; one that says what the instance does not is dropped by the check `summary_agrees`.
"""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel

from pipeline.endpoint.asking import Asker, Item, Outcome
from pipeline.ids import short_id
from pipeline.params import Ask, Told
from pipeline.prompts import prompt
from pipeline.questions.rejecting import rejected_question
from pipeline.questions.summary import MOST_KEYWORDS, asked_for
from pipeline.schema import AskedQuestion, Instance, Question, Reject
from pipeline.text.normal import folded, holds, normalised

_MOST_WORDS = 3  # paper: keywords of at most three words


class _Summary(BaseModel):
    summary: str


class _Keywords(BaseModel):
    """Eight aspects (paper)."""

    people: list[str] = []
    places: list[str] = []
    times: list[str] = []
    events: list[str] = []
    objects: list[str] = []
    relations: list[str] = []
    motives: list[str] = []
    outcomes: list[str] = []

    def all(self) -> list[str]:
        """Keywords of at most three words, each once, one of each aspect in turn."""
        aspects = [getattr(self, name) for name in type(self).model_fields]
        longest = max(map(len, aspects))
        turns = [aspect[place] for place in range(longest) for aspect in aspects if place < len(aspect)]
        fit = [" ".join(word.split()) for word in turns if 0 < len(word.split()) <= _MOST_WORDS]
        return _once(fit)


def summaries(
    instances: Sequence[Instance], own: Mapping[str, Question], how: Told, asker: Asker
) -> tuple[dict[str, str], list[Reject]]:
    """(the summary of each instance by its id, questions whose summary does not do).

    `own`: the question that the rules make of each instance, whose answers a summary must hold.
    """
    items = [
        Item(chunk.id, prompt("questions/told", text=chunk.text), _Summary)
        for instance in instances
        for chunk in instance.chunks
    ]
    outcomes = iter(asker.ask(items, how.ask, "summaries"))
    told: dict[str, str] = {}
    rejects: list[Reject] = []
    for instance in instances:
        parts = [next(outcomes) for _ in instance.chunks]
        summary = "\n".join(part.reply.summary.strip() for part in parts if part.reply)
        wrong = _wrong(summary, parts, own.get(instance.id), how.min_coverage)
        if wrong is None:
            told[instance.id] = summary
        else:
            question = _question(instance, ["(none)"], summary)
            rejects.append(rejected_question(instance.source, "question", question, *wrong, instance))
    return told, rejects


def _wrong(
    summary: str, parts: Sequence[Outcome[_Summary]], own: Question | None, least: int
) -> tuple[str, str] | None:
    """(reason, detail), or None."""
    for part in parts:
        if part.reason:
            return f"summary: {part.reason}", part.detail
    if own is None:
        return "summary of nothing", "the instance has no names, places and events of its own"
    said = normalised(summary)
    held = [keyword for keyword in own.answers if holds(said, keyword)]
    percent = 100 * len(held) // len(own.answers)
    if percent < least:
        return "summary covers too little", f"{percent} percent of {', '.join(own.answers)}"
    return None


def keyword_questions(
    instances: Sequence[Instance], summaries: Mapping[str, str], how: Ask, asker: Asker
) -> tuple[list[AskedQuestion], list[Reject]]:
    """(a summary question of each instance, questions without keywords).

    The keywords are those of its summary, or of its chunks where `summaries` has none.
    """
    texts = [_texts(instance, summaries) for instance in instances]
    items = [
        Item(instance.id, prompt("questions/keywords", text=text), _Keywords)
        for instance, parts in zip(instances, texts, strict=True)
        for text in parts
    ]
    outcomes = iter(asker.ask(items, how, "keywords"))
    asked: list[AskedQuestion] = []
    rejects: list[Reject] = []
    for instance, parts in zip(instances, texts, strict=True):
        said = [next(outcomes) for _ in parts]
        named = (word for one in said if one.reply for word in one.reply.all())
        words = _once(named)[:MOST_KEYWORDS]
        question = _question(instance, words or ["(none)"], summaries.get(instance.id))
        if words:
            asked.append(AskedQuestion(instance.id, question))
        else:
            why = f"keywords: {said[0].reason or 'none'}"
            rejects.append(
                rejected_question(instance.source, "question", question, why, said[0].detail, instance)
            )
    return asked, rejects


def _once(words: Iterable[str]) -> list[str]:
    """Each word where it comes first, whatever its case."""
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(folded(word), word)
    return list(first.values())


def _texts(instance: Instance, summaries: Mapping[str, str]) -> list[str]:
    summary = summaries.get(instance.id)
    return [chunk.text for chunk in instance.chunks] if summary is None else [summary]


def _question(instance: Instance, keywords: Sequence[str], summary: str | None) -> Question:
    """Evidence: every segment that holds a keyword."""
    text = asked_for(instance)
    evidence: list[str] = []
    chunks: set[int] = set()
    for chunk in instance.chunks:
        for segment in chunk.segments:
            said = normalised(chunk.text[segment.start : segment.end])
            if any(holds(said, keyword) for keyword in keywords):
                evidence.append(segment.id)
                chunks.add(chunk.ordinal)
    return Question(
        id=short_id(instance.source, instance.id, text, *keywords, summary),
        text=text,
        answers=list(keywords),
        metric="keywords",
        origin="summary",
        kind=None,
        time=None,
        evidence=evidence,
        evidence_chunks=sorted(chunks),
        raw=None,
        summary=summary,
    )
