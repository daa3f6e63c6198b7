"""What warm start and training share: the instances, prompts and rewards of the chosen profile."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from pipeline.endpoint.asking import Asker
from pipeline.errors import MemcurateError
from pipeline.text.tokens import Tokenizer
from training.chats.template import Template
from training.evaluation import Evaluator
from training.grpo.rollouts import Generate, MemoryRollouts, TrainedChat
from training.lessons import lessons
from training.machine import check_machine
from training.models import evaluator
from training.params import AgentParams, Profile
from training.policies.model import ModelPolicy
from training.schema import InstanceToPlay


@dataclass(frozen=True)
class Classroom:
    """See above."""

    profile: Profile
    tokenizer: PreTrainedTokenizerBase  # the model's own
    evaluator: Evaluator
    train: list[InstanceToPlay]
    held_out: list[InstanceToPlay]  # of the train side, for validation; with all their questions

    def policy(self, generate: Generate) -> ModelPolicy:
        """A model that completes prompts so, as a policy."""
        chat = TrainedChat(Template(self.tokenizer), generate, self.profile.at_once)
        return ModelPolicy("trained", chat, self.profile.memory, self.profile.step, seed=0)

    def rollouts(self, instances: Sequence[InstanceToPlay]) -> MemoryRollouts:
        """Instances to be played by a model in training."""
        return MemoryRollouts(
            instances,
            Template(self.tokenizer),
            self.evaluator,
            self.profile.memory,
            self.profile.step,
            self.profile.pooled,
        )


def classroom(
    agent: AgentParams, instances: Iterable[InstanceToPlay], model: Path, tokenizer: Tokenizer, seed: int
) -> Classroom:
    """The classroom of the chosen profile for the model in a folder.

    Raises MemcurateError when the machine is not what the profile needs, when there are too few instances, or
    when a chunk does not fit into its prompts.
    """
    profile = agent.training.chosen
    check_machine(agent.training.profile, profile)
    drawn = lessons(instances, profile, None, seed)
    if len(drawn) < profile.validation + profile.instances:
        raise MemcurateError(
            f"training profile {agent.training.profile}: the train split has {len(drawn)} instances of "
            f"{', '.join(profile.sources or ['all sources'])}, fewer than its validation "
            f"{profile.validation} and instances {profile.instances} together"
        )
    held_out, train = drawn[: profile.validation], drawn[profile.validation :]
    made = Classroom(
        profile=profile,
        tokenizer=AutoTokenizer.from_pretrained(model),
        evaluator=evaluator(agent, tokenizer.count, Asker(record=False)),
        train=lessons(train, profile, profile.questions, seed),
        held_out=held_out,
    )
    made.policy(lambda prompts: []).check(drawn)
    return made
