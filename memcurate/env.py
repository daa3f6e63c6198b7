"""The memory environment (`training/environment`), for trainers of other projects."""

from training.environment import (
    DEFAULT_PARAMS,
    EnvObservation,
    InstanceTable,
    MemoryEnv,
    StepInfo,
    StepResult,
    build_env_evaluator,
)

__all__ = [
    "DEFAULT_PARAMS",
    "EnvObservation",
    "InstanceTable",
    "MemoryEnv",
    "StepInfo",
    "StepResult",
    "build_env_evaluator",
]
