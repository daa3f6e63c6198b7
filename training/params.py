"""The agent's blocks of params.yaml as typed models: memory, step, answer, rewards, evaluation, training."""

from types import NoneType
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.params import MOST, Ask, Count, EndpointModel, Model, Params, PinnedFiles, validated

Share = Annotated[float, Field(ge=0)]
Baseline = Literal["scripted", "bm25_chunks", "empty_memory", "long_context"]


class MemoryParams(Model):
    """What the memory may hold, and how much of it a policy sees."""

    core_tokens: Annotated[int, Field(ge=16, le=MOST)] = Field(
        description="core memory holds at most so many tokens"
    )
    shown: Annotated[int, Field(ge=0, le=MOST)] = Field(description="newest entries of each list in a prompt")


class StepParams(Model):
    """What a model reads and writes at a step, in its own tokens."""

    prompt_tokens: Annotated[int, Field(ge=256, le=MOST)] = Field(
        description="instructions, memory and chunk, at most"
    )
    reply_tokens: Annotated[int, Field(ge=16, le=MOST)] = Field(description="a reply, at most")
    temperature: Share = Field(description="of sampling; 0 takes the likeliest token")


class AnswerParams(Model):
    """How questions are answered from what was recalled."""

    by: Literal["contains", "local", "endpoint"] = Field(description="who answers")
    model: str | EndpointModel | None = Field(description="folder of a local one, or one of the endpoint")
    retrieve: Count = Field(description="entries that BM25 takes from each list")
    max_tokens: Annotated[int, Field(ge=32, le=MOST)] = Field(
        description="of core and entries that the answerer reads"
    )
    judge: Ask | None = Field(
        None, description="says what is right where no string can; null: that is not measured"
    )

    @model_validator(mode="after")
    def _named(self) -> "AnswerParams":
        takes: dict[str, type] = {"contains": NoneType, "local": str, "endpoint": EndpointModel}
        if not isinstance(self.model, takes[self.by]):
            raise ValueError(
                f"answer.model is {self.model!r}, but answer.by is {self.by}: contains takes null, local a "
                "folder, endpoint {model: NAME, revision: YOURS}"
            )
        return self


class RewardParams(Model):
    """How the parts of a reward are weighed."""

    compression: Share = Field(description="weight of r3 (paper: beta)")
    content: Share = Field(description="weight of r4 (paper: gamma)")
    judge: EndpointModel | None = Field(description="says whether an operation is valid; null: rules do")


class PolicyModel(Model):
    """A model that is evaluated as a policy: exactly one of the two."""

    local: str | None = Field(None, description="folder of weights and tokenizer, or a hub name")
    endpoint: EndpointModel | None = None
    tools: Literal["text", "native"] = Field(
        "text", description="tools in the system prompt, or passed to the server"
    )
    instances: Count | None = Field(None, description="test instances of each source at most; null: all")
    stretch: bool = Field(True, description="whether it plays stretched instances")

    @model_validator(mode="after")
    def _one(self) -> "PolicyModel":
        if (self.local is None) == (self.endpoint is None):
            raise ValueError("takes exactly one of local and endpoint")
        return self


PolicyName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class EvaluationParams(Model):
    """What is played on the test split."""

    methods: list[Baseline] = Field(min_length=1, description="methods without a model")
    models: dict[PolicyName, PolicyModel] = Field(description="models as policies, by a name of your own")
    stretch: list[Annotated[int, Field(ge=1000, le=MOST)]] = Field(
        description="tokens that test instances of one source are joined up to, and more"
    )
    questions: Count = Field(description="asked of a stretched instance at most")
    resamples: Annotated[int, Field(ge=100, le=100_000)] = Field(
        description="of the bootstrap behind an interval"
    )

    @model_validator(mode="after")
    def _names(self) -> "EvaluationParams":
        for name in self.methods:
            if self.methods.count(name) > 1:
                raise ValueError(f"methods names {name!r} twice")
            if name in self.models:
                raise ValueError(f"models has {name!r}, which is the name of a method without a model")
        return self


class BaseModelParams(Model):
    """Where the model that is trained comes from: exactly one of the two."""

    files: PinnedFiles | None = Field(None, description="a GGUF file, out of a package")
    hub: Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")] | None = Field(
        None, description="a model of the hub, OWNER/NAME"
    )
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = Field(
        None, description="commit of the hub model"
    )

    @model_validator(mode="after")
    def _one(self) -> "BaseModelParams":
        if (self.files is None) == (self.hub is None) or (self.hub is None) != (self.revision is None):
            raise ValueError("takes either files, or hub and revision")
        return self


