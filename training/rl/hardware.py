"""Check that this machine can run a training profile."""

from importlib.util import find_spec

import torch

from pipeline.core.errors import MemcurateError
from pipeline.core.params import TrainingProfile

_BF16_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16")  # of x86 and Arm, as torch names them


def check_hardware(name: str, profile: TrainingProfile) -> None:
    """Check the GPUs and packages that the profile named `name` needs.

    Raises MemcurateError that names the missing one.
    """
    num_gpus = torch.cuda.device_count()
    if num_gpus < profile.gpus:
        raise MemcurateError(
            f"training profile {name} needs {profile.gpus} GPUs, and this machine has {num_gpus}. Set "
            "training.profile to another one, such as cpu."
        )
    if profile.generation_backend == "vllm" and find_spec("vllm") is None:
        raise MemcurateError(
            f"training.profiles.{name}.generation_backend is vllm, which is not installed. Install it, or "
            "set the key to batch or continuous."
        )


def uses_bf16(profile: TrainingProfile) -> bool:
    """Return whether this machine multiplies in bfloat16: where the profile says so and it is faster.

    A processor without instructions for bfloat16 is slower with it than in float32.
    """
    if not profile.bf16:
        return False
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    found = torch.cpu.get_capabilities()
    return any(found.get(name, False) for name in _BF16_INSTRUCTIONS)


def avoid_cudnn_attention() -> None:
    """Let torch choose another attention than cuDNN's, whose bfloat16 gradients on Hopper GPUs can be NaN."""
    torch.backends.cuda.enable_cudnn_sdp(False)
