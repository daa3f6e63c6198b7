"""Select the tasks of a training profile: instances of its sources, cut to chunks and questions."""

from collections.abc import Iterable, Set
from dataclasses import replace

from pipeline.core import seeded_random
from pipeline.core.params import TrainingProfile
from pipeline.core.schema import Metric
from training.memory.schema import EpisodeInput


def select_tasks(
    instances: Iterable[EpisodeInput],
    profile: TrainingProfile,
    max_questions: int | None,
    seed: int,
    unscored: Set[Metric],
) -> list[EpisodeInput]:
    """Return instances of the profile's sources in an order drawn by `seed`.

    Each is cut to its first `profile.max_chunks` chunks and to `max_questions` drawn questions; None means no
    limit. Left out are questions whose evidence stands in later chunks alone, those that only a judge can
    score, those that `unscored` names by their metric, and instances without a question.
    """
    cut = (
        _truncate_instance(instance, profile.max_chunks, max_questions, seed, unscored | {"judge"})
        for instance in instances
        if profile.sources is None or instance.source in profile.sources
    )
    return seeded_random.shuffled((one for one in cut if one.questions), lambda one: one.id, seed, "lessons")


def _truncate_instance(
    instance: EpisodeInput,
    max_chunks: int | None,
    max_questions: int | None,
    seed: int,
    unscored: Set[Metric],
) -> EpisodeInput:
    chunks = instance.chunks[:max_chunks]
    answerable = [
        question
        for question in instance.questions
        if question.metric not in unscored
        and (not question.evidence_chunks or min(question.evidence_chunks) < len(chunks))
    ]
    # "lessons" is the name of this draw: another name would select other tasks.
    shuffled = seeded_random.shuffled(answerable, lambda one: one.id, seed, "lessons", instance.id)
    tokens = sum(chunk.tokens for chunk in chunks)
    return replace(instance, chunks=chunks, tokens=tokens, questions=shuffled[:max_questions])
