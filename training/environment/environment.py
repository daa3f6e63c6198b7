"""MemoryEnv: plays episodes of a dataset with the replies that it is given."""

import random
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType

from pipeline.core.agent_params import EpisodeParams
from pipeline.core.errors import MemcurateError
from pipeline.core.schema import Split
from pipeline.text.tokens import TokenCounter, load_tokenizer
from training.credit.assign import CreditName, StepReward, assign_rewards
from training.environment.dataset import InstanceTable
from training.environment.evaluators import DEFAULT_PARAMS, CompleteFn, build_env_evaluator
from training.environment.results import EnvObservation, StepInfo, StepResult
from training.environment.truncation import truncate_instance
from training.evaluation import rewards
from training.evaluation.answering import AnswerJudge
from training.evaluation.evaluator import Evaluator, is_scored
from training.memory.memory import Memory
from training.memory.prompts import Message
from training.memory.schema import Episode, EpisodeInput, EpisodeQuestion
from training.memory.tools import TOOLS
from training.policies.fitted_prompt import MessageCounter, fit_step_prompt
from training.policies.run_episodes import Trajectory

_METHOD = "environment"  # begins the ids of its episodes
_MAX_DRAWS = 100  # of instances without a question that can be scored, one after another


class MemoryEnv:
    """An environment: an episode reads the chunks of an instance, one a step, then answers its questions.

    An action is the text of a reply; its tool calls write the memory. The environment is not safe for use by
    several threads: give each its own.
    """

    def __init__(
        self,
        instances: Sequence[EpisodeInput],
        evaluator: Evaluator,
        count_prompt_tokens: MessageCounter,
        *,
        credit: CreditName = "episode",
        describe_tools: bool = True,
        max_chunks: int | None = None,
        max_questions: int | None = None,
        seed: int = 0,
    ) -> None:
        """Play `instances` by the params and answerer of `evaluator`.

        `count_prompt_tokens` counts the tokens of messages, which show as many of the newest entries as fit
        into `generation.max_prompt_tokens`. `credit`: whose r1 and r3 the `step_rewards` of an episode have.
        `describe_tools`: whether the system message lists the tools; else the chat template must.
        `max_chunks` and `max_questions` cut an instance as `truncate_instance` does, with questions drawn by
        `seed`; `seed` also draws instances until `reset` is given another.
        Raises MemcurateError where `instances` is empty, or where credit needs another answerer.
        """
        if not instances:
            raise MemcurateError("MemoryEnv: the list of instances is empty; expected one at least")
        self.instances = instances
        self.evaluator = evaluator
        self.credit = credit
        self._verify_credit(credit)
        self._describe_tools = describe_tools
        self._count_prompt_tokens = count_prompt_tokens
        self._max_chunks = max_chunks
        self._max_questions = max_questions
        self._seed = seed
        self._random = random.Random(seed)
        self._trajectory: Trajectory | None = None
        self._episode: Episode | None = None

    @classmethod
    def load(
        cls,
        dataset: Path | str,
        split: Split,
        *,
        params: EpisodeParams = DEFAULT_PARAMS,
        sources: Collection[str] | None = None,
        count_tokens: TokenCounter | None = None,
        tokenizer: str = "o200k_base",
        assets: Path | str | None = None,
        answer_model: CompleteFn | None = None,
        answer_judge: AnswerJudge | None = None,
        operation_judge: CompleteFn | None = None,
        credit: CreditName = "episode",
        describe_tools: bool = True,
        count_prompt_tokens: MessageCounter | None = None,
        max_chunks: int | None = None,
        max_questions: int | None = None,
        seed: int = 0,
    ) -> "MemoryEnv":
        """Load the environment of a split of the dataset in the folder `dataset`.

        `params`: those of the starter set, or what `pipeline.core.params.load_params` returns. `sources`:
        names of the sources to play; None: all. `count_tokens` counts the tokens of memory and answers; by
        default it is that of `tokenizer`, params.yaml's key of this name, whose files stand in `assets`, the
        folder beside the dataset where none is given. `count_prompt_tokens` counts those of messages; by
        default they are the sum over the contents. The models are those of `build_env_evaluator`, and the
        other arguments those of `MemoryEnv`.
        Raises MemcurateError where the split, a source, the tokenizer's files or a model is missing.
        """
        path = Path(dataset)
        if count_tokens is None:
            count_tokens = _load_counter(tokenizer, Path(assets) if assets else path.parent / "assets")
        return cls(
            InstanceTable(path, split, sources),
            build_env_evaluator(params, count_tokens, answer_model, answer_judge, operation_judge),
            count_prompt_tokens or partial(count_contents, count_tokens),
            credit=credit,
            describe_tools=describe_tools,
            max_chunks=max_chunks,
            max_questions=max_questions,
            seed=seed,
        )

    def __len__(self) -> int:
        """Return the number of instances."""
        return len(self.instances)

    def __enter__(self) -> "MemoryEnv":
        """Return the environment."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the environment."""
        self.close()

    @cached_property
    def _indices(self) -> Mapping[str, int]:
        if isinstance(self.instances, InstanceTable):
            return self.instances.indices
        return {instance.id: index for index, instance in enumerate(self.instances)}

    def can_score(self, task: int | str) -> bool:
        """Return whether an instance has a question that can be scored, so that its episode has a total.

        Raises MemcurateError where the instance is not found.
        """
        return any(self._can_score(question) for question in self._find(task).questions)

    def reset(self, task: int | str | None = None, seed: int | None = None) -> EnvObservation:
        """Begin the episode of an instance, by its index or id, and return the first observation.

        Without `task` an instance is drawn that has a question that can be scored; a `seed` begins the draws
        anew, so that equal seeds give equal instances. An episode that has not ended is dropped.
        Raises MemcurateError where the instance is not found.
        """
        if seed is not None:
            self._random = random.Random(seed)
        instance = self._draw() if task is None else self._find(task)
        params = self.evaluator.params.memory
        memory = Memory(self.evaluator.count_tokens, params.core_tokens, params.max_tokens)
        self._trajectory, self._episode = Trajectory(instance, memory), None
        return self._observe(self._trajectory)

    def step(self, reply: str) -> StepResult:
        """Apply the tool calls of a reply to the chunk that was observed last.

        After the last chunk the questions are answered. A reply without a readable call is a step like any
        other. Raises MemcurateError where no episode runs or `reply` is not a text, and as the models do.
        """
        trajectory = self._trajectory
        if trajectory is None or trajectory.is_finished:
            raise MemcurateError("MemoryEnv.step: no episode is running; call reset first")
        if not isinstance(reply, str):
            raise MemcurateError(
                f"MemoryEnv.step: expected the text of a reply, found {type(reply).__name__}"
            )
        step = trajectory.add_step(reply)
        if not trajectory.is_finished:
            tool_format, content = rewards.tool_format(step.calls), rewards.content(step.calls)
            info = StepInfo(step.calls, step.memory_tokens, tool_format, content)
            return StepResult(self._observe(trajectory), 0.0, False, info)
        self._episode = self.evaluator.score_trajectory(_METHOD, trajectory, None)
        info = StepInfo(
            step.calls,
            step.memory_tokens,
            rewards.tool_format(step.calls),
            rewards.content(step.calls),
            self._episode,
            self.step_rewards(),
        )
        return StepResult(None, self._episode.total, True, info)

    def step_rewards(self, credit: CreditName | None = None) -> list[StepReward]:
        """Return the reward of each step of the episode that ended, by `credit` or the environment's own.

        Raises MemcurateError where no episode has ended since `reset`, or credit needs another answerer.
        """
        if self._trajectory is None or self._episode is None:
            raise MemcurateError("MemoryEnv.step_rewards: the episode has not ended; call step until done")
        chosen = credit or self.credit
        self._verify_credit(chosen)
        return assign_rewards(self._trajectory.instance, self._episode, self.evaluator, chosen)

    def close(self) -> None:
        """Drop the episode that runs; the environment can be reset again."""
        self._trajectory = self._episode = None

    def _observe(self, trajectory: Trajectory) -> EnvObservation:
        params, state = self.evaluator.params, trajectory.observe()
        messages = fit_step_prompt(
            state,
            params.memory.max_prompt_entries,
            params.generation.max_prompt_tokens,
            self._count_prompt_tokens,
            self._describe_tools,
        )
        instance = trajectory.instance
        return EnvObservation(
            messages, TOOLS, instance.id, len(trajectory.steps), len(instance.chunks), state
        )

    def _find(self, task: int | str) -> EpisodeInput:
        index = self._indices.get(task, -1) if isinstance(task, str) else task
        if not 0 <= index < len(self):
            raise MemcurateError(
                f"MemoryEnv: instance {task!r} is not in the split; expected an id, or an index "
                f"from 0 to {len(self) - 1}"
            )
        return self._cut(self.instances[index])

    def _draw(self) -> EpisodeInput:
        for _ in range(_MAX_DRAWS):
            instance = self._cut(self.instances[self._random.randrange(len(self))])
            if any(self._can_score(question) for question in instance.questions):
                return instance
        raise MemcurateError(
            f"MemoryEnv.reset: none of {_MAX_DRAWS} drawn instances has a question that can be scored. Give "
            "other sources, more chunks (max_chunks), or a judge of answers (answer_judge)."
        )

    def _cut(self, instance: EpisodeInput) -> EpisodeInput:
        if self._max_chunks is None and self._max_questions is None:
            return instance
        can_score = partial(is_scored, answer=self.evaluator.params.answer)
        return truncate_instance(instance, self._max_chunks, self._max_questions, self._seed, can_score)

    def _can_score(self, question: EpisodeQuestion) -> bool:
        if question.metric == "judge":
            return self.evaluator.answer_judge is not None
        return is_scored(question, self.evaluator.params.answer)

    def _verify_credit(self, credit: CreditName) -> None:
        if credit != "episode" and self.evaluator.params.answer.backend != "extractive":
            raise MemcurateError(
                f"credit {credit!r} answers questions anew for each step or call, which answer.backend "
                "extractive alone does without a model. Set credit to 'episode', or leave out answer_model."
            )


def count_contents(count_tokens: TokenCounter, messages: Sequence[Message]) -> int:
    """Return the sum of the tokens of the contents of messages."""
    return sum(count_tokens(message["content"]) for message in messages)


def _load_counter(tokenizer: str, assets: Path) -> TokenCounter:
    try:
        return load_tokenizer(tokenizer, assets).count
    except MemcurateError as error:
        raise MemcurateError(
            f"{error}. Or give MemoryEnv.load `assets`, a folder with the files of the tokenizer, or "
            "`count_tokens`, a function from a text to its number of tokens."
        ) from error
