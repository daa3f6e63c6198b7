"""The tasks: an instance of the dataset each, its episode, and the rewards as named rubrics."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import verifiers.v1 as vf
from pydantic import Field

from memcurate.env import (
    EnvObservation,
    EnvPackage,
    FunctionAnswerJudge,
    MemoryEnv,
    StepResult,
    reward_parts,
)

PACKAGE = EnvPackage(Path(__file__).parent)
WEIGHTS = PACKAGE.weights
INFO = "memcurate"  # key of a trace's info, which has all that the rubrics give
_MAX_JUDGE_CALLS = 32  # of an episode, at once

logger = logging.getLogger(__name__)


class MemoryData(vf.TaskData):
    """The data of a task: `id` is that of the instance, and the prompt is that of its first chunk."""

    split: str


class MemoryTaskConfig(vf.TaskConfig):
    """Options of an episode, under `--env.taskset.task`."""

    judge: vf.JudgeConfig | None = None
    """The model that scores questions of the metric `judge`; without one they have no score."""
    credit: Literal["episode", "step", "call"] = "episode"
    """The credit of `step_rewards` in a trace's info; the rewards themselves stay the episode's."""
    native_tools: bool = False
    """Pass the tools to the server's chat template, instead of listing them in the system prompt."""
    max_chunks: int | None = Field(None, ge=1)
    """Cut instances to their first chunks, and to questions that these answer."""
    max_questions: int | None = Field(None, ge=1)
    """Draw at most as many questions of an instance."""


class RunningEpisode:
    """An episode whose last reply waits: answering the questions belongs to scoring."""

    def __init__(self, env: MemoryEnv, instance: str, native_tools: bool) -> None:
        """Begin the episode of an instance, by its id."""
        first = env.reset(instance)
        self.native_tools = native_tools
        self.observation: EnvObservation | None = first  # None after the last chunk
        self._env = env
        self._num_steps = first.num_steps
        self._replies: list[str] = []

    async def add_reply(self, reply: str) -> None:
        """Apply the reply to the chunk that was observed last; after the last chunk, keep it."""
        self._replies.append(reply)
        if len(self._replies) == self._num_steps:
            self.observation = None
        else:
            self.observation = (await asyncio.to_thread(self._env.step, reply)).observation

    async def finish(self) -> StepResult:
        """Answer the questions. Raises ValueError where the model did not read all chunks."""
        if self.observation is not None:
            raise ValueError(
                f"the episode ended after {len(self._replies)} of {self._num_steps} chunks, so it has no "
                "reward: leave limits of turns, tokens and time unset, and use the harness of this package"
            )
        return await asyncio.to_thread(self._env.step, self._replies[-1])


class MemoryState(vf.State):
    """The episode that runs."""

    running: Any = Field(None, exclude=True)


class MemoryTask(vf.Task[MemoryData, MemoryState, MemoryTaskConfig]):
    """An episode: the chunks of an instance, then its questions."""

    @property
    def key(self) -> str:
        """The id of the instance."""
        return str(self.data.id)

    async def setup(self, trace: vf.Trace) -> None:
        """Begin the episode."""
        config = self.config
        judge = make_judge(config.judge, trace) if config.judge else None
        env = make_env(self.data.split, config, judge)
        trace.state.running = RunningEpisode(env, str(self.data.id), config.native_tools)

    async def finalize(self, trace: vf.Trace) -> None:
        """Answer the questions from the memory, and keep rewards, credit and answers in the trace's info."""
        result = await trace.state.running.finish()
        episode = result.info.episode
        parts = reward_parts(episode, PACKAGE.params.rewards)
        if parts is None:
            raise ValueError(f"{episode.instance}: no question got a score; the judge gave no verdict")
        trace.info[INFO] = {
            "version": PACKAGE.version,
            "parts": {name: part.value for name, part in parts.items()},
            "total": episode.total,
            "step_rewards": [asdict(one) for one in result.info.step_rewards],
            "memory_tokens": episode.memory_tokens,
            "num_calls": sum(len(step.calls) for step in episode.steps),
            "answers": [
                {"question": one.question, "answer": one.answer, "score": one.score}
                for one in episode.answers
            ],
        }

    @vf.reward(weight=WEIGHTS["correctness"])
    async def correctness(self, trace: vf.Trace) -> float:
        """Return r1, the mean score of the questions."""
        return float(trace.info[INFO]["parts"]["correctness"])

    @vf.reward(weight=WEIGHTS["tool_format"])
    async def tool_format(self, trace: vf.Trace) -> float:
        """Return r2, the fraction of the calls that applied, as a mean over the steps."""
        return float(trace.info[INFO]["parts"]["tool_format"])

    @vf.reward(weight=WEIGHTS["compression"])
    async def compression(self, trace: vf.Trace) -> float:
        """Return r3, 1 - tokens of the memory / tokens of the chunks."""
        return float(trace.info[INFO]["parts"]["compression"])

    @vf.reward(weight=WEIGHTS["content"])
    async def content(self, trace: vf.Trace) -> float:
        """Return r4, the fraction of the calls whose content is valid, as a mean over the steps."""
        return float(trace.info[INFO]["parts"]["content"])

    @vf.reward
    async def memory_measures(self, trace: vf.Trace) -> dict[str, float]:
        """Return the weighted measures of the memory, of those that have a weight."""
        names = [name for name in WEIGHTS if name in ("recall", "stale", "forgotten")]
        return {name: WEIGHTS[name] * trace.info[INFO]["parts"][name] for name in names}

    @vf.metric
    async def episode_sizes(self, trace: vf.Trace) -> dict[str, float]:
        """Return the tokens of the memory at the end, and the number of calls."""
        return {name: float(trace.info[INFO][name]) for name in ("memory_tokens", "num_calls")}


