"""The environment: a row of a SkyRL dataset names an instance, and a turn is a chunk of it."""

from pathlib import Path
from typing import Any

from skyrl_gym.envs.base_text_env import BaseTextEnv, BaseTextEnvStepOutput

from memcurate.env import EnvPackage, StepResult

PACKAGE = EnvPackage(Path(__file__).parent)


class MemoryTextEnv(BaseTextEnv):
    """An episode. `init` and `step` return the whole prompt of the next chunk: system and user message.

    No earlier turn belongs into that prompt, so it takes the place of the history
    (`memcurate_memory.generator`).
    """

    def __init__(self, env_config: Any = None, extras: dict[str, Any] | None = None) -> None:
        """Make the environment of a row; `extras` are its columns. Raises KeyError where one is missing."""
        super().__init__()
        row = extras or {}
        self._instance: str = row["instance"]
        self._env = PACKAGE.make_env(
            row["split"],
            credit=row.get("credit") or "episode",
            max_chunks=row.get("max_chunks"),
            max_questions=row.get("max_questions"),
        )
        self._eos_token: str = row.get("eos_token") or ""
        self._metrics: dict[str, Any] = {}

    def init(self, prompt: list[dict[str, str]]) -> tuple[list[dict[str, str]], dict[str, Any]]:
        """Begin the episode, and return the prompt of the first chunk. That of the row is not read."""
        observation = self._env.reset(self._instance)
        self.turns, self.max_turns, self._metrics = 0, observation.num_steps, {}
        return [dict(message) for message in observation.messages], {"instance": self._instance}

    def step(self, action: str) -> BaseTextEnvStepOutput:
        """Apply a reply. The last one is rewarded with the episode's total, and those before it with 0.

        Raises ValueError where no question of the instance got a score.
        """
        result = self._env.step(action.removesuffix(self._eos_token))
        self.turns += 1
        if result.observation is None:
            return self._finish(result)
        messages = [dict(message) for message in result.observation.messages]
        info = {"tool_format": result.info.tool_format, "content": result.info.content}
        return BaseTextEnvStepOutput(observations=messages, reward=0.0, done=False, metadata=info)

    def get_metrics(self) -> dict[str, Any]:
        """Return rewards by name, tokens and calls; nothing before the last reply."""
        return self._metrics

    def close(self) -> None:
        """Drop the episode."""
        self._env.close()

    def _finish(self, result: StepResult) -> BaseTextEnvStepOutput:
        self._metrics = PACKAGE.measure_episode(self._instance, result.info)
        info = {**self._metrics, **PACKAGE.detail_episode(result.info)}
        return BaseTextEnvStepOutput(observations=[], reward=self._metrics["total"], done=True, metadata=info)
