"""Length-stretched instances: test instances of one source joined until they have so many tokens.

Where a source has too few of them, train instances fill up: they are read like the others, but nothing is
asked of them. The order is drawn. Dates that the rendering made up (a day per chunk) go on from one instance
to the next, in chunks and in questions; real timestamps stay. A question for the label of a sample that
another instance shows is left out: its answer would stand there.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby

from pipeline import draws
from pipeline.questions.frames import LABEL_HEAD
from pipeline.text.normal import normalised
from training.schema import ChunkToRead, InstanceToPlay, QuestionToAsk

_FORMAT = "%Y-%m-%d %H:%M"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def stretched(
    tests: Sequence[InstanceToPlay], fillers: Sequence[InstanceToPlay], tokens: int, questions: int, seed: int
) -> InstanceToPlay | None:
    """One instance of at least so many tokens, with at most so many of the test instances' questions.

    All are of one source; `fillers` are used only where the test instances have fewer tokens.
    None where all together have fewer.
    """
    parts: list[InstanceToPlay] = []
    for instance in [*_drawn(tests, seed, tokens), *_drawn(fillers, seed, tokens)]:
        if sum(part.tokens for part in parts) >= tokens:
            break
        parts.append(instance)
    if sum(part.tokens for part in parts) < tokens:
        return None
    return _joined(_drawn(parts, seed, tokens), tokens, questions, seed)


def _drawn(instances: Sequence[InstanceToPlay], seed: int, tokens: int) -> list[InstanceToPlay]:
    return draws.shuffled(instances, lambda one: one.id, seed, "stretch", tokens)


def _joined(parts: Sequence[InstanceToPlay], tokens: int, questions: int, seed: int) -> InstanceToPlay:
    source = parts[0].source
    chunks: list[ChunkToRead] = []
    asked: list[QuestionToAsk] = []
    for part in parts:
        days = _gap(chunks, part) if _made_up(part) else 0
        if part.split == "test":
            asked += [_later_question(question, part, days) for question in part.questions]
        chunks += [_later_chunk(chunk, days) for chunk in part.chunks]
    text = normalised("\n".join(chunk.text for chunk in chunks))
    unseen = [question for question in asked if not _is_shown(question, text)]
    kept = draws.shuffled(unseen, lambda one: one.id, seed, "stretch", tokens)[:questions]
    return InstanceToPlay(
        id=f"{source}/stretched-{tokens}",
        source=source,
        split="test",
        tokens=sum(chunk.tokens for chunk in chunks),
        chunks=chunks,
        questions=sorted(kept, key=lambda one: one.id),
    )


def _is_shown(question: QuestionToAsk, text: str) -> bool:
    """Whether the sample that a question asks the label of stands in a normalised text."""
    return question.metric == "exact" and normalised(question.text.removeprefix(LABEL_HEAD)) in text


def _made_up(instance: InstanceToPlay) -> bool:
    """Whether the dates of the chunks are the rendering's own: no segment has a time."""
    return all(segment.time is None for chunk in instance.chunks for segment in chunk.segments)


def _gap(before: Sequence[ChunkToRead], part: InstanceToPlay) -> int:
    """Days by which the dates of a part move to begin the day after the chunks before it."""
    if not before:
        return 0
    last, first = (datetime.strptime(time, _FORMAT) for time in (before[-1].time, part.chunks[0].time))
    return (last - first).days + 1


def _moved(time: str, days: int) -> str:
    return f"{datetime.strptime(time, _FORMAT) + timedelta(days=days):{_FORMAT}}"


def _later_chunk(chunk: ChunkToRead, days: int) -> ChunkToRead:
    """The chunk with the date in its first line moved; the text stays as long as it was."""
    if not days:
        return chunk
    time = _moved(chunk.time, days)
    first, rest = chunk.text.split("\n", 1)
    first = first.replace(chunk.time, time).replace(chunk.time[:10], time[:10])
    return replace(chunk, time=time, text=f"{first}\n{rest}")


def _later_question(question: QuestionToAsk, part: InstanceToPlay, days: int) -> QuestionToAsk:
    """The question with the dates of its instance's chunks moved."""
    if not days:
        return question
    dates = {chunk.time[:10]: _moved(chunk.time, days)[:10] for chunk in part.chunks}
    return replace(
        question, text=_DAY.sub(lambda match: dates.get(match.group(), match.group()), question.text)
    )


def by_length(
    tests: Sequence[InstanceToPlay],
    train: Iterable[InstanceToPlay],
    lengths: Sequence[int],
    questions: int,
    seed: int,
) -> dict[int | None, list[InstanceToPlay]]:
    """A stretched instance of each source that is long enough, for each length.

    Both are sorted by id, and so by source: one source's instances are held at a time.
    """
    found: dict[int | None, list[InstanceToPlay]] = {length: [] for length in lengths}
    if not lengths:
        return found
    both = merge(tests, train, key=lambda one: one.source)
    for _, of_source in groupby(both, key=lambda one: one.source):
        instances = list(of_source)
        own = [instance for instance in instances if instance.split == "test"]
        fillers = [instance for instance in instances if instance.split == "train"]
        for length in lengths if own else ():
            instance = stretched(own, fillers, length, questions, seed)
            if instance is not None:
                found[length].append(instance)
    return found
