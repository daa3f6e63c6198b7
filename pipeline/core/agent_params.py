"""Blocks `memory`, `generation`, `answer`, `rewards`, `evaluation`: the memory agent and its evaluation.

They stand beside the package `params`, so that an episode runs without the models of all sources.
"""

from types import NoneType
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.core.model_params import EndpointModel, ModelSettings
from pipeline.core.strict_model import MAX_COUNT, Count, PositiveCount, StrictModel

NonNegativeFloat = Annotated[float, Field(ge=0)]


BaselineName = Literal[
    "scripted",
    "scripted_appending",
    "scripted_random",
    "scripted_updating",
    "bm25_chunks",
    "empty_memory",
    "long_context",
]


class MemoryParams(StrictModel):
    """Size of the memory, and of the part that a policy sees."""

    core_tokens: Annotated[int, Field(ge=16, le=MAX_COUNT)] = Field(
        description="maximum size of core memory, in tokens"
    )
    max_prompt_entries: Count = Field(description="newest entries of each memory list that a prompt shows")
    max_tokens: Annotated[int, Field(ge=16, le=MAX_COUNT)] | None = Field(
        None, description="tokens of core memory and all entries at most; null: no limit"
    )


class GenerationParams(StrictModel):
    """Bounds of a model's prompt and completion at a step, in tokens of the model."""

    max_prompt_tokens: Annotated[int, Field(ge=256, le=MAX_COUNT)] = Field(
        description="maximum of instructions, memory and chunk together"
    )
    max_completion_tokens: Annotated[int, Field(ge=16, le=MAX_COUNT)] = Field(
        description="maximum of a completion"
    )
    temperature: NonNegativeFloat = Field(description="sampling temperature; 0 takes the likeliest token")


class AnswerParams(StrictModel):
    """Retrieval from memory, and the model that answers questions from it."""

    backend: Literal["extractive", "local", "endpoint"] = Field(
        description="extractive needs no model; local: a model on this machine; endpoint: one behind a server"
    )
    model: str | EndpointModel | None = Field(
        description="folder of a local model, or an endpoint model; null for extractive"
    )
    top_k: PositiveCount = Field(description="entries that BM25 retrieves from each memory list")
    max_context_tokens: Annotated[int, Field(ge=32, le=MAX_COUNT)] = Field(
        description="maximum of core memory and entries that the answerer reads"
    )
    judge: ModelSettings | None = Field(
        None, description="model that judges answers of the metric judge; null: these are not measured"
    )

    @model_validator(mode="after")
    def _check_model_type(self) -> "AnswerParams":
        takes: dict[str, type] = {"extractive": NoneType, "local": str, "endpoint": EndpointModel}
        if not isinstance(self.model, takes[self.backend]):
            raise ValueError(
                f"answer.model is {self.model!r}, but answer.backend is {self.backend}: extractive takes "
                "null, local a folder, endpoint {name: NAME, revision: YOURS}"
            )
        return self


class RewardParams(StrictModel):
    """Weights of the parts of a reward."""

    compression_weight: NonNegativeFloat = Field(description="weight of r3 (paper: beta)")
    content_weight: NonNegativeFloat = Field(description="weight of r4 (paper: gamma)")
    recall_weight: NonNegativeFloat = Field(
        0.0, description="weight of the fraction of facts that hold that the memory keeps; adds"
    )
    stale_weight: NonNegativeFloat = Field(
        0.0, description="weight of the fraction of outdated facts that the memory keeps; takes away"
    )
    forgotten_weight: NonNegativeFloat = Field(
        0.0, description="weight of the fraction of facts to be forgotten that the memory keeps; takes away"
    )
    judge: EndpointModel | None = Field(
        description="model that judges whether an operation is valid; null: rules judge"
    )


class EpisodeParams(StrictModel):
    """The blocks that an episode needs."""

    memory: MemoryParams
    generation: GenerationParams
    answer: AnswerParams
    rewards: RewardParams


class PolicyParams(StrictModel):
    """A model that is evaluated as a policy: exactly one of `local` and `endpoint`."""

    local: str | None = Field(None, description="folder of weights and tokenizer, or a name on the hub")
    endpoint: EndpointModel | None = None
    tools: Literal["text", "native"] = Field(
        "text", description="text: tools stand in the system prompt; native: they are passed to the server"
    )
    max_instances: PositiveCount | None = Field(
        None, description="maximum of test instances per source; null: all"
    )
    long_contexts: bool = Field(True, description="whether it is evaluated on concatenated instances too")

    @model_validator(mode="after")
    def _check_exactly_one(self) -> "PolicyParams":
        if (self.local is None) == (self.endpoint is None):
            raise ValueError("takes exactly one of the keys local and endpoint")
        return self


PolicyName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class EvaluationParams(StrictModel):
    """Policies and baselines that are evaluated on the test split."""

    baselines: list[BaselineName] = Field(min_length=1, description="policies without a model")
    policies: dict[PolicyName, PolicyParams] = Field(
        description="models as policies, by names of your choice"
    )
    context_lengths: list[Annotated[int, Field(ge=1000, le=MAX_COUNT)]] = Field(
        description="lengths in tokens; test instances of a source are concatenated until they reach each"
    )
    max_questions: PositiveCount = Field(description="maximum of questions of a concatenated instance")
    capacities: list[Annotated[float, Field(gt=0, le=1)]] = Field(
        default=[],
        description="limits of the memory to evaluate each method under; fractions of an instance's tokens",
    )
    bootstrap_samples: Annotated[int, Field(ge=100, le=100_000)] = Field(
        description="resamples of the bootstrap behind a confidence interval"
    )

    @model_validator(mode="after")
    def _check_names(self) -> "EvaluationParams":
        for name in self.baselines:
            if self.baselines.count(name) > 1:
                raise ValueError(f"baselines names {name!r} twice: remove one")
            if name in self.policies:
                raise ValueError(f"policies has {name!r}, which is the name of a baseline: choose another")
        return self
