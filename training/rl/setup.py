"""The setup that warm start and training share: instances, prompts and rewards of the chosen profile."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from pipeline.core.errors import MemcurateError
from pipeline.core.params import AgentParams, TrainingProfile
from pipeline.llm.client import LLMClient
from pipeline.text.tokens import Tokenizer
from training.evaluation.evaluator import Evaluator, is_scored
from training.evaluation.factory import build_evaluator
from training.memory.schema import EpisodeInput
from training.policies.chats.template import ChatTemplate
from training.policies.model import ModelPolicy
from training.rl.hardware import avoid_cudnn_attention, check_hardware
from training.rl.rollouts import GenerateFn, MemoryRolloutCollector, RolloutChatModel
from training.rl.tasks import select_tasks


@dataclass(frozen=True)
class TrainingSetup:
    """The instances, tokenizer and evaluator of a training profile."""

    profile: TrainingProfile
    tokenizer: PreTrainedTokenizerBase  # the model's own
    evaluator: Evaluator
    train_instances: list[EpisodeInput]
    validation_instances: list[EpisodeInput]  # of the train split, with all their questions

    def build_policy(self, generate: GenerateFn) -> ModelPolicy:
        """Build the policy of a model that completes prompts by `generate`."""
        chat = RolloutChatModel(ChatTemplate(self.tokenizer), generate, self.profile.generation_batch_size)
        return ModelPolicy("trained", chat, self.profile.memory, self.profile.generation, seed=0)

    def build_collector(self, instances: Sequence[EpisodeInput]) -> MemoryRolloutCollector:
        """Build the collector that runs a model in training on instances."""
        return MemoryRolloutCollector(
            instances,
            ChatTemplate(self.tokenizer),
            self.evaluator,
            self.profile.memory,
            self.profile.generation,
            self.profile.advantage_group,
            self.profile.credit,
        )


def build_training_setup(
    agent: AgentParams, instances: Iterable[EpisodeInput], model: Path, tokenizer: Tokenizer, seed: int
) -> TrainingSetup:
    """Build the setup of the chosen profile for the model in the folder `model`.

    `instances` are those of the train split; `tokenizer` is that of params. Raises MemcurateError where the
    machine lacks a GPU or package of the profile, where credit needs another answerer, where there are too
    few instances, or where a chunk does not fit into a prompt.
    """
    profile = agent.training.active_profile
    check_hardware(agent.training.profile, profile)
    avoid_cudnn_attention()
    if profile.credit != "episode" and agent.answer.backend != "extractive":
        raise MemcurateError(
            f"training.profiles.{agent.training.profile}.credit is {profile.credit}: for each step or call "
            "it answers questions anew, which answer.backend extractive alone does without a model. Set "
            "credit to episode, or answer.backend to extractive."
        )
    can_score = partial(is_scored, answer=agent.answer)
    drawn = select_tasks(instances, profile, None, seed, can_score)
    if len(drawn) < profile.num_validation + profile.instances_per_batch:
        raise MemcurateError(
            f"training.profiles.{agent.training.profile}: the train split has {len(drawn)} instances of "
            f"{', '.join(profile.sources or ['all sources'])}, fewer than num_validation "
            f"{profile.num_validation} and instances_per_batch {profile.instances_per_batch} together. Lower "
            "these keys, or enable more sources."
        )
    validation, train = drawn[: profile.num_validation], drawn[profile.num_validation :]
    limited = agent.model_copy(update={"memory": profile.memory})  # credit replays with these limits
    setup = TrainingSetup(
        profile=profile,
        tokenizer=AutoTokenizer.from_pretrained(model),
        evaluator=build_evaluator(limited, tokenizer.count, LLMClient(record_calls=False)),
        train_instances=select_tasks(train, profile, profile.max_questions, seed, can_score),
        validation_instances=validation,
    )
    setup.build_policy(lambda prompts: []).check_prompt_lengths(drawn)
    return setup
