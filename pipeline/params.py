"""params.yaml as typed models: an error names the key, what it got and what it takes."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator
from pydantic_core import ErrorDetails

from pipeline.errors import MemcurateError
from pipeline.yaml_values import dotted, read_yaml

MOST = 1_000_000_000  # of anything that is counted: what is over it would run for years
MAX_LINES = 20  # wrong keys that a message lists
MAX_LINE = 1_000  # characters of its lines
MAX_SHOWN = 100  # characters of a value in it


class Model(BaseModel):
    """Strict base: an unknown key or a value of another type is an error; values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _locator(text: str) -> str:
    if not text.startswith(("pypi:", "hf:", "https:", "file:")):
        raise ValueError(f"a locator begins with pypi:, hf:, https: or file:; got {text!r}")
    return text


def _hex(digits: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not re.fullmatch(f"[0-9a-f]{{{digits}}}", text):
            raise ValueError(f"takes {digits} hexadecimal digits, in small letters; got {text!r}")
        return text

    return check


Sha256 = Annotated[str, AfterValidator(_hex(64))]


class Place(Model):
    """One place a file can be had from, and the hash that it must have there.

    Without a hash it is not pinned yet: fetch refuses it, and `memcurate pin` looks the hash up. A `file:` of
    a source needs none: the file is then taken as it is at each build.
    """

    locator: Annotated[str, AfterValidator(_locator)] = Field(description="where the file comes from")
    sha256: Sha256 | None = Field(default=None, description="of the artifact or file")
    git_blob: Annotated[str, AfterValidator(_hex(40))] | None = Field(
        default=None, description="sha1 of `blob {size}\\0{bytes}`"
    )

    @model_validator(mode="after")
    def _pinned(self) -> "Place":
        if self.sha256 is not None and self.git_blob is not None:
            raise ValueError("a locator is pinned by one of sha256 and git_blob, not by both")
        return self


class File(Model):
    """A file, or the files of one artifact: the same content in every place that is listed."""

    places: list[Place] = Field(min_length=1, description="tried in this order")
    into: str = Field("", description="folder below data/raw/<source> or data/assets")


def _pinned(files: list[File]) -> list[File]:
    for place in (place for file in files for place in file.places):
        if place.locator.startswith("file:") and not (place.sha256 or place.git_blob):
            raise ValueError(f"{place.locator} needs its sha256 here, where nothing looks whether it changed")
    return files


PinnedFiles = Annotated[list[File], AfterValidator(_pinned)]


class Assets(Model):
    """What every source needs: tokenizers, the sentence splitter's data."""

    files: PinnedFiles = Field(min_length=1)


class About(Model):
    """What the dataset card says of a source."""

    title: str
    licence: str = Field(description="SPDX name where there is one")
    note: str | None = Field(None, description="what a user must know, e.g. that it is an evaluation split")


Tokens = Annotated[int, Field(ge=128, le=131_072)]
Count = Annotated[int, Field(ge=1, le=MOST)]


M = TypeVar("M", bound=Model)


def _in_order(model: M, low: str, high: str) -> M:
    if getattr(model, low) > getattr(model, high):
        raise ValueError(f"{low} {getattr(model, low)} is over {high} {getattr(model, high)}")
    return model


class _Instances(Model):
    max_tokens: Tokens = Field(description="a chunk's budget, counted as rendered")
    min_chunks: Count = Field(description="an instance has at least so many chunks")
    max_chunks: Count = Field(description="and at most so many")

    @model_validator(mode="after")
    def _ordered(self) -> "_Instances":
        return _in_order(self, "min_chunks", "max_chunks")


class BookChunking(_Instances):
    """Chapters joined until they make an instance."""

    recipe: Literal["books"]


class ConversationChunking(_Instances):
    """A person's chats in order of time."""

    recipe: Literal["conversations"]


class EventChunking(_Instances):
    """A person's events in order, a chunk each."""

    recipe: Literal["events"]


class ContextChunking(Model):
    """Whole documents, an instance each, as many chunks as it takes."""

    recipe: Literal["contexts"]
    max_tokens: Tokens = Field(description="a chunk's budget, counted as rendered")
    shown_as: Literal["passages", "examples"] = Field(description="what the user says to show")


class SessionChunking(Model):
    """The sessions of several questions, in order of time."""

    recipe: Literal["sessions"]
    max_tokens: Tokens = Field(description="a chunk's budget, counted as rendered")
    min_questions: Count = Field(description="questions whose sessions make an instance, at least")
    max_questions: Count = Field(description="and at most")
    min_instance_tokens: Count = Field(description="tokens of those sessions, at least")
    max_instance_tokens: Count = Field(description="and at most")

    @model_validator(mode="after")
    def _ordered(self) -> "SessionChunking":
        _in_order(self, "min_questions", "max_questions")
        return _in_order(self, "min_instance_tokens", "max_instance_tokens")


class _Passages(_Instances):
    min_target: Count = Field(description="a chunk's target, in tokens, is drawn from here to max_tokens")

    @model_validator(mode="after")
    def _target(self) -> "_Passages":
        return _in_order(self, "min_target", "max_tokens")


class PassageChunking(_Passages):
    """Passages in order."""

    recipe: Literal["passages"]


class GatheredChunking(_Passages):
    """Passages gathered question by question."""

    recipe: Literal["gathered"]
    instance_tokens: Count = Field(description="passages are gathered up to about so many tokens")


class ExampleChunking(Model):
    """Labelled examples, every label in every instance."""

    recipe: Literal["examples"]
    instances: Annotated[int, Field(ge=2, le=MOST)] = Field(description="on both sides together")
    chunks: Count = Field(description="per instance")
    max_tokens: Tokens = Field(description="a chunk's budget, counted as rendered")
    min_examples: Annotated[int, Field(ge=2, le=MOST)] = Field(
        description="labels with fewer unique examples are left out"
    )
    min_target: Count | None = Field(
        None, description="a chunk's target, in tokens, is drawn from here to max_tokens; null: it is full"
    )
    once: bool = Field(False, description="no example serves in two instances, shown or asked for")

    @model_validator(mode="after")
    def _target(self) -> "ExampleChunking":
        return self if self.min_target is None else _in_order(self, "min_target", "max_tokens")


Chunking = Annotated[
    BookChunking
    | ConversationChunking
    | EventChunking
    | ContextChunking
    | SessionChunking
    | PassageChunking
    | GatheredChunking
    | ExampleChunking,
    Field(discriminator="recipe"),
]


class AnswersFile(Model):
    """Answers that go before all others, so that no model is needed: a file of `memcurate answers export`."""

    path: str
    sha256: Sha256


# Fields of a request that have keys of their own, or that decide how the reply is read.
_FIXED = {"model", "messages", "max_tokens", "max_completion_tokens", "tools", "stream", "n"}


class EndpointModel(Model):
    """A model behind the endpoint."""

    model: str = Field(min_length=1, description="as the endpoint names it")
    revision: str = Field(description="yours to change where the model behind the name did")
    answers: AnswersFile | None = Field(None, description="where to look for answers first")
    options: dict[str, JsonValue] = Field(
        default={}, description="further fields of each request, in place of ours; null: none of that name"
    )

    @model_validator(mode="after")
    def _optional(self) -> "EndpointModel":
        fixed = sorted(_FIXED & self.options.keys())
        if fixed:
            raise ValueError(
                f"options cannot hold {', '.join(fixed)}: it is set elsewhere, or cannot be changed"
            )
        return self


class Ask(EndpointModel):
    """Which model is asked, and how it samples: all that shapes its answers but what is asked."""

    temperature: Annotated[float, Field(ge=0)]
    max_tokens: Count = Field(description="of a reply")


class Written(Model):
    """Questions that a model writes, with their answer and the words that say it."""

    ask: Ask
    per_chunk: Annotated[int, Field(ge=0, le=MOST)] = Field(description="of a chunk, at most")
    per_pair: Annotated[int, Field(ge=0, le=MOST)] = Field(description="of two chunks together, at most")
    pairs: Annotated[int, Field(ge=0, le=MOST)] = Field(
        description="of chunks of an instance that share most"
    )


class Told(Model):
    """Summaries that a model writes where a source has none."""

    ask: Ask
    min_coverage: Annotated[int, Field(ge=0, le=100)] = Field(
        description="percent of the instance's own names, places and events that its summary must hold"
    )


class ClosedBook(Model):
    """Questions that a model answers without the text."""

    asks: list[Ask] = Field(min_length=1, description="models; one that answers is enough")
    samples: Count = Field(description="answers of each")


class Questions(Model):
    """Where a source's questions come from."""

    carried: bool = Field(description="the source's own questions")
    held_out: Annotated[int, Field(ge=0, le=MOST)] = Field(
        description="questions per instance for the label of an example that the instance does not show"
    )
    summary: bool = Field(description="one question per instance: what was read, answered by keywords")
    cloze: Annotated[int, Field(ge=0, le=MOST)] = Field(
        description="sentences per chunk, at most, that are asked for with a word or a few left out"
    )
    written: Written | None = Field(None, description="questions that a model writes")
    told: Told | None = Field(None, description="summaries that a model writes where a source has none")
    keywords: Ask | None = Field(None, description="a model names the keywords of summaries")
    shorten: Ask | None = Field(None, description="a model shortens answers of more than three words")

    @model_validator(mode="after")
    def _named(self) -> "Questions":
        if self.told is not None and self.keywords is None:
            raise ValueError(
                "questions.told writes summaries, and questions.keywords must name their keywords"
            )
        return self


class Checks(Model):
    """What a question and an instance must pass."""

    max_answer_tokens: Count | None = Field(description="longer gold answers are dropped; null keeps all")
    drop_yes_no: bool = Field(description="questions answered by yes or no")
    drop_answer_in_question: bool = Field(description="questions that hold their own answer")
    language: Literal["en"] | None = Field(description="evidence in another language; null keeps all")
    min_keywords: Count = Field(description="keywords of a summary that its instance must hold, at least")
    min_agreement: Annotated[int, Field(ge=0, le=100)] = Field(
        description="percent of a human summary's names and words that its instance must hold, at least"
    )
    min_questions: Annotated[int, Field(ge=0, le=MOST)] = Field(
        description="an instance with fewer is dropped"
    )
    max_questions: Count = Field(description="an instance keeps at most so many, a seeded sample")
    closed_book: ClosedBook | None = Field(None, description="questions that need no memory are dropped")
    open_book: Ask | None = Field(
        None, description="questions that their evidence does not answer are dropped"
    )

    @model_validator(mode="after")
    def _ordered(self) -> "Checks":
        return _in_order(self, "min_questions", "max_questions")


class Paper(Model):
    """Which row of the paper's tables a source stands beside."""

    row: str = Field(description="its name in pipeline/parity/table.py")
    reruns: dict[str, dict[str, object]] = Field(
        default_factory=dict,
        description="by the cause that each removes: other values of the source's keys, seed or tokenizer",
    )


class Source(Model):
    """One named corpus."""

    about: About
    files: list[File] = Field(min_length=1)
    chunking: Chunking
    questions: Questions
    checks: Checks
    paper: Paper | None = Field(None, description="the paper's row that `memcurate parity` compares it with")

    @model_validator(mode="after")
    def _askable(self) -> "Source":
        if self.questions.held_out and self.chunking.recipe != "examples":
            raise ValueError("questions.held_out asks for labels, which only the recipe `examples` has")
        return self


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
    near_duplicate: Annotated[int, Field(ge=1, le=100)] = Field(
        description="percent of their word pairs that two texts share, from which on they are duplicates"
    )
    evaluation: list[str] = Field(description="sources that are evaluation sets, kept out of train")
    contamination_words: Annotated[int, Field(ge=5, le=MOST)] = Field(
        description="words in a row that must not stand in train and in test"
    )
    previous: str | None = Field(description="tag of the version that the card compares this one with")


SourceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Params(Model):
    """The whole of params.yaml."""

    seed: int
    tokenizer: Literal["o200k_base", "cl100k_base", "qwen3"]
    split: SplitParams
    licences: Licences
    dataset: DatasetParams
    use: list[str] = Field(min_length=1)
    assets: Assets
    defaults: dict[str, object] = Field(default_factory=dict, description="anchors for the blocks below")
    sources: dict[SourceName, Source]
    # The agent's blocks, which training/params.py checks: data stages depend on this file, not on that one.
    memory: dict[str, object]
    step: dict[str, object]
    answer: dict[str, object]
    rewards: dict[str, object]
    evaluation: dict[str, object]
    training: dict[str, object]

    @model_validator(mode="after")
    def _use(self) -> "Params":
        refused = {licence.casefold() for licence in self.licences.refuse}
        known = {source.about.licence for source in self.sources.values()}
        for licence in self.licences.refuse:
            if licence.casefold() not in {name.casefold() for name in known}:
                raise ValueError(
                    f"licences.refuse names {licence!r}, which no source has ({', '.join(sorted(known))})"
                )
        for name in self.use:
            if name not in self.sources:
                raise ValueError(f"`use` names {name!r}; `sources` has {', '.join(sorted(self.sources))}")
            licence = self.sources[name].about.licence
            if licence.casefold() in refused:
                raise ValueError(
                    f"source {name!r} has licence {licence}, which licences.refuse refuses: "
                    "remove it from `use`, or the licence from licences.refuse"
                )
        for name in self.dataset.evaluation:
            if name not in self.use:
                raise ValueError(f"dataset.evaluation names {name!r}, which is not in `use`")
        for name in self.use:
            if self.use.count(name) > 1:
                raise ValueError(f"`use` names {name!r} twice")
        return self


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml, in YAML 1.2 as DVC does.

    Raises MemcurateError with one line per wrong key: the key, what is wrong, what it got.
    """
    return validated(Params, read_yaml(path), path)


def validated(model: type[M], values: object, path: Path = Path("params.yaml")) -> M:
    """The values of a file as a model. Raises MemcurateError with one line per wrong key."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        lines = [_line(one)[:MAX_LINE] for one in error.errors()]
        if len(lines) > MAX_LINES:
            lines[MAX_LINES:] = [f"  … and {len(lines) - MAX_LINES} more wrong keys"]
        raise MemcurateError(f"{path}:\n" + "\n".join(lines)) from None


def _line(error: ErrorDetails) -> str:
    """One wrong key, for a person: the key, what is wrong, what it got."""
    path = [part for part in error["loc"] if part != "[key]"]
    if path[:1] == ["sources"] and path[2:3] == ["chunking"]:
        del path[3:4]  # the recipe, which pydantic puts between
    key = dotted(tuple(path))
    got = repr(error["input"])
    got = got if len(got) <= MAX_SHOWN else f"{got[:MAX_SHOWN]}…"
    match error["type"]:
        case "extra_forbidden":
            return f"  {key}: there is no such key (check its spelling)"
        case "missing":
            return f"  {key}: missing"
        case "union_tag_not_found":
            return f"  {key}.recipe: missing"
        case "union_tag_invalid":
            context = error["ctx"]
            return f"  {key}.recipe: takes {context['expected_tags']}; got {context['tag'][:MAX_SHOWN]!r}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"  {key}: should be a block of keys; got {got}"
        case "too_short":
            return f"  {key}: should hold at least {error['ctx']['min_length']}; got {got}"
        case "string_pattern_mismatch":
            return f"  {key}: takes small letters, digits and _; got {got}"
        case "value_error":
            message = error["msg"].removeprefix("Value error, ")
            return f"  {key}: {message}" if key else f"  {message}"
    return f"  {key}: {error['msg'].replace('Input should', 'should')}; got {got}"
