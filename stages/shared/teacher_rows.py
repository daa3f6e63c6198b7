"""Make the rows of a warm start: the steps of the teacher that the profile names."""

from itertools import islice

from stages.shared.paths import ASSETS_DIR
from training.policies.scripted import ScriptedPolicy
from training.policies.scripted_random import RandomPolicy
from training.rl.setup import TrainingSetup
from training.rl.sft import generate_teacher_rows
from training.rl.sft_rows import SftRow

_TEACHERS = {teacher.name: teacher for teacher in (ScriptedPolicy, RandomPolicy)}


def make_teacher_rows(setup: TrainingSetup, seed: int) -> list[SftRow]:
    """Make the rows of the warm start of a profile, with calls that `seed` draws."""
    warm_start, memory = setup.profile.warm_start, setup.profile.memory
    rows = generate_teacher_rows(
        setup.train_instances,
        _TEACHERS[warm_start.teacher](ASSETS_DIR),
        setup.build_policy(lambda prompts: []),
        memory.core_tokens,
        setup.evaluator.count_tokens,
        warm_start,
        seed,
        memory.max_tokens,
    )
    return list(islice(rows, warm_start.num_rows))
