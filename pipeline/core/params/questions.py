"""Block `sources.NAME.questions`: the origins of a source's questions."""

from typing import Literal

from pydantic import Field, model_validator

from pipeline.core.model_params import ModelSettings
from pipeline.core.strict_model import Count, Percent, StrictModel


class QuestionGeneration(StrictModel):
    """Questions that a model generates, each with an answer and a quote as evidence."""

    model: ModelSettings
    max_per_chunk: Count = Field(description="maximum of questions per chunk")
    max_per_pair: Count = Field(description="maximum of questions per pair of chunks")
    chunk_pairs: Count = Field(description="number of pairs per instance: the most similar chunks")


class SummaryGeneration(StrictModel):
    """Summaries that a model generates for sources without summaries."""

    model: ModelSettings
    min_coverage: Percent = Field(
        description="minimum percent of the instance's names, places and events in its summary"
    )


class QuestionParams(StrictModel):
    """The origins of a source's questions, and how many each gives."""

    source: bool = Field(description="whether the source's own questions are used")
    metric: Literal["contains", "token_f1", "judge"] | None = Field(
        None, description="metric of the source's own questions; null: as its format finds"
    )
    label: Count = Field(
        description="questions per instance about the label of an example that the instance does not show"
    )
    summary: bool = Field(
        description="whether each instance has a question for a summary, answered by keywords"
    )
    cloze: Count = Field(
        description="maximum of cloze questions per chunk: sentences with a few words left out; min_clozes "
        "may add some"
    )
    min_clozes: Count = Field(
        0,
        description="a chunk of people's messages with fewer cloze questions is also asked for plain facts: "
        "names, places, dates and amounts of any message",
    )
    generated: QuestionGeneration | None = Field(
        None, description="questions that a model generates; null: none"
    )
    generated_summaries: SummaryGeneration | None = Field(
        None, description="summaries that a model generates where a source has none; null: none"
    )
    keywords: ModelSettings | None = Field(
        None, description="model that extracts the keywords of summaries; null: rules do"
    )
    shorten_answers: ModelSettings | None = Field(
        None, description="model that shortens answers of more than three words; null: answers stay"
    )

    @model_validator(mode="after")
    def _require_keyword_model(self) -> "QuestionParams":
        if self.generated_summaries is not None and self.keywords is None:
            raise ValueError(
                "questions.generated_summaries needs questions.keywords, which names the keywords of the "
                "summaries: set both, or neither"
            )
        return self
