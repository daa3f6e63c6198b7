"""The shapes of what an agent plays and of what it did: an episode, its steps and calls, its answers.

Like `pipeline/schema.py`, whose Arrow types, schema version and storage they share.
"""

from dataclasses import dataclass
from typing import Annotated

from pipeline.schema import Metric, Split


@dataclass(slots=True)
class SegmentTime:
    """A placed segment's time alone."""

    time: Annotated[str | None, "as in PlacedSegment"]


@dataclass(slots=True)
class ChunkToRead:
    """What an episode needs of a chunk."""

    text: Annotated[str, "as in Chunk"]
    tokens: Annotated[int, "as in Chunk"]
    time: Annotated[str, "as in Chunk"]
    segments: Annotated[list[SegmentTime], "as in Chunk"]


@dataclass(slots=True)
class QuestionToAsk:
    """What an episode needs of a question."""

    id: Annotated[str, "as in Question"]
    text: Annotated[str, "as in Question"]
    answers: Annotated[list[str], "as in Question"]
    metric: Annotated[Metric, "as in Question"]
    evidence_chunks: Annotated[list[int], "as in Question"]


@dataclass(slots=True)
class InstanceToPlay:
    """What an episode needs of an instance; quicker to read than the whole."""

    id: Annotated[str, "as in Instance"]
    source: Annotated[str, "as in Instance"]
    split: Annotated[Split, "as in Instance"]
    tokens: Annotated[int, "as in Instance"]
    chunks: Annotated[list[ChunkToRead], "as in Instance"]
    questions: Annotated[list[QuestionToAsk], "as in Instance"]


@dataclass(slots=True)
class CallMade:
    """A tool call of a reply, or what was meant as one, and what became of it."""

    tool: Annotated[str | None, "name of the tool; null where the call could not be read"]
    memory_type: Annotated[str | None, "core, semantic or episodic, where the call says so"]
    memory_id: Annotated[str | None, "the entry that the call names"]
    content: Annotated[str | None, "what it wrote; of what could not be read, the beginning"]
    applied: Annotated[bool, "whether the memory took it"]
    valid: Annotated[bool, "whether its content suits its memory type, which r4 counts"]
    note: Annotated[str, "what was done, or why not"]
    entry: Annotated[str | None, "id of the entry that was inserted, changed or deleted"]


@dataclass(slots=True)
class Step:
    """A chunk that was read, and what was written of it."""

    chunk: Annotated[str, "the text that was read"]
    tokens: Annotated[int, "of the chunk"]
    reply: Annotated[str, "as the policy wrote it"]
    calls: Annotated[list[CallMade], "in the order of the reply"]
    memory_tokens: Annotated[int, "of the whole memory after the step"]


@dataclass(slots=True)
class StoredEntry:
    """An entry of the memory after the last chunk."""

    id: Annotated[str, "s… in the semantic, e… in the episodic list"]
    text: Annotated[str, "what it says"]


@dataclass(slots=True)
class Answered:
    """A question, what was recalled for it, and how it was answered."""

    question: Annotated[str, "id of the question"]
    text: Annotated[str, "as asked"]
    gold: Annotated[list[str], "gold answers"]
    metric: Annotated[Metric, "how the answer is measured"]
    recalled: Annotated[list[str], "what the answerer read, in order: core, ids of entries, or chunk 3"]
    tokens: Annotated[int, "of what the answerer read"]
    answer: Annotated[str, "the answer; by `contains`, the gold answers that stand in what was read"]
    score: Annotated[float | None, "0 to 1; null where it could not be measured"]


@dataclass(slots=True)
class Episode:
    """One instance played by one method, to its last question."""

    id: Annotated[str, "<method>:<instance>"]
    method: Annotated[str, "name of the policy or baseline"]
    instance: Annotated[str, "id of the instance; a stretched one's ends in its length"]
    source: Annotated[str, "name in params.yaml"]
    stretch: Annotated[int | None, "tokens that test instances were joined up to; null: an instance as it is"]
    tokens: Annotated[int, "of all chunks"]
    steps: Annotated[list[Step], "in reading order; empty where a method writes no memory"]
    core: Annotated[str, "core memory after the last chunk"]
    entries: Annotated[list[StoredEntry], "the other memory then, semantic first, oldest first"]
    memory_tokens: Annotated[int, "of all that was kept for answering"]
    answers: Annotated[list[Answered], "in the order of the questions"]
    correctness: Annotated[float | None, "r1; null where no question could be measured"]
    tool_format: Annotated[float, "r2, mean over the steps"]
    compression: Annotated[float, "r3"]
    content: Annotated[float, "r4, mean over the steps"]
    total: Annotated[float | None, "the weighted sum of the four"]
