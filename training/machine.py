"""Whether this machine can run a training profile."""

from importlib.util import find_spec

import torch

from pipeline.errors import MemcurateError
from training.params import Profile


def check_machine(name: str, profile: Profile) -> None:
    """Raises MemcurateError saying what this machine lacks for the profile of that name."""
    have = torch.cuda.device_count()
    if have < profile.gpus:
        raise MemcurateError(
            f"training profile {name} needs {profile.gpus} GPUs, and this machine has {have}: set "
            "training.profile to another one, such as cpu"
        )
    if profile.generate == "vllm" and find_spec("vllm") is None:
        raise MemcurateError(
            f"training profile {name} generates by vllm, which is not installed: install it, or set the "
            "profile's `generate` to batch or continuous"
        )
