"""Make tables of two sources: one has a hostile name, and only the other one reaches both lengths."""

from collections.abc import Sequence

from pipeline.core.params import AnswerParams
from training.evaluation.aggregate import EpisodeAggregator, ScoreTable
from training.memory.schema import AnswerRecord, Episode, Step, ToolCallRecord

HOSTILE_SOURCE = "<script>alert(1)<"  # without a slash, since a source names a file
HOSTILE_NOTE = "no \u202eeerf\u202c {{ 7 * 7 }} <img src=x onerror=alert(1)>"
METHODS = ("scripted", "bm25_chunks", "empty_memory", "long_context")  # in the order of the stage
EXTRACTIVE = AnswerParams(backend="extractive", model=None, top_k=20, max_context_tokens=1024)
LOCAL = AnswerParams(backend="local", model=f"models/{HOSTILE_SOURCE}", top_k=20, max_context_tokens=512)

_NUM_RIGHT = {"scripted": 3, "bm25_chunks": 1, "empty_memory": 0, "long_context": 4}  # of four questions


def make_tables(
    *, models: Sequence[str] = (), lengths: Sequence[int] = (30_000, 1_500_000)
) -> list[ScoreTable]:
    """Make tables of METHODS on all instances, and of models on one instance of books alone."""
    aggregator = EpisodeAggregator(200, 5, "bm25_chunks")
    for method in METHODS:
        for source in ("books", HOSTILE_SOURCE):
            for number in range(3):
                aggregator.add(make_episode(method, source, number))
        for context_length in lengths:
            aggregator.add(make_episode(method, "books", 0, context_length))
        if lengths:
            aggregator.add(make_episode(method, HOSTILE_SOURCE, 0, lengths[0]))
    for model in models:
        aggregator.add(make_episode(model, "books", 0))
    return aggregator.build_tables()


def make_episode(method: str, source: str, number: int, context_length: int | None = None) -> Episode:
    """Make an episode of four scored questions, and one that only a judge could score."""
    num_right = _NUM_RIGHT.get(method, 2)
    scores = [float(index < num_right) for index in range(4)]
    instance = f"{source}/{number}" if context_length is None else f"{source}/stretched-{context_length}"
    return Episode(
        id=f"{method}:{instance}",
        method=method,
        instance=instance,
        source=source,
        context_length=context_length,
        tokens=1000,
        steps=[] if method in METHODS[1:] else [Step("A chunk.", 1000, "", _make_calls(), 1200)],
        core="",
        entries=[],
        memory_tokens=1200,
        answers=[_make_answer(score) for score in [*scores, None]],
        correctness=sum(scores) / 4,
        tool_format=0.75,
        compression=-0.2,
        content=0.25,
        total=1.5,
    )


def _make_answer(score: float | None) -> AnswerRecord:
    return AnswerRecord(
        "q", "Where?", ["barn"], "contains" if score is not None else "judge", [], 0, "", score
    )


def _make_calls() -> list[ToolCallRecord]:
    return [
        ToolCallRecord("new_memory_insert", "semantic", None, "a", True, True, "inserted as s1", "s1"),
        ToolCallRecord(
            "new_memory_insert", "semantic", None, "b", True, False, "inserted as s2; a placeholder", "s2"
        ),
        ToolCallRecord(
            "memory_delete", "semantic", "s1", None, True, False, "deleted s1; a placeholder", "s1"
        ),
        ToolCallRecord(None, None, None, "{", False, False, HOSTILE_NOTE, None),
    ]
