"""Formats of one's own files: chats, texts, questions, dated entries; and formats of other packages."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from pipeline.core.strict_model import StrictModel

Column = Annotated[str, Field(min_length=1)]


class MessagesFormat(StrictModel):
    """Chats: a record has a list of messages, as OpenAI, ShareGPT, WildChat and LMSYS write them.

    Or it is a chat of ChatGPT's export, or one message of a conversation that a column names.
    """

    name: Literal["messages"]
    messages: Column | None = Field(None, description="column of the list of messages; null: the usual names")
    conversation: Column | None = Field(
        None,
        description="column that tells conversations apart, where a record is a message; null: it is a chat",
    )
    text: Column | None = Field(None, description="column of a message's text; null: the usual names")
    speaker: Column | None = Field(
        None, description="column that names who said a message; null: the usual names"
    )
    user: Column | None = Field(None, description="column that names the user, whose chats stay together")
    time: Column | None = Field(
        None,
        description="column of a chat's time, or of a message's where `conversation` is set; null: the usual "
        "names",
    )
    day_first: bool | None = Field(
        None,
        description="whether dates such as 3/2/2024 begin with the day; null: other dates of the column tell",
    )

    @model_validator(mode="after")
    def _validate_columns(self) -> "MessagesFormat":
        if self.messages and self.conversation:
            raise ValueError(
                "messages names lists of messages, and conversation a column of records that are one message "
                "each: write one of them"
            )
        return self


class TextFormat(StrictModel):
    """Texts: files of plain text, Markdown, HTML or EPUB, or a column of records."""

    name: Literal["text"]
    text: Column = Field("text", description="column of the text, in files of records")
    title: Column | None = Field(None, description="column of its title; null: `title` where there is one")
    headings: Literal["markdown", "books", "none"] | None = Field(
        None,
        description="where sections begin; books: at the headings of known books of Project Gutenberg, by "
        "file name, and at the paragraphs of others; null: at headings of Markdown, HTML and EPUB",
    )


class QaFormat(StrictModel):
    """Questions with a context and answers, one per record."""

    name: Literal["qa"]
    context: Column = Field("context", description="column of the passage that holds the answer")
    question: Column = Field("question", description="column of the question")
    answers: Column = Field("answers", description="column of the answer, or of a list of right answers")
    title: Column | None = Field(None, description="column of the passage's title; null: none")


class TimelineFormat(StrictModel):
    """Dated entries, such as a log: records with a time and a text."""

    name: Literal["timeline"]
    time: Column = Field("time", description="column of the time")
    text: Column = Field("text", description="column of the text")
    speaker: Column | None = Field(None, description="column that names who said it; null: nobody did")
    user: Column | None = Field(None, description="column whose values tell timelines apart; null: one")
    day_first: bool | None = Field(
        None,
        description="whether dates such as 3/2/2024 begin with the day; null: other dates of the column tell",
    )


class MessengerFormat(StrictModel):
    """Chats of people, as WhatsApp, Telegram (JSON), Slack and DiscordChatExporter (JSON) export them."""

    name: Literal["messenger"]
    day_first: bool | None = Field(
        None,
        description="whether dates of WhatsApp such as 3/2/24 begin with the day; null: the chat's other "
        "dates, or their order, tell",
    )


class SquadFormat(StrictModel):
    """Articles of paragraphs with questions, in SQuAD's JSON."""

    name: Literal["squad"]


class OwnFormat(StrictModel):
    """A format that is not of memcurate: MODULE:CLASS, or the name of an entry point `memcurate.formats`."""

    model_config = ConfigDict(extra="allow")

    name: str
