"""Block `sources.NAME.corrections`: values of real passages that a later text corrects."""

from pydantic import Field, model_validator

from pipeline.core.strict_model import Percent, PositiveCount, StrictModel, require_ordered

CORRECTIONS_FILE = "corrections.jsonl"  # in data/raw/<source>


class Corrections(StrictModel):
    """Corrections of SQuAD's passages: an answer is replaced by another of its kind, later in the article."""

    seed: int = Field(20, description="seed of all draws of the corrections")
    percent: Percent = Field(
        100, description="percent of the passages with an answer that can be replaced which are corrected"
    )
    test: Percent = Field(
        20,
        description="percent of the articles in test, where corrections are in other words than in train",
    )
    min_distance: PositiveCount = Field(
        6, description="minimum number of passages between a passage and its correction"
    )
    max_distance: PositiveCount = Field(
        24, description="maximum number of passages between; an article may end before"
    )

    @model_validator(mode="after")
    def _validate_distances(self) -> "Corrections":
        return require_ordered(self, "min_distance", "max_distance")
