"""Block `sources.NAME.chunking`: a model per strategy."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.core.strict_model import MAX_COUNT, PositiveCount, StrictModel, TokenBudget, require_ordered


class _BaseInstanceChunking(StrictModel):
    max_tokens: TokenBudget = Field(description="maximum tokens of a chunk, template included")
    min_chunks: PositiveCount = Field(description="minimum number of chunks of an instance")
    max_chunks: PositiveCount = Field(description="maximum number of chunks of an instance")

    @model_validator(mode="after")
    def _validate_bounds(self) -> "_BaseInstanceChunking":
        return require_ordered(self, "min_chunks", "max_chunks")


class _JoiningChunking(_BaseInstanceChunking):
    join_documents: bool = Field(
        False,
        description="whether documents too short for min_chunks are joined, so that an instance has fewer "
        "chunks only where its shard has no more text",
    )


class BookChunking(_JoiningChunking):
    """Chapters of a book, joined until they make an instance."""

    strategy: Literal["books"]


class ConversationChunking(_JoiningChunking):
    """A person's chats in chronological order."""

    strategy: Literal["conversations"]


class EventChunking(_BaseInstanceChunking):
    """A person's events in order, with a chunk for each event."""

    strategy: Literal["events"]


class WholeDocumentChunking(StrictModel):
    """Whole documents: an instance for each, with any number of chunks."""

    strategy: Literal["whole_documents"]
    max_tokens: TokenBudget = Field(description="maximum tokens of a chunk, template included")
    prompt_style: Literal["passages", "examples"] = Field(
        description="whether the user's message introduces passages or labelled examples"
    )


class SessionChunking(StrictModel):
    """The sessions of several questions, in chronological order."""

    strategy: Literal["sessions"]
    max_tokens: TokenBudget = Field(description="maximum tokens of a chunk, template included")
    min_questions: PositiveCount = Field(
        description="minimum number of questions whose sessions make an instance"
    )
    max_questions: PositiveCount = Field(description="maximum number of those questions")
    min_instance_tokens: PositiveCount = Field(description="minimum tokens of those sessions")
    max_instance_tokens: PositiveCount = Field(description="maximum tokens of those sessions")

    @model_validator(mode="after")
    def _validate_bounds(self) -> "SessionChunking":
        require_ordered(self, "min_questions", "max_questions")
        return require_ordered(self, "min_instance_tokens", "max_instance_tokens")


class _BasePassageChunking(_BaseInstanceChunking):
    min_chunk_tokens: PositiveCount = Field(
        description="a chunk's target size is drawn from here to max_tokens"
    )

    @model_validator(mode="after")
    def _validate_target(self) -> "_BasePassageChunking":
        return require_ordered(self, "min_chunk_tokens", "max_tokens")


class PassageChunking(_BasePassageChunking):
    """Passages of a document in order."""

    strategy: Literal["passages"]


class LinkedArticleChunking(_BasePassageChunking):
    """Passages of linked articles, collected question by question."""

    strategy: Literal["linked_articles"]
    target_instance_tokens: PositiveCount = Field(description="approximate size of an instance, in tokens")


class ExampleChunking(StrictModel):
    """Labelled examples, with every label in every instance."""

    strategy: Literal["examples"]
    instances: Annotated[int, Field(ge=2, le=MAX_COUNT)] = Field(
        description="number of instances of train and test together"
    )
    chunks: PositiveCount = Field(description="number of chunks per instance")
    max_tokens: TokenBudget = Field(description="maximum tokens of a chunk, template included")
    min_examples: Annotated[int, Field(ge=2, le=MAX_COUNT)] = Field(
        description="labels with fewer distinct examples are left out"
    )
    min_chunk_tokens: PositiveCount | None = Field(
        None, description="a chunk's target size is drawn from here to max_tokens; null: max_tokens"
    )
    max_shown_fraction: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None,
        description="largest fraction of a split's examples in an instance, maybe in fewer chunks; "
        "null: always `chunks`",
    )
    disjoint_examples: bool = Field(
        False, description="whether no example is shown or asked for in two instances"
    )

    @model_validator(mode="after")
    def _validate_target(self) -> "ExampleChunking":
        return (
            self if self.min_chunk_tokens is None else require_ordered(self, "min_chunk_tokens", "max_tokens")
        )


Chunking = Annotated[
    BookChunking
    | ConversationChunking
    | EventChunking
    | WholeDocumentChunking
    | SessionChunking
    | PassageChunking
    | LinkedArticleChunking
    | ExampleChunking,
    Field(discriminator="strategy"),
]
