"""Make small instances, questions and call records for the tests of training."""

from collections.abc import Sequence

from pipeline.core.schema import Metric
from training.memory.schema import EpisodeChunk, EpisodeInput, EpisodeQuestion, SegmentTime, ToolCallRecord


def count_words(text: str) -> int:
    """Count the words of a text, in place of tokens."""
    return len(text.split())


def make_question(
    text: str,
    *answers: str,
    metric: Metric = "contains",
    wrong: Sequence[str] = (),
    after: int | None = None,
    kind: str | None = None,
) -> EpisodeQuestion:
    return EpisodeQuestion(f"made/{text[:12]}", text, list(answers), metric, [], kind, list(wrong), after)


def make_instance(
    name: str,
    chunks: Sequence[str],
    questions: Sequence[EpisodeQuestion] = (),
    split: str = "test",
    times: Sequence[str] = (),
    timed_segments: bool = False,
) -> EpisodeInput:
    """Make an instance whose chunks have the given times, by default a day apart from 2024-01-01.

    With `timed_segments` the segments have the times of their chunks; else they have none.
    """
    chunk_times = times or [f"2024-01-{number + 1:02} 00:00" for number in range(len(chunks))]
    episode_chunks = [
        EpisodeChunk(text, count_words(text), time, [SegmentTime(time if timed_segments else None)])
        for text, time in zip(chunks, chunk_times, strict=True)
    ]
    return EpisodeInput(
        id=f"made/{name}",
        source="made",
        split="test" if split == "test" else "train",
        tokens=sum(chunk.tokens for chunk in episode_chunks),
        chunks=episode_chunks,
        questions=list(questions),
    )


def make_call(
    applied: bool = True, valid: bool = True, note: str = "inserted as s1", content: str = "x"
) -> ToolCallRecord:
    return ToolCallRecord("new_memory_insert", "semantic", None, content, applied, valid, note, None)
