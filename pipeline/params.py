"""params.yaml as typed models: an error names the key, what it got and what it takes."""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from pipeline.errors import MemcurateError


class Model(BaseModel):
    """Strict base: an unknown key is an error, and nothing is changed after it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(Model):
    """One place a file can be had from, and the hash that it must have there."""

    locator: str = Field(pattern=r"^(pypi|hf|https|file):", description="pypi:, hf:, https: or file: locator")
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$", description="of the artifact or file")
    git_blob: str | None = Field(
        None, pattern=r"^[0-9a-f]{40}$", description="sha1 of `blob {size}\\0{bytes}`"
    )

    @model_validator(mode="after")
    def _pinned(self) -> "Place":
        if (self.sha256 is None) == (self.git_blob is None):
            raise ValueError("a locator is pinned by exactly one of sha256 and git_blob")
        return self


class File(Model):
    """A file, or the files of one artifact: the same content in every place that is listed."""

    places: list[Place] = Field(min_length=1, description="tried in this order")
    into: str = Field("", description="folder below data/raw/<source> or data/assets")


class Assets(Model):
    """What every source needs: tokenizers, the sentence splitter's data."""

    files: list[File] = Field(min_length=1)


class About(Model):
    """What the dataset card says of a source."""

    title: str
    licence: str = Field(description="SPDX name where there is one")
    note: str | None = Field(None, description="what a user must know, e.g. that it is an evaluation split")


Tokens = Annotated[int, Field(ge=128, le=131_072)]
Count = Annotated[int, Field(ge=1)]


class _Instances(Model):
    max_tokens: Tokens = Field(description="a chunk's budget, counted as rendered")
    min_chunks: Count = Field(description="an instance has at least so many chunks")
    max_chunks: Count = Field(description="and at most so many")

    @model_validator(mode="after")
    def _ordered(self) -> "_Instances":
        if self.min_chunks > self.max_chunks:
            raise ValueError(f"min_chunks {self.min_chunks} is over max_chunks {self.max_chunks}")
        return self


class BookChunking(_Instances):
    """Chapters joined until they make an instance."""

    recipe: Literal["books"]


class ConversationChunking(_Instances):
    """A person's chats in order of time."""

    recipe: Literal["conversations"]


class SessionChunking(Model):
    """The sessions of several questions, in order of time."""

    recipe: Literal["sessions"]
    max_tokens: Tokens = Field(description="a chunk's budget, counted as rendered")
    min_questions: Count = Field(description="questions whose sessions make an instance, at least")
    max_questions: Count = Field(description="and at most")
    min_instance_tokens: Count = Field(description="tokens of those sessions, at least")
    max_instance_tokens: Count = Field(description="and at most")


class PassageChunking(_Instances):
    """Passages in order; a chunk's target is drawn uniformly from min_target to max_tokens."""

    recipe: Literal["passages"]
    min_target: Count = Field(description="tokens, the smallest target of a chunk")


class GatheredChunking(_Instances):
    """Passages gathered question by question; targets as in `passages`."""

    recipe: Literal["gathered"]
    min_target: Count = Field(description="tokens, the smallest target of a chunk")
    instance_tokens: Count = Field(description="passages are gathered up to about so many tokens")


class ExampleChunking(Model):
    """Labelled examples, every label in every instance."""

    recipe: Literal["examples"]
    instances: Count = Field(description="on both sides together")
    chunks: Count = Field(description="per instance")
    max_tokens: Tokens = Field(description="a chunk's budget, counted as rendered")
    min_examples: Count = Field(1, description="labels with fewer unique examples are left out")


Chunking = Annotated[
    BookChunking
    | ConversationChunking
    | SessionChunking
    | PassageChunking
    | GatheredChunking
    | ExampleChunking,
    Field(discriminator="recipe"),
]


class Questions(Model):
    """Where a source's questions come from."""

    carried: bool = Field(description="the source's own questions")
    held_out: Annotated[int, Field(ge=0)] = Field(
        description="questions per instance for the label of an example that the instance does not show"
    )


class Checks(Model):
    """What a question and an instance must pass."""

    max_answer_tokens: Count | None = Field(description="longer gold answers are dropped; null keeps all")
    drop_yes_no: bool = Field(description="questions answered by yes or no")
    drop_answer_in_question: bool = Field(description="questions that hold their own answer")
    min_questions: Annotated[int, Field(ge=0)] = Field(description="an instance with fewer is dropped")
    max_questions: Count = Field(description="an instance keeps at most so many, a seeded sample")


class Source(Model):
    """One named corpus."""

    about: About
    files: list[File] = Field(min_length=1)
    chunking: Chunking
    questions: Questions
    checks: Checks


class SplitParams(Model):
    """How documents are drawn into test."""

    test_share: float = Field(gt=0, lt=1, description="about this share of a source stands in test")
    max_document_share: float = Field(
        gt=0, le=1, description="a document that holds more of its source is never drawn into test"
    )


class Licences(Model):
    """What the user does not want to build from."""

    refuse: list[str] = Field(description="licence names; a source in `use` that has one is an error")


class DatasetParams(Model):
    """How the sources are brought together."""

    limit: Count = Field(description="train instances per source, taken in turn from its documents")


SourceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Params(Model):
    """The whole of params.yaml."""

    seed: int
    tokenizer: Literal["o200k_base", "cl100k_base"]
    split: SplitParams
    licences: Licences
    dataset: DatasetParams
    use: list[str] = Field(min_length=1)
    assets: Assets
    defaults: dict[str, object] = Field(default_factory=dict, description="anchors for the blocks below")
    sources: dict[SourceName, Source]

    @model_validator(mode="after")
    def _use(self) -> "Params":
        for name in self.use:
            if name not in self.sources:
                raise ValueError(f"`use` names {name!r}; `sources` has {', '.join(sorted(self.sources))}")
            licence = self.sources[name].about.licence
            if licence in self.licences.refuse:
                raise ValueError(
                    f"source {name!r} has licence {licence}, which licences.refuse refuses: "
                    "remove it from `use`, or the licence from licences.refuse"
                )
        if len(set(self.use)) < len(self.use):
            raise ValueError("`use` names a source twice")
        return self


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml.

    Raises MemcurateError with one line per wrong key: the key, what is wrong, what it got.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MemcurateError(f"{path} is missing: run this in the project's root folder") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MemcurateError(f"{path} is no valid YAML: {error}") from error
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        raise MemcurateError(f"{path}:\n" + "\n".join(map(_line, error.errors()))) from None


def _line(error: ErrorDetails) -> str:
    """One wrong key, for a person."""
    recipes = {"books", "conversations", "sessions", "passages", "gathered", "examples"}
    key = ".".join(str(part) for part in error["loc"] if part not in recipes)
    if error["type"] == "extra_forbidden":
        return f"  {key}: there is no such key (check its spelling)"
    if error["type"] == "missing":
        return f"  {key}: missing"
    message = error["msg"].removeprefix("Value error, ")
    got = "" if not key else f"; got {error['input']!r}"
    return f"  {key}: {message}{got}" if key else f"  {message}"
