"""Summary questions: what was read from the first date to the last, answered by keywords (paper: BookSum).

The paper's keywords come from a model that reads a human summary. Without a model they are the names, places,
events and things of that summary which the text says too; without a summary they come from the text itself:
the names, places and events that it says most often and that few other instances of the source share.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from pipeline.ids import short_id
from pipeline.questions.sentences import Read
from pipeline.rendering import shown_day
from pipeline.schema import Instance, Question
from pipeline.text.keywords import Keyword
from pipeline.text.normal import folded, holds, normalised
from pipeline.text.usage import Usage

MOST_KEYWORDS = 20
_LEAST_COUNT = 2  # what the text says once is a detail
_COMMON = 40  # a word that more than one in so many … of the other instances hold says little


def summary(
    instance: Instance, looked_at: list[list[Read]], counts: Counter[str], usage: Usage
) -> Question | None:
    """The question what was read, or None where the text has no keywords.

    `counts`: of the words of the instance, case folded.
    """
    places: dict[str, tuple[str, int]] = {}  # keyword → the segment and chunk that hold it first
    kinds: dict[str, str] = {}
    for chunk, sentences in zip(instance.chunks, looked_at, strict=True):
        for read in sentences:
            for keyword in read.keywords:
                if _fit(keyword) and keyword.text not in places:
                    places[keyword.text] = (read.sentence.segment.id, chunk.ordinal)
                    kinds[keyword.text] = keyword.kind
    weights = {text: _weight(text, kinds[text], counts, usage) for text in places}
    best = sorted((text for text in places if weights[text]), key=lambda text: (-weights[text], text))
    chosen = sorted(_distinct(best)[:MOST_KEYWORDS])
    if not chosen:
        return None
    text = asked_for(instance)
    evidence = [places[keyword][0] for keyword in chosen]
    return Question(
        id=short_id(instance.source, instance.id, text, *chosen, *evidence),
        text=text,
        answers=chosen,
        metric="keywords",
        origin="summary",
        kind=None,
        time=None,
        evidence=list(dict.fromkeys(evidence)),
        evidence_chunks=sorted({places[keyword][1] for keyword in chosen}),
        raw=None,
    )


def human_summary(told: Question, instance: Instance, said: Iterable[Keyword]) -> Question | None:
    """The question that comes with a human summary, answered by keywords of it; None where the text says
    none.

    `said`: all keywords of the summary, in order. The evidence is where the text says each first.
    """
    texts = [
        (segment.id, chunk.ordinal, normalised(chunk.text[segment.start : segment.end]))
        for chunk in instance.chunks
        for segment in chunk.segments
    ]
    places: dict[str, tuple[str, int]] = {}
    for text in _distinct(keyword.text for keyword in said if _fit(keyword)):
        place = next(((segment, ordinal) for segment, ordinal, words in texts if holds(words, text)), None)
        if place is not None and len(places) < MOST_KEYWORDS:
            places[text] = place
    if not places:
        return None
    chosen = sorted(places)
    evidence = list(dict.fromkeys(places[keyword][0] for keyword in chosen))
    text = told.text or asked_for(instance)
    return replace(
        told,
        id=short_id(instance.source, instance.id, text, *chosen, *evidence),
        text=text,
        answers=chosen,
        evidence=evidence,
        evidence_chunks=sorted({ordinal for _, ordinal in places.values()}),
    )


def asked_for(instance: Instance) -> str:
    """The text of a summary question (paper: what was read from the first date to the last)."""
    first, last = shown_day(instance.chunks[0]), shown_day(instance.chunks[-1])
    when = f" from {first} to {last}" if first and last else ""
    return f"Summarise what the user read{when}: who and what, where, and what happened."


def _fit(keyword: Keyword) -> bool:
    """Numbers and times are details; a keyword has three words at most."""
    return keyword.kind in ("name", "place", "event", "thing") and len(keyword.text.split()) <= 3


def _weight(text: str, kind: str, counts: Counter[str], usage: Usage) -> int:
    """How often the instance says the keyword, times how few instances do; 0: not worth asking for."""
    words = folded(text).split()
    often = min(counts[word] for word in words)
    spread = min(usage.instances[word] for word in words)
    if often < _LEAST_COUNT or not spread:
        return 0
    weight = often * min(usage.total // spread, _COMMON)
    return 3 * weight if kind in ("name", "place", "event") else weight


def _distinct(texts: Iterable[str]) -> list[str]:
    """The texts without variants: of two that share a word, as Frank Churchill and Churchill, the first."""
    kept: list[str] = []
    seen: set[str] = set()
    for text in texts:
        words = set(folded(text).split())
        if seen.isdisjoint(words):
            kept.append(text)
            seen |= words
    return kept