class MemoryTasksetConfig(vf.TasksetConfig):
    """Options of the tasks, under `--env.taskset`."""

    task: MemoryTaskConfig = MemoryTaskConfig()
    split: Literal["train", "test", "evaluation"] = "train"
    """The split of the dataset."""
    sources: list[str] = Field(default_factory=list)
    """Names of the sources to play; none: all."""


class MemoryTaskset(vf.Taskset[MemoryTask, MemoryTasksetConfig]):
    """The instances of a split that have a question which can be scored."""

    def load(self) -> Iterator[MemoryTask]:
        """Yield the tasks in the order of the dataset. Those without a question to score are counted."""
        split, config = self.config.split, self.config.task
        judge = FunctionAnswerJudge(lambda chats: [""] * len(chats)) if config.judge else None
        env = make_env(split, config, judge)
        num_left_out = 0
        for instance in PACKAGE.read_split(split, self.config.sources).ids:
            if not env.can_score(instance):
                num_left_out += 1
                continue
            system, user = env.reset(instance).messages
            data = MemoryData(
                id=instance,
                name=instance,
                split=split,
                system_prompt=system["content"],
                prompt=user["content"],
            )
            yield MemoryTask(data, config)
        if num_left_out:
            logger.warning("%d instances without a question that can be scored are left out", num_left_out)


class MemoryEpisodesConfig(vf.SingleAgentEnvConfig):
    """The agent, whose harness needs no sandbox."""

    agent: vf.AgentConfig = vf.AgentConfig(runtime=vf.SubprocessConfig())


class MemoryEpisodes(vf.SingleAgentEnv, vf.Env[MemoryEpisodesConfig]):
    """One agent, which runs in this process unless a config says otherwise."""


def make_env(split: Any, config: MemoryTaskConfig, judge: FunctionAnswerJudge | None) -> MemoryEnv:
    """Make the environment of an episode; its instances are read once per process."""
    return PACKAGE.make_env(
        split,
        answer_judge=judge,
        credit=config.credit,
        describe_tools=not config.native_tools,
        max_chunks=config.max_chunks,
        max_questions=config.max_questions,
    )


def make_judge(config: vf.JudgeConfig, trace: vf.Trace) -> FunctionAnswerJudge:
    """Make the judge of a trace by the framework's own, which records its calls; a thread asks it."""
    judge: vf.Judge = vf.Judge(config)
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(_MAX_JUDGE_CALLS)

    async def ask(chat: Sequence[Any]) -> str:
        async with gate:
            return str((await judge.complete(chat[0]["content"], trace=trace)).text)

    async def ask_all(chats: Sequence[Sequence[Any]]) -> list[str]:
        return list(await asyncio.gather(*map(ask, chats)))

    return FunctionAnswerJudge(lambda chats: asyncio.run_coroutine_threadsafe(ask_all(chats), loop).result())
