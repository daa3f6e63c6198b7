"""The instances that a profile plays: some sources', their first chunks, a sample of their questions."""

from collections.abc import Iterable
from dataclasses import replace

from pipeline import draws
from training.params import Profile
from training.schema import InstanceToPlay


def lessons(
    instances: Iterable[InstanceToPlay], profile: Profile, questions: int | None, seed: int
) -> list[InstanceToPlay]:
    """The instances of the profile's sources, cut, in drawn order; `questions` of each at most.

    Questions without any evidence in the chunks that stay, and instances without a question that can be
    measured without a judge, are left out.
    """
    cut = (
        _cut(instance, profile.chunks, questions, seed)
        for instance in instances
        if profile.sources is None or instance.source in profile.sources
    )
    return draws.shuffled((one for one in cut if one.questions), lambda one: one.id, seed, "lessons")


def _cut(instance: InstanceToPlay, chunks: int | None, questions: int | None, seed: int) -> InstanceToPlay:
    kept = instance.chunks[:chunks]
    asked = [
        question
        for question in instance.questions
        if question.metric != "judge"
        and (not question.evidence_chunks or min(question.evidence_chunks) < len(kept))
    ]
    drawn = draws.shuffled(asked, lambda one: one.id, seed, "lessons", instance.id)[:questions]
    return replace(instance, chunks=kept, tokens=sum(chunk.tokens for chunk in kept), questions=drawn)
