"""The root model of params.yaml, and its loader."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.core.agent_params import EpisodeParams, EvaluationParams
from pipeline.core.errors import MemcurateError
from pipeline.core.params.dataset import DatasetParams, LicenseParams, SplitParams
from pipeline.core.params.files import Assets
from pipeline.core.params.source import Source
from pipeline.core.params.training import TrainingParams
from pipeline.core.params.validation import validate_params
from pipeline.core.strict_model import PositiveCount
from pipeline.core.yaml_reader import read_yaml

SourceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class AgentParams(EpisodeParams):
    """The blocks of the memory agent, its evaluation and its training."""

    evaluation: EvaluationParams
    training: TrainingParams


class Params(AgentParams):
    """All keys of params.yaml."""

    seed: int = Field(description="seed of all draws that make the dataset")
    tokenizer: Literal["o200k_base", "cl100k_base", "qwen3"] = Field(
        description="tokenizer of all token counts and budgets of the data"
    )
    shard_mb: PositiveCount = Field(
        description="megabytes of raw files that a task reads, about; it reads whole documents"
    )
    split: SplitParams
    licenses: LicenseParams
    dataset: DatasetParams
    enabled_sources: list[str] = Field(min_length=1, description="names of the sources to build")
    assets: Assets
    defaults: dict[str, object] = Field(default_factory=dict, description="anchors for the blocks below")
    sources: dict[SourceName, Source]

    @model_validator(mode="after")
    def _validate_enabled_sources(self) -> "Params":
        denied = {license.casefold() for license in self.licenses.deny}
        known = {source.card.license for source in self.sources.values()}
        for license in self.licenses.deny:
            if license.casefold() not in {name.casefold() for name in known}:
                raise ValueError(
                    f"licenses.deny names {license!r}, which no source has: check its spelling; "
                    f"the sources have {', '.join(sorted(known))}"
                )
        for name in self.enabled_sources:
            if name not in self.sources:
                raise ValueError(
                    f"`enabled_sources` names {name!r}, but `sources` has {', '.join(sorted(self.sources))}"
                )
            license = self.sources[name].card.license
            if license.casefold() in denied:
                raise ValueError(
                    f"source {name!r} has license {license}, which licenses.deny excludes: "
                    "remove it from `enabled_sources`, or the license from licenses.deny"
                )
        for name in self.dataset.eval_only_sources:
            if name not in self.enabled_sources:
                raise ValueError(
                    f"dataset.eval_only_sources names {name!r}, which is not in `enabled_sources`"
                )
        for name in self.enabled_sources:
            if self.enabled_sources.count(name) > 1:
                raise ValueError(f"`enabled_sources` names {name!r} twice: remove one")
        return self


def require_enabled(params: Params, source: str) -> None:
    """Raise MemcurateError where a source is not in `enabled_sources`."""
    if source not in params.enabled_sources:
        raise MemcurateError(
            f"source {source!r} is not in enabled_sources of params.yaml: {', '.join(params.enabled_sources)}"
        )


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml, in YAML 1.2 as DVC does.

    Raises MemcurateError with one line per wrong key: the key, the problem and the value found.
    """
    return validate_params(Params, read_yaml(path), path)
