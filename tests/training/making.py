"""Instances, questions and calls that tests make up."""

from collections.abc import Sequence

from pipeline.schema import Metric
from training.schema import CallMade, ChunkToRead, InstanceToPlay, QuestionToAsk, SegmentTime


def words(text: str) -> int:
    """Tokens, where words count as tokens."""
    return len(text.split())


def question(text: str, *answers: str, metric: Metric = "contains") -> QuestionToAsk:
    return QuestionToAsk(f"made/{text[:12]}", text, list(answers), metric, [])


def instance(
    name: str,
    chunks: Sequence[str],
    questions: Sequence[QuestionToAsk] = (),
    split: str = "test",
    times: Sequence[str] = (),
    spoken: bool = False,
) -> InstanceToPlay:
    """Chunks a day apart from 2024-01-01, or at these times; `spoken`: their segments have the time."""
    at = times or [f"2024-01-{number + 1:02} 00:00" for number in range(len(chunks))]
    made = [
        ChunkToRead(text, words(text), time, [SegmentTime(time if spoken else None)])
        for text, time in zip(chunks, at, strict=True)
    ]
    return InstanceToPlay(
        id=f"made/{name}",
        source="made",
        split="test" if split == "test" else "train",
        tokens=sum(chunk.tokens for chunk in made),
        chunks=made,
        questions=list(questions),
    )


def call(
    applied: bool = True, valid: bool = True, note: str = "inserted as s1", content: str = "x"
) -> CallMade:
    return CallMade("new_memory_insert", "semantic", None, content, applied, valid, note, None)
