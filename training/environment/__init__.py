"""The memory environment: an episode as `reset` and `step`, for any trainer that turns messages into replies.

It runs the code of the project's own loop: `training/policies/run_episodes.py` applies the replies,
`training/evaluation/evaluator.py` answers and rewards, and `training/credit` assigns the credit.
"""

from pipeline.core.errors import MemcurateError
from pipeline.llm.native_tool_calls import reply_text
from training.environment.dataset import InstanceTable
from training.environment.environment import MemoryEnv
from training.environment.evaluators import DEFAULT_PARAMS, build_env_evaluator
from training.environment.judge import FunctionAnswerJudge
from training.environment.package import EnvPackage
from training.environment.results import EnvObservation, StepInfo, StepResult
from training.environment.rows_command import run_rows_command
from training.evaluation.reward_parts import RewardPart, reward_parts

__all__ = [
    "DEFAULT_PARAMS",
    "EnvObservation",
    "EnvPackage",
    "FunctionAnswerJudge",
    "InstanceTable",
    "MemcurateError",
    "MemoryEnv",
    "RewardPart",
    "StepInfo",
    "StepResult",
    "build_env_evaluator",
    "reply_text",
    "reward_parts",
    "run_rows_command",
]
