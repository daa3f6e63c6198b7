"""Block `training`: training profiles, and the name of the active one."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.core.agent_params import GenerationParams, MemoryParams, NonNegativeFloat
from pipeline.core.params.files import PinnedFiles
from pipeline.core.strict_model import MAX_COUNT, Count, PositiveCount, StrictModel

# Values of generation_backend that give the probabilities of their samples.
BACKENDS_WITH_LOGPS = ("batch", "vllm")


class BaseModelParams(StrictModel):
    """The origin of the model that is trained: either `files`, or `hub` and `revision`."""

    files: PinnedFiles | None = Field(None, description="a GGUF file in a package")
    hub: Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")] | None = Field(
        None, description="a model on the hub, OWNER/NAME"
    )
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = Field(
        None, description="commit of the hub model"
    )

    @model_validator(mode="after")
    def _check_exactly_one(self) -> "BaseModelParams":
        if (self.files is None) == (self.hub is None) or (self.hub is None) != (self.revision is None):
            raise ValueError("takes either the key files, or the keys hub and revision")
        return self


class WarmStartParams(StrictModel):
    """Supervised training on steps of a scripted policy."""

    teacher: Literal["scripted", "scripted_random"] = Field(
        "scripted",
        description="policy whose steps it learns from: scripted stores all that is informative, "
        "scripted_random one to three sentences of a chunk, drawn by chance",
    )
    num_rows: PositiveCount = Field(description="number of steps to train on, once each")
    batch_size: PositiveCount = Field(description="rows per optimizer step")
    learning_rate: Annotated[float, Field(gt=0)] = Field(description="learning rate of the optimizer")
    full_fraction: Annotated[float, Field(ge=0, le=1)] = Field(
        description="fraction of rows with all tool calls of the teacher"
    )
    min_keep_fraction: Annotated[float, Field(gt=0, le=1)] = Field(
        description="the other rows keep a random fraction of the tool calls, drawn from here"
    )
    max_keep_fraction: Annotated[float, Field(gt=0, le=1)] = Field(description="upper bound of that fraction")

    @model_validator(mode="after")
    def _check_keep_range(self) -> "WarmStartParams":
        if self.min_keep_fraction > self.max_keep_fraction:
            raise ValueError(
                f"min_keep_fraction {self.min_keep_fraction} is over max_keep_fraction "
                f"{self.max_keep_fraction}"
            )
        return self


class LoraParams(StrictModel):
    """Low-rank adaptation (LoRA) of the weights, merged into them at the end."""

    rank: PositiveCount = Field(description="rank of the added matrices")
    alpha: PositiveCount = Field(description="scale of the addition: alpha / rank")


class TrainingGenerationParams(GenerationParams):
    """Bounds and sampling of completions in training, which must vary."""

    temperature: Annotated[float, Field(gt=0)] = Field(description="sampling temperature, above 0")


class TrainingProfile(StrictModel):
    """Settings of GRPO training for one kind of machine."""

    gpus: Count = Field(description="number of GPUs that the machine must have")
    bf16: bool = Field(
        description="whether 32-bit weights are multiplied in bfloat16, where the machine has instructions "
        "for it"
    )
    base_model: BaseModelParams
    sources: list[str] | None = Field(description="sources of the training instances; null: all")
    max_chunks: PositiveCount | None = Field(
        description="an instance's first chunks that are used; null: all"
    )
    max_questions: PositiveCount | None = Field(
        description="maximum of questions per instance in training; null: all"
    )
    generation: TrainingGenerationParams
    memory: MemoryParams
    warm_start: WarmStartParams
    num_batches: PositiveCount = Field(description="number of batches of episodes to train on")
    instances_per_batch: PositiveCount = Field(description="instances in a batch")
    num_generations: Annotated[int, Field(ge=2, le=MAX_COUNT)] = Field(
        description="episodes of each instance in a batch"
    )
    advantage_group: Literal["instance", "step"] = Field(
        description="rows whose rewards are compared: of an instance, or of one step of it"
    )
    advantage_scale: Literal["group", "batch"] = Field(
        "group", description="rows whose standard deviation divides advantages: of the group, or of the batch"
    )
    credit: Literal["episode", "step", "call"] = Field(
        description="whose r1 and r3 a reward has: the episode's, or what a step or a call adds to them"
    )
    max_replaced_fraction: NonNegativeFloat = Field(
        0.0,
        description="groups without variance that fresh instances replace at most, as a fraction of "
        "instances_per_batch, rounded up; 0: none",
    )
    task_pool: Literal["uniform", "difficulty"] = Field(
        "uniform",
        description="how instances are drawn: in passes over all (uniform); or so that instances without "
        "variance sit out three passes (difficulty)",
    )
    optimizer_steps_per_batch: PositiveCount = Field(description="updates of the weights per batch")
    steps_per_generation: PositiveCount = Field(
        description="parts of a batch that are differentiated one after the other"
    )
    learning_rate: Annotated[float, Field(gt=0)] = Field(description="learning rate of the optimizer")
    warmup_steps: Count = Field(description="optimizer steps until the learning rate is reached")
    loss: Literal["grpo", "dapo", "dr_grpo"] = Field(
        "grpo",
        description="mean over the tokens of a row, then over rows (grpo); over all tokens (dapo); or over "
        "rows, of their sums divided by max_completion_tokens (dr_grpo)",
    )
    clip_epsilon: Annotated[float, Field(gt=0)] = Field(
        description="PPO clip range: how far below 1 the ratio of probabilities counts"
    )
    clip_epsilon_high: Annotated[float, Field(gt=0)] | None = Field(
        None, description="how far above 1; null: as clip_epsilon"
    )
    importance_cap: Annotated[float, Field(ge=1)] | None = Field(
        None,
        description="tokens count by their probability in the trainer over that in the sampler, at most this "
        "number of times; null: once. Needs generation_backend: vllm",
    )
    kl_coef: NonNegativeFloat = Field(description="weight of the KL divergence from the warm-started policy")
    generation_backend: Literal["batch", "continuous", "vllm"] = Field(
        description="how completions are generated; batch is this project's own sampler"
    )
    generation_batch_size: PositiveCount = Field(description="prompts that are completed together")
    num_validation: PositiveCount = Field(
        description="train instances for validation, which selects the best weights"
    )
    eval_every: PositiveCount = Field(description="batches between validations, and between checkpoints")
    max_test_instances: PositiveCount | None = Field(
        description="maximum of test instances per source; null: all"
    )
    context_lengths: list[Annotated[int, Field(ge=1000, le=MAX_COUNT)]] = Field(
        description="lengths in tokens of concatenated test instances, as evaluation.context_lengths"
    )
    trained_layers: PositiveCount | None = Field(
        None,
        description="last layers of the model that GRPO changes, which saves time; null: the whole model",
    )
    lora: LoraParams | None

    @model_validator(mode="after")
    def _check_credit_group(self) -> "TrainingProfile":
        if self.credit != "episode" and self.advantage_group != "step":
            raise ValueError(
                f"credit {self.credit} compares what different rollouts write of the same chunk: set "
                f"advantage_group to step (it is {self.advantage_group}), or credit to episode"
            )
        return self

    @model_validator(mode="after")
    def _check_trained_weights(self) -> "TrainingProfile":
        if self.lora is not None and self.trained_layers is not None:
            raise ValueError(
                f"lora trains added weights of all layers, and trained_layers {self.trained_layers} the last "
                "layers alone: set one of the two to null"
            )
        return self

    @model_validator(mode="after")
    def _check_divisibility(self) -> "TrainingProfile":
        if self.steps_per_generation % self.optimizer_steps_per_batch:
            raise ValueError(
                f"steps_per_generation {self.steps_per_generation} is not a multiple of "
                f"optimizer_steps_per_batch {self.optimizer_steps_per_batch}"
            )
        if self.instances_per_batch * self.num_generations % self.steps_per_generation:
            raise ValueError(
                f"instances_per_batch × num_generations {self.instances_per_batch * self.num_generations} "
                f"is not a multiple of steps_per_generation {self.steps_per_generation}"
            )
        return self

    @model_validator(mode="after")
    def _check_importance_cap(self) -> "TrainingProfile":
        if self.importance_cap is not None and self.generation_backend not in BACKENDS_WITH_LOGPS:
            raise ValueError(
                f"importance_cap {self.importance_cap} needs the log probabilities of samples, which "
                f"generation_backend {self.generation_backend} does not give: take "
                f"{', '.join(BACKENDS_WITH_LOGPS)}, or set importance_cap to null"
            )
        return self


class TrainingParams(StrictModel):
    """Training profiles, and the active one."""

    seed: Annotated[int, Field(ge=0, lt=1 << 32)] = Field(
        description="seed of the order of training rows, and of sampling"
    )
    profile: str = Field(description="name of the active profile")
    profiles: dict[str, TrainingProfile]

    @model_validator(mode="after")
    def _check_profile_exists(self) -> "TrainingParams":
        if self.profile not in self.profiles:
            raise ValueError(
                f"profile is {self.profile!r}, but profiles has {', '.join(sorted(self.profiles))}"
            )
        return self

    @property
    def active_profile(self) -> TrainingProfile:
        """The profile that is used."""
        return self.profiles[self.profile]
