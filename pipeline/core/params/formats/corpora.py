"""Formats of public corpora, whose columns have fixed names."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.core.params.formats.general import Column, QaFormat, SquadFormat
from pipeline.core.strict_model import StrictModel


class ChaptersFormat(StrictModel):
    """Chapters with human summaries, one per record, as BookSum has them."""

    name: Literal["chapters"]
    title: Column = Field("title", description="column of a book's title; its chapters share a split")
    chapter: Column = Field("chapter", description="column that tells chapters of a title apart")
    text: Column = Field("text", description="column of the chapter's text")
    summary: Column = Field(
        "summary",
        description="column of the list of summaries, each with a `text`; the first that is not blank counts",
    )


class ChitchatFormat(StrictModel):
    """Chats between two people by their ids, in Chitchat's JSON."""

    name: Literal["chitchat"]


class PerLtqaFormat(StrictModel):
    """People with events, dialogues about them, and questions, in PerLTQA's JSON."""

    name: Literal["perltqa"]
    memory_file: Column = Field("perltmem_en.json", description="file of the people")
    question_file: Column = Field("perltqa_en.json", description="file of their questions")


class LocomoFormat(StrictModel):
    """Long conversations of two friends with questions, in LoCoMo's JSON."""

    name: Literal["locomo"]


class BeamFormat(StrictModel):
    """Conversations of up to 10 million tokens with questions of ten abilities, in BEAM's columns."""

    name: Literal["beam"]


class HaluMemFormat(StrictModel):
    """Users with dated sessions, memory points and questions, in HaluMem's JSONL."""

    name: Literal["halumem"]


class HotpotQaFormat(StrictModel):
    """Questions with supporting facts in paragraphs of sentences, in HotpotQA's JSON or the hub's columns."""

    name: Literal["hotpotqa"]
    articles: Literal["supporting", "others"] = Field(
        "supporting",
        description="articles that are read: those that a question rests on, with the questions; or the "
        "others, without questions",
    )


class LongMemEvalFormat(StrictModel):
    """Questions with dated sessions, in LongMemEval's JSON."""

    name: Literal["longmemeval"]
    exclude: Column | None = Field(
        None,
        description="files of MemoryAgentBench among those of the source, by the beginning of their names: "
        "their questions are left out; null: none",
    )
    unanswerable: Literal["drop", "keep"] = Field(
        "drop",
        description="questions that the sessions do not answer on purpose; kept, they stay where "
        "checks.unanswerable keeps them too",
    )
    exclude_rows: Column = Field(
        "longmemeval_s", description="rows of these files that hold such questions, as in memory_agent_bench"
    )


class MemoryAgentBenchFormat(StrictModel):
    """Long contexts with many questions each, in MemoryAgentBench's columns."""

    name: Literal["memory_agent_bench"]
    category: Column = Field(description="beginning of the names of the files that are read")
    rows: Column = Field(description="beginning of `metadata.source` of the rows that are read")
    context: Literal["documents", "samples", "sessions", "book"] = Field(
        description="what a context is made of: numbered documents, labelled samples, dated sessions, or the "
        "text of a book to be summarized"
    )


class SimulatedWorldFormat(StrictModel):
    """Simulated worlds, which the block `simulate` draws, told among passages of the source's files."""

    name: Literal["simulated_world"]
    filler: Annotated[HotpotQaFormat | SquadFormat | QaFormat, Field(discriminator="name")] | None = Field(
        None, description="format of the files, whose passages are the filler; null: the source has no files"
    )


class CorrectedSquadFormat(StrictModel):
    """SQuAD files with the corrections that the block `corrections` draws: an instance per article."""

    name: Literal["corrected_squad"]
