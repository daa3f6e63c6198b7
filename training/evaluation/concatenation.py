"""Concatenate test instances of one source to instances of a given length in tokens.

A source with too few test instances is padded with train instances, without their questions. The order is
drawn. Synthetic dates (a day per chunk) continue from one instance to the next, in chunks and in questions;
real timestamps stay. A question for the label of a sample is left out where a chunk shows that sample, since
its label would stand there.

A question that is asked after a chunk stays with that chunk. Instances with facts tell of different people by
the same names: each question about one of them is asked at the end of its own instance at the latest, and
only the first instance keeps questions about what was never told. The joined instance has no facts.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby

from pipeline.core import seeded_random
from pipeline.core.question_templates import LABEL_INSTRUCTION
from pipeline.text.normalize import normalize_text
from training.memory.schema import EpisodeChunk, EpisodeInput, EpisodeQuestion

_TIME_FORMAT = "%Y-%m-%d %H:%M"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def concatenate_instances(
    tests: Sequence[EpisodeInput],
    fillers: Sequence[EpisodeInput],
    min_tokens: int,
    max_questions: int,
    seed: int,
) -> EpisodeInput | None:
    """Concatenate instances of one source to at least `min_tokens`; None where all of them have fewer.

    `fillers` are used only where `tests` have fewer tokens. At most `max_questions` of the test instances'
    questions are kept, drawn by `seed`.
    """
    parts: list[EpisodeInput] = []
    for instance in [
        *_shuffle_instances(tests, seed, min_tokens),
        *_shuffle_instances(fillers, seed, min_tokens),
    ]:
        if sum(part.tokens for part in parts) >= min_tokens:
            break
        parts.append(instance)
    if sum(part.tokens for part in parts) < min_tokens:
        return None
    return _join_instances(_shuffle_instances(parts, seed, min_tokens), min_tokens, max_questions, seed)


def _shuffle_instances(instances: Sequence[EpisodeInput], seed: int, tokens: int) -> list[EpisodeInput]:
    return seeded_random.shuffled(instances, lambda one: one.id, seed, "stretch", tokens)


def _join_instances(
    parts: Sequence[EpisodeInput], tokens: int, max_questions: int, seed: int
) -> EpisodeInput:
    source = parts[0].source
    chunks: list[EpisodeChunk] = []
    questions: list[EpisodeQuestion] = []
    for part in parts:
        days = _days_to_shift(chunks, part) if _has_synthetic_dates(part) else 0
        if part.split == "test":
            is_first = not chunks
            questions += [
                _move_question(_shift_question(question, part, days), part, len(chunks))
                for question in part.questions
                if is_first or not part.facts or question.metric != "abstain"
            ]
        chunks += [_shift_chunk(chunk, days) for chunk in part.chunks]
    text = normalize_text("\n".join(chunk.text for chunk in chunks))
    unseen = [question for question in questions if not _is_sample_shown(question, text)]
    kept = seeded_random.shuffled(unseen, lambda one: one.id, seed, "stretch", tokens)[:max_questions]
    return EpisodeInput(
        id=f"{source}/stretched-{tokens}",
        source=source,
        split="test",
        tokens=sum(chunk.tokens for chunk in chunks),
        chunks=chunks,
        questions=sorted(kept, key=lambda one: one.id),
    )


def _is_sample_shown(question: EpisodeQuestion, text: str) -> bool:
    """Return whether the sample of a label question stands in a normalised text."""
    return (
        question.metric == "exact" and normalize_text(question.text.removeprefix(LABEL_INSTRUCTION)) in text
    )


def _has_synthetic_dates(instance: EpisodeInput) -> bool:
    """Return whether the dates of the chunks are made up by their rendering: no segment has a time."""
    return all(segment.time is None for chunk in instance.chunks for segment in chunk.segments)


def _days_to_shift(before: Sequence[EpisodeChunk], part: EpisodeInput) -> int:
    """Return the days by which a part's dates move, so that it begins the day after the chunks before it."""
    if not before:
        return 0
    last, first = (datetime.strptime(time, _TIME_FORMAT) for time in (before[-1].time, part.chunks[0].time))
    return (last - first).days + 1


def _shift_time(time: str, days: int) -> str:
    return f"{datetime.strptime(time, _TIME_FORMAT) + timedelta(days=days):{_TIME_FORMAT}}"


def _shift_chunk(chunk: EpisodeChunk, days: int) -> EpisodeChunk:
    """Return the chunk with the date of its first line moved; the text keeps its length."""
    if not days:
        return chunk
    time = _shift_time(chunk.time, days)
    first, rest = chunk.text.split("\n", 1)
    first = first.replace(chunk.time, time).replace(chunk.time[:10], time[:10])
    return replace(chunk, time=time, text=f"{first}\n{rest}")


def _shift_question(question: EpisodeQuestion, part: EpisodeInput, days: int) -> EpisodeQuestion:
    """Return the question with the dates of its instance's chunks moved."""
    if not days:
        return question
    dates = {chunk.time[:10]: _shift_time(chunk.time, days)[:10] for chunk in part.chunks}
    return replace(
        question, text=_DAY.sub(lambda match: dates.get(match.group(), match.group()), question.text)
    )


def _move_question(question: EpisodeQuestion, part: EpisodeInput, num_before: int) -> EpisodeQuestion:
    """Return the question of a part that has `num_before` chunks before it."""
    after = question.after_chunk
    if after is None and part.facts:
        after = len(part.chunks) - 1
    return replace(
        question,
        evidence_chunks=[index + num_before for index in question.evidence_chunks],
        after_chunk=None if after is None else after + num_before,
    )


def concatenate_by_length(
    tests: Sequence[EpisodeInput],
    train: Iterable[EpisodeInput],
    lengths: Sequence[int],
    max_questions: int,
    seed: int,
) -> dict[int | None, list[EpisodeInput]]:
    """Return, by length, a concatenated instance of each source that has enough tokens.

    `tests` and `train` are sorted by id, and so by source: only one source's instances are held at a time.
    """
    by_length: dict[int | None, list[EpisodeInput]] = {length: [] for length in lengths}
    if not lengths:
        return by_length
    both = merge(tests, train, key=lambda one: one.source)
    for _, group in groupby(both, key=lambda one: one.source):
        instances = list(group)
        source_tests = [instance for instance in instances if instance.split == "test"]
        fillers = [instance for instance in instances if instance.split == "train"]
        for length in lengths if source_tests else ():
            instance = concatenate_instances(source_tests, fillers, length, max_questions, seed)
            if instance is not None:
                by_length[length].append(instance)
    return by_length
