"""Select the tasks of a training profile: instances of its sources, cut to chunks and questions."""

from collections.abc import Callable, Iterable

from pipeline.core import seeded_random
from pipeline.core.params import TrainingProfile
from training.environment.truncation import truncate_instance
from training.memory.schema import EpisodeInput, EpisodeQuestion


def select_tasks(
    instances: Iterable[EpisodeInput],
    profile: TrainingProfile,
    max_questions: int | None,
    seed: int,
    is_scored: Callable[[EpisodeQuestion], bool],
) -> list[EpisodeInput]:
    """Return instances of the profile's sources in an order drawn by `seed`.

    Each is cut to `profile.max_chunks` chunks and `max_questions` questions as `truncate_instance` does it;
    instances without questions are left out.
    """
    cut = (
        truncate_instance(instance, profile.max_chunks, max_questions, seed, is_scored)
        for instance in instances
        if profile.sources is None or instance.source in profile.sources
    )
    return seeded_random.shuffled((one for one in cut if one.questions), lambda one: one.id, seed, "lessons")