class WarmStartParams(Model):
    """Supervised training on the scripted writer's steps."""

    rows: Count = Field(description="steps that are learnt from, once each")
    batch: Count = Field(description="rows of an update")
    learning_rate: Annotated[float, Field(gt=0)]
    whole: Annotated[float, Field(ge=0, le=1)] = Field(
        description="share of rows with all the writer's calls"
    )
    least_kept: Annotated[float, Field(gt=0, le=1)] = Field(
        description="of the writer's calls the other rows keep a share, drawn from here"
    )
    most_kept: Annotated[float, Field(gt=0, le=1)] = Field(description="to here")

    @model_validator(mode="after")
    def _ordered(self) -> "WarmStartParams":
        if self.least_kept > self.most_kept:
            raise ValueError(f"least_kept {self.least_kept} is over most_kept {self.most_kept}")
        return self


class LoraParams(Model):
    """Train a low-rank addition to the weights; it is merged into them at the end."""

    rank: Count
    alpha: Count


class TrainedStepParams(StepParams):
    """The same of a model in training, which has to vary."""

    temperature: Annotated[float, Field(gt=0)] = Field(description="of sampling")


class Profile(Model):
    """How the agent is trained, for a kind of machine."""

    gpus: Annotated[int, Field(ge=0, le=MOST)] = Field(description="that the machine must have")
    bfloat16: bool = Field(description="whether weights of 32 bits are multiplied as 16")
    base_model: BaseModelParams
    sources: list[str] | None = Field(description="whose instances are played; null: all")
    chunks: Count | None = Field(description="an instance's first chunks; null: all")
    questions: Count | None = Field(description="asked of an instance in training; null: all")
    step: TrainedStepParams
    memory: MemoryParams
    warm_start: WarmStartParams
    batches: Count = Field(description="of instances, played and learnt from")
    instances: Count = Field(description="in a batch")
    group: Annotated[int, Field(ge=2, le=MOST)] = Field(description="episodes of each instance in a batch")
    pooled: Literal["instance", "step"] = Field(description="rows whose rewards are compared")
    updates: Count = Field(description="of the weights, on each batch")
    parts: Count = Field(description="of a batch, differentiated one after the other")
    learning_rate: Annotated[float, Field(gt=0)]
    warm_up: Annotated[int, Field(ge=0, le=MOST)] = Field(
        description="updates until the learning rate is reached"
    )
    clip: Annotated[float, Field(gt=0)] = Field(description="of the ratio to the policy that played")
    kl: Share = Field(description="weight of the divergence from the warm-started policy")
    generate: Literal["batch", "continuous", "vllm"] = Field(description="how completions are made")
    at_once: Count = Field(description="prompts that are completed together")
    validation: Count = Field(description="train instances that are held out, to choose the best weights by")
    every: Count = Field(description="batches between validations, and between checkpoints")
    tests: Count | None = Field(description="test instances of each source at most; null: all")
    stretch: list[Annotated[int, Field(ge=1000, le=MOST)]] = Field(
        description="tokens that test instances are joined up to, as evaluation.stretch"
    )
    lora: LoraParams | None

    @model_validator(mode="after")
    def _divides(self) -> "Profile":
        if self.parts % self.updates:
            raise ValueError(f"parts {self.parts} is no multiple of updates {self.updates}")
        if self.instances * self.group % self.parts:
            raise ValueError(
                f"instances × group {self.instances * self.group} is no multiple of parts {self.parts}"
            )
        return self


class TrainingParams(Model):
    """Profiles, and the one that is used."""

    seed: Annotated[int, Field(ge=0, lt=1 << 32)] = Field(
        description="of what is learnt from in which order, and of what is sampled"
    )
    profile: str
    profiles: dict[str, Profile]

    @model_validator(mode="after")
    def _known(self) -> "TrainingParams":
        if self.profile not in self.profiles:
            raise ValueError(f"profile is {self.profile!r}; profiles has {', '.join(sorted(self.profiles))}")
        return self

    @property
    def chosen(self) -> Profile:
        """The profile that is used."""
        return self.profiles[self.profile]


class AgentParams(Model):
    """The blocks of params.yaml that say how the agent works and is measured."""

    memory: MemoryParams
    step: StepParams
    answer: AnswerParams
    rewards: RewardParams
    evaluation: EvaluationParams
    training: TrainingParams


def agent_params(params: Params) -> AgentParams:
    """The agent's blocks, checked. Raises MemcurateError with one line per wrong key."""
    return validated(AgentParams, {name: getattr(params, name) for name in AgentParams.model_fields})
