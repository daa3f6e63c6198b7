"""Keys of `sources.NAME` that say how its raw files are read: `format`, and the columns of that format."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from pipeline.core.params.base import StrictModel

AnswerMetric = Literal["contains", "token_f1", "judge"]
Column = Annotated[str, Field(min_length=1)]


class MessagesFormat(StrictModel):
    """Chats: a record has a list of messages, as OpenAI, ShareGPT, WildChat and LMSYS write them."""

    name: Literal["messages"]
    messages: Column | None = Field(None, description="column of the list of messages; null: the usual names")
    user: Column | None = Field(None, description="column that names the user, whose chats stay together")
    time: Column | None = Field(None, description="column of a chat's time; null: the usual names")


class TextFormat(StrictModel):
    """Texts: plain text or Markdown files, or a column of records."""

    name: Literal["text"]
    text: Column = Field("text", description="column of the text, in files of records")
    title: Column | None = Field(None, description="column of its title; null: `title` where there is one")
    headings: Literal["markdown", "none"] | None = Field(
        None, description="where sections begin; null: markdown in files ending in .md or .markdown"
    )


class LabelsFormat(StrictModel):
    """Labelled examples: records with a text and a label."""

    name: Literal["labels"]
    text: Column = Field("text", description="column of the text")
    label: Column = Field("label", description="column of the label")


class QaFormat(StrictModel):
    """Questions with a context and answers, one per record."""

    name: Literal["qa"]
    context: Column = Field("context", description="column of the passage that holds the answer")
    question: Column = Field("question", description="column of the question")
    answers: Column = Field("answers", description="column of the answer, or of a list of right answers")
    title: Column | None = Field(None, description="column of the passage's title; null: none")
    metric: AnswerMetric | None = Field(
        None, description="metric of the answers; null: contains where one stands in its context, else judge"
    )


class TimelineFormat(StrictModel):
    """Dated entries, such as a log: records with a time and a text."""

    name: Literal["timeline"]
    time: Column = Field("time", description="column of the time")
    text: Column = Field("text", description="column of the text")
    speaker: Column | None = Field(None, description="column that names who said it; null: nobody did")
    user: Column | None = Field(None, description="column whose values tell timelines apart; null: one")


class SquadFormat(StrictModel):
    """Articles of paragraphs with questions, in SQuAD's JSON."""

    name: Literal["squad"]


class OwnFormat(StrictModel):
    """A format that is not of memcurate: MODULE:CLASS, or the name of an entry point `memcurate.formats`."""

    model_config = ConfigDict(extra="allow")

    name: str


def _get_tag(value: Any) -> str:
    name = value.get("name") if isinstance(value, dict) else getattr(value, "name", None)
    return name if name in DEFAULT_BLOCKS else "own"


FormatParams = Annotated[
    Annotated[MessagesFormat, Tag("messages")]
    | Annotated[TextFormat, Tag("text")]
    | Annotated[LabelsFormat, Tag("labels")]
    | Annotated[QaFormat, Tag("qa")]
    | Annotated[TimelineFormat, Tag("timeline")]
    | Annotated[SquadFormat, Tag("squad")]
    | Annotated[OwnFormat, Tag("own")],
    Discriminator(_get_tag),
]

_NO_QUESTIONS = {"source": False, "label": 0, "summary": False, "cloze": 0}
_CHECKS = {
    "max_answer_tokens": None,
    "drop_yes_no": False,
    "drop_answer_in_question": False,
    "language": None,
    "min_keywords": 5,
    "min_summary_overlap": 73,
    "min_questions": 1,
    "max_questions": 100,
}
_JOINED = {"min_chunks": 5, "max_chunks": 20, "join_documents": True}
_PASSAGES: dict[str, Any] = {
    "chunking": {
        "strategy": "passages",
        "max_tokens": 2048,
        "min_chunk_tokens": 100,
        "min_chunks": 1,
        "max_chunks": 10,
    },
    "questions": {**_NO_QUESTIONS, "source": True},
    "checks": _CHECKS,
}
_CHATS: dict[str, Any] = {
    "chunking": {"strategy": "conversations", "max_tokens": 1024, **_JOINED},
    "questions": {**_NO_QUESTIONS, "cloze": 4},
    "checks": {**_CHECKS, "drop_answer_in_question": True},
}

OWN_FORMAT_BLOCKS = _CHATS
# Blocks that suit a format, for those that a source leaves out.
DEFAULT_BLOCKS: dict[str, dict[str, Any]] = {
    "messages": _CHATS,
    "timeline": _CHATS,
    "text": {
        "chunking": {"strategy": "books", "max_tokens": 1024, **_JOINED},
        "questions": {**_NO_QUESTIONS, "summary": True, "cloze": 3},
        "checks": {**_CHECKS, "drop_answer_in_question": True},
    },
    "labels": {
        "chunking": {
            "strategy": "examples",
            "instances": 20,
            "chunks": 10,
            "max_tokens": 400,
            "min_examples": 2,
            "max_shown_fraction": 0.5,
        },
        "questions": {**_NO_QUESTIONS, "label": 100},
        "checks": _CHECKS,
    },
    "qa": _PASSAGES,
    "squad": _PASSAGES,
}
