"""The environment of a session, and the dataset as tasks."""

import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import EnvironmentMetadata

from memcurate.env import EnvObservation, EnvPackage, MemcurateError, MemoryEnv, StepResult, reward_parts

from ..models import (
    AnswerScore,
    EpisodeOptions,
    MemcurateAction,
    MemcurateObservation,
    MemcurateState,
    StepReward,
)

PACKAGE = EnvPackage(Path(__file__).parents[1] / "data")
_SEEDS = 1 << 32


class MemcurateEnvironment(Environment[MemcurateAction, MemcurateObservation, MemcurateState]):
    """An episode at a time. Instances are read once per process; all else belongs to the session."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self) -> None:
        """Wait for the first `reset`."""
        super().__init__()
        self._env: MemoryEnv | None = None
        self._native_tools = False
        self._state = MemcurateState()

    def reset(
        self, seed: int | None = None, episode_id: str | None = None, **options: Any
    ) -> MemcurateObservation:
        """Begin an episode by the fields of `EpisodeOptions`, and return its first prompt.

        An episode that has not ended is dropped. Raises MemcurateError, and changes nothing, where an option
        is unknown or has a wrong value, or the instance is not found.
        """
        chosen = EpisodeOptions.model_validate({"seed": seed, "episode_id": episode_id, **options})
        env = PACKAGE.make_env(
            _find_split(chosen.split),
            sources=chosen.sources,
            credit=chosen.credit,
            describe_tools=not chosen.native_tools,
            max_chunks=chosen.max_chunks,
            max_questions=chosen.max_questions,
        )
        task = chosen.index if chosen.instance is None else chosen.instance
        drawn = (secrets.randbelow(_SEEDS) if chosen.seed is None else chosen.seed) if task is None else None
        first = env.reset(task, seed=drawn)
        self._env, self._native_tools = env, chosen.native_tools
        self._state = MemcurateState(
            episode_id=chosen.episode_id or str(uuid4()),
            split=chosen.split,
            instance=first.instance,
            num_steps=first.num_steps,
            seed=drawn,
        )
        return self._observe(first)

    def step(
        self, action: MemcurateAction, timeout_s: float | None = None, **unknown: Any
    ) -> MemcurateObservation:
        """Apply a reply to the chunk that was observed last; after the last chunk, answer the questions.

        Raises MemcurateError, and changes nothing, where no episode is running.
        """
        if self._env is None:
            raise MemcurateError(
                "step: no episode is running in this session. Call reset first, over the same connection: a "
                "session is a connection to /ws, and POST /step has none."
            )
        result = self._env.step(action.reply)
        self._state.step_count += 1
        return self._observe(result.observation) if result.observation else self._conclude(result)

    def _observe(self, observation: EnvObservation) -> MemcurateObservation:
        return MemcurateObservation(
            messages=observation.messages,
            tools=list(observation.tools) if self._native_tools else [],
            instance=observation.instance,
            step=observation.step,
            num_steps=observation.num_steps,
            reward=0.0,
        )

    def _conclude(self, result: StepResult) -> MemcurateObservation:
        episode = result.info.episode
        assert episode is not None  # it was the last step
        parts = reward_parts(episode, PACKAGE.params.rewards)
        return MemcurateObservation(
            instance=episode.instance,
            step=len(episode.steps),
            num_steps=len(episode.steps),
            done=True,
            reward=episode.total,
            rewards={name: part.value for name, part in parts.items()} if parts else None,
            total=episode.total,
            answers=[
                AnswerScore(question=one.question, answer=one.answer, score=one.score)
                for one in episode.answers
            ],
            step_rewards=[StepReward.model_validate(asdict(one)) for one in result.info.step_rewards],
        )

    @property
    def state(self) -> MemcurateState:
        """The episode that runs, or that ended last."""
        return self._state

    def get_metadata(self) -> EnvironmentMetadata:
        """Return the name and version of the package."""
        return EnvironmentMetadata(
            name="memcurate_env",
            description="Long-term memory: read chunk by chunk, write a memory with tools, answer from it",
            version=PACKAGE.version,
        )

    def close(self) -> None:
        """Drop the episode."""
        self._env, self._state = None, MemcurateState()

    def list_splits(self) -> list[str]:
        """Return the splits of the dataset."""
        return list(PACKAGE.splits)

    def num_tasks(self, split: str) -> int:
        """Return the number of instances of a split."""
        return len(_list_instances(split))

    def list_tasks(self, split: str) -> list[dict[str, Any]]:
        """Return the id and index of each instance of a split."""
        return self.get_task_range(split)

    def get_task(self, split: str, index: int) -> dict[str, Any]:
        """Return the id and index of an instance. Raises IndexError where the split has no such index."""
        if index < 0:
            raise IndexError(index)
        return {"id": _list_instances(split)[index], "index": index}

    def get_task_range(
        self, split: str, start: int | None = None, stop: int | None = None
    ) -> list[dict[str, Any]]:
        """Return the id and index of the instances of a slice of a split."""
        ids = _list_instances(split)
        return [{"id": ids[index], "index": index} for index in range(len(ids))[start:stop]]


def _list_instances(split: str) -> list[str]:
    """Return the ids of the instances of a split. Raises MemcurateError as `_find_split`."""
    return PACKAGE.read_split(_find_split(split)).ids


def _find_split(name: str) -> Any:
    """Return a split by its name. Raises MemcurateError where the dataset has none of this name."""
    if name not in PACKAGE.splits:
        raise MemcurateError(f"the dataset has no split {name!r}; it has {', '.join(PACKAGE.splits)}")
    return name
