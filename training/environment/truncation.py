"""Cut an instance to its first chunks and to the questions that these answer."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.core import seeded_random
from training.memory.schema import EpisodeFact, EpisodeInput, EpisodeQuestion


def truncate_instance(
    instance: EpisodeInput,
    max_chunks: int | None,
    max_questions: int | None,
    seed: int,
    is_scored: Callable[[EpisodeQuestion], bool],
) -> EpisodeInput:
    """Return the first `max_chunks` chunks of an instance, with `max_questions` drawn questions; None: all.

    Left out are questions that are asked after a later chunk or whose evidence stands in later chunks alone,
    those that only a judge can score, and those that are not `is_scored`. Where facts change, a question is
    also left out whose answer may be another after the last kept chunk. Facts of later chunks are left out.
    """
    chunks = instance.chunks[:max_chunks]
    answerable = [
        question
        for question in instance.questions
        if question.metric != "judge"
        and is_scored(question)
        and _is_answerable(question, instance, len(chunks))
    ]
    # "lessons" is the name of this draw: another name would select other tasks.
    shuffled = seeded_random.shuffled(answerable, lambda one: one.id, seed, "lessons", instance.id)
    tokens = sum(chunk.tokens for chunk in chunks)
    return replace(
        instance,
        chunks=chunks,
        tokens=tokens,
        questions=shuffled[:max_questions],
        facts=_cut_facts(instance.facts, len(chunks)),
    )


def _is_answerable(question: EpisodeQuestion, instance: EpisodeInput, num_chunks: int) -> bool:
    """Return whether the first chunks of an instance hold the answer."""
    if question.after_chunk is not None:
        return question.after_chunk < num_chunks  # all of its evidence stands before it
    evidence = question.evidence_chunks
    if not instance.facts or num_chunks == len(instance.chunks):
        return not evidence or min(evidence) < num_chunks
    # Asked at the end: the answer holds at the cut as well if all that it rests on is told before.
    return max(evidence) < num_chunks if evidence else not question.wrong_answers


def _cut_facts(facts: Sequence[EpisodeFact], num_chunks: int) -> list[EpisodeFact]:
    """Return the facts that the first chunks tell; those that end later hold to the end."""
    return [
        replace(fact, end=None, end_chunk=None)
        if fact.end_chunk is not None and fact.end_chunk >= num_chunks
        else fact
        for fact in facts
        if fact.chunk < num_chunks
    ]
