"""Block `sources.NAME.checks`: the checks that a question and an instance must pass."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.core.model_params import ModelSettings
from pipeline.core.strict_model import MAX_COUNT, PositiveCount, StrictModel, require_ordered


class ClosedBook(StrictModel):
    """Rejection of questions that a model answers without the text."""

    models: list[ModelSettings] = Field(
        min_length=1, description="models; a question that one of them answers is dropped"
    )
    samples: PositiveCount = Field(description="answers of each model per question")


class CheckParams(StrictModel):
    """Thresholds and switches of the checks of questions and instances."""

    max_answer_tokens: PositiveCount | None = Field(
        description="longer gold answers are dropped; null keeps all"
    )
    unanswerable: Literal["drop", "keep"] = Field(
        "drop", description="questions without a gold answer: dropped, or kept with the metric abstain"
    )
    drop_yes_no: bool = Field(description="whether questions answered by yes or no are dropped")
    drop_answer_in_question: bool = Field(
        description="whether questions that hold their own answer are dropped"
    )
    language: Literal["en"] | None = Field(
        description="questions with evidence in another language are dropped; null keeps all"
    )
    min_keywords: PositiveCount = Field(
        description="minimum of a summary's keywords that stand in its instance"
    )
    min_summary_overlap: Annotated[int, Field(ge=0, le=100)] = Field(
        description="minimum percent of a human summary's names and words that stand in its instance"
    )
    min_questions: Annotated[int, Field(ge=0, le=MAX_COUNT)] = Field(
        description="an instance with fewer questions is dropped"
    )
    max_questions: PositiveCount = Field(description="maximum per instance; of more, a seeded sample is kept")
    closed_book: ClosedBook | None = Field(
        None, description="models that answer without the text; null: no such check"
    )
    open_book: ModelSettings | None = Field(
        None, description="model that answers from the evidence alone; questions it cannot answer are dropped"
    )

    @model_validator(mode="after")
    def _validate_bounds(self) -> "CheckParams":
        return require_ordered(self, "min_questions", "max_questions")
