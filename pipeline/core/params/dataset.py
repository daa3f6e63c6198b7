"""Blocks `split`, `licenses` and `dataset`: train and test, denied licenses, and the final selection."""

from typing import Annotated

from pydantic import Field

from pipeline.core.strict_model import MAX_COUNT, PositiveCount, StrictModel


class SplitParams(StrictModel):
    """The random split of documents into train and test."""

    test_fraction: float = Field(
        gt=0,
        lt=1,
        description="approximate fraction of a source in test; more where joined documents would otherwise "
        "make less than an instance",
    )
    max_document_fraction: float = Field(
        gt=0,
        le=1,
        description="a document with a larger fraction of its source is not drawn into test, unless all "
        "have: then the smallest is",
    )


class LicenseParams(StrictModel):
    """Licenses that the user excludes."""

    deny: list[str] = Field(description="license names; an enabled source that has one is an error")


class DatasetParams(StrictModel):
    """Selection of instances of all sources for the dataset."""

    max_train_per_source: PositiveCount = Field(
        description="maximum train instances per source, taken in turn from its documents"
    )
    near_duplicate: Annotated[int, Field(ge=1, le=100)] = Field(
        description="two texts that share this percent of their word pairs or more are duplicates"
    )
    eval_only_sources: list[str] = Field(
        description="sources that are evaluation sets: their instances are never in train"
    )
    decontamination_ngram: Annotated[int, Field(ge=5, le=MAX_COUNT)] = Field(
        description="length in words of the n-grams that train and test must not share"
    )
    baseline_version: str | None = Field(
        description="git tag of the version that the dataset card compares with; null: no comparison"
    )
