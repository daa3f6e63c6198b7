"""The shapes of an episode: its input, its steps and tool calls, its answers and rewards.

They share the Arrow types, schema version and storage of `pipeline/core/schema.py`.
"""

from dataclasses import dataclass, field
from typing import Annotated

from pipeline.core.schema import FactEnd, Metric, Split


@dataclass(slots=True)
class SegmentTime:
    """A segment's time alone; a projection of SegmentSpan."""

    time: Annotated[str | None, "as in SegmentSpan"]


@dataclass(slots=True)
class EpisodeChunk:
    """The fields of a chunk that an episode needs."""

    text: Annotated[str, "as in Chunk"]
    tokens: Annotated[int, "as in Chunk"]
    time: Annotated[str, "as in Chunk"]
    segments: Annotated[list[SegmentTime], "as in Chunk"]


@dataclass(slots=True)
class EpisodeQuestion:
    """The fields of a question that an episode needs."""

    id: Annotated[str, "as in Question"]
    text: Annotated[str, "as in Question"]
    answers: Annotated[list[str], "as in Question"]
    metric: Annotated[Metric, "as in Question"]
    evidence_chunks: Annotated[list[int], "as in Question"]
    kind: Annotated[str | None, "as in Question"] = None
    wrong_answers: Annotated[list[str], "as in Question"] = field(default_factory=list)
    after_chunk: Annotated[int | None, "as in Question"] = None


@dataclass(slots=True)
class EpisodeFact:
    """The fields of a fact that an episode needs."""

    subject: Annotated[str, "as in Fact"]
    attribute: Annotated[str, "as in Fact"]
    value: Annotated[str, "as in Fact"]
    chunk: Annotated[int, "as in Fact"]
    end: Annotated[FactEnd | None, "as in Fact"] = None
    end_chunk: Annotated[int | None, "as in Fact"] = None


@dataclass(slots=True)
class EpisodeInput:
    """The fields of an instance that an episode needs; faster to read than whole instances."""

    id: Annotated[str, "as in Instance"]
    source: Annotated[str, "as in Instance"]
    split: Annotated[Split, "as in Instance"]
    tokens: Annotated[int, "as in Instance"]
    chunks: Annotated[list[EpisodeChunk], "as in Instance"]
    questions: Annotated[list[EpisodeQuestion], "as in Instance"]
    facts: Annotated[list[EpisodeFact], "as in Instance"] = field(default_factory=list)

    def list_asked_chunks(self) -> list[int]:
        """Return, in order, the indices of chunks before the last one after which questions are asked."""
        asked = {question.after_chunk for question in self.questions}
        return sorted(index for index in asked if index is not None and index < len(self.chunks) - 1)


@dataclass(slots=True)
class ToolCallRecord:
    """A tool call of a reply, well-formed or not, and its outcome."""

    tool: Annotated[str | None, "name of the tool; null where the call is malformed"]
    memory_type: Annotated[str | None, "core, semantic or episodic, where the call names one"]
    memory_id: Annotated[str | None, "id of the entry that the call names"]
    content: Annotated[str | None, "text to store; of a malformed call, its beginning"]
    applied: Annotated[bool, "whether the call was applied to the memory"]
    valid: Annotated[bool, "whether the content suits its memory type; r4 counts these calls"]
    note: Annotated[str, "the change that was made, or why the call failed or is not valid"]
    entry_id: Annotated[str | None, "id of the entry that was inserted, changed or deleted"]


@dataclass(slots=True)
class Step:
    """A chunk, the policy's reply to it, and the calls of the reply."""

    chunk: Annotated[str, "text of the chunk"]
    tokens: Annotated[int, "tokens of the chunk"]
    reply: Annotated[str, "the reply as the policy wrote it"]
    calls: Annotated[list[ToolCallRecord], "calls of the reply, in order"]
    memory_tokens: Annotated[int, "tokens of the whole memory after the step"]


@dataclass(slots=True)
class MemoryMeasures:
    """Measures of the memory after a chunk, by the facts told by then; null where there are none to count."""

    recall: Annotated[float | None, "fraction of the facts that hold that the memory keeps"]
    stale: Annotated[float | None, "fraction of outdated facts kept without a newer value after them"]
    forgotten: Annotated[float | None, "fraction of the facts to be forgotten that are still kept"]
    noise: Annotated[float | None, "fraction of the entries that hold no fact"]
    tokens: Annotated[int, "tokens of the whole memory"]


@dataclass(slots=True)
class StoredEntry:
    """An entry of the memory after the last chunk."""

    id: Annotated[str, "s… in the semantic, e… in the episodic list"]
    text: Annotated[str, "text of the entry"]


@dataclass(slots=True)
class AnswerRecord:
    """A question, the passages retrieved for it, the answer and its score."""

    question: Annotated[str, "id of the question"]
    text: Annotated[str, "text of the question"]
    gold_answers: Annotated[list[str], "answers that count as right"]
    metric: Annotated[Metric, "how the answer is scored"]
    retrieved: Annotated[
        list[str], "passages that the answerer read, in order: core, ids of entries, or chunk 3"
    ]
    tokens: Annotated[int, "tokens of these passages"]
    answer: Annotated[str, "the answer; of all passages as an answer, the gold answers that stand in them"]
    score: Annotated[float | None, "0 to 1; null where it could not be scored"]
    kind: Annotated[str | None, "as in Question"] = None
    wrong_answers: Annotated[list[str], "as in Question"] = field(default_factory=list)
    after_chunk: Annotated[int | None, "as in Question"] = None


@dataclass(slots=True)
class Episode:
    """One instance as one method read and answered it, with the rewards."""

    id: Annotated[str, "<method>:<instance>"]
    method: Annotated[str, "name of the policy or baseline"]
    instance: Annotated[str, "id of the instance; the id of a concatenated instance ends in its length"]
    source: Annotated[str, "name of the source in params.yaml"]
    context_length: Annotated[
        int | None, "tokens that instances were concatenated to; null: a single instance"
    ]
    tokens: Annotated[int, "tokens of all chunks"]
    steps: Annotated[list[Step], "steps in reading order; empty where a method writes no memory"]
    core: Annotated[str, "core memory after the last chunk"]
    entries: Annotated[list[StoredEntry], "entries after the last chunk, semantic first, oldest first"]
    memory_tokens: Annotated[int, "tokens of all that the method keeps for answering"]
    answers: Annotated[list[AnswerRecord], "answers in the order of the questions"]
    correctness: Annotated[float | None, "r1; null where no question could be scored"]
    tool_format: Annotated[float, "r2, mean over the steps"]
    compression: Annotated[float, "r3"]
    content: Annotated[float, "r4, mean over the steps"]
    total: Annotated[float | None, "the weighted sum of the four, and of measures that have a weight"]
    measures: Annotated[list[MemoryMeasures], "measures after each step; empty without facts or steps"] = (
        field(default_factory=list)
    )
