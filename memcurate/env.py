"""The memory environment (`training/environment`), for trainers of other projects."""

from training.environment import (
    DEFAULT_PARAMS,
    EnvObservation,
    EnvPackage,
    FunctionAnswerJudge,
    InstanceTable,
    MemoryEnv,
    RewardPart,
    StepInfo,
    StepResult,
    build_env_evaluator,
    reply_text,
    reward_parts,
)

__all__ = [
    "DEFAULT_PARAMS",
    "EnvObservation",
    "EnvPackage",
    "FunctionAnswerJudge",
    "InstanceTable",
    "MemoryEnv",
    "RewardPart",
    "StepInfo",
    "StepResult",
    "build_env_evaluator",
    "reply_text",
    "reward_parts",
]
