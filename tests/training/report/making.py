"""Tables of made-up episodes: two sources, one of a hostile name, two lengths that only the other reaches."""

from collections.abc import Sequence

from training.params import AnswerParams
from training.schema import Answered, CallMade, Episode, Step
from training.summary import Summary, Table

HOSTILE = "<script>alert(1)<"  # the name of a source: no slash, since it names a file
TURNED = "no \u202eeerf\u202c {{ 7 * 7 }} <img src=x onerror=alert(1)>"  # a note
METHODS = ("scripted", "bm25_chunks", "empty_memory", "long_context")  # as the stage plays them
CONTAINS = AnswerParams(by="contains", model=None, retrieve=20, max_tokens=1024)
LOCAL = AnswerParams(by="local", model=f"models/{HOSTILE}", retrieve=20, max_tokens=512)

_RIGHT = {"scripted": 3, "bm25_chunks": 1, "empty_memory": 0, "long_context": 4}  # of four questions


def made_tables(*, models: Sequence[str] = (), lengths: Sequence[int] = (30_000, 1_500_000)) -> list[Table]:
    """Tables of METHODS, and of models that play one instance of books and nothing stretched."""
    summary = Summary(200, 5, "bm25_chunks")
    for method in METHODS:
        for source in ("books", HOSTILE):
            for number in range(3):
                summary.add(made_episode(method, source, number))
        for stretch in lengths:
            summary.add(made_episode(method, "books", 0, stretch))
        if lengths:
            summary.add(made_episode(method, HOSTILE, 0, lengths[0]))
    for model in models:
        summary.add(made_episode(model, "books", 0))
    return summary.tables()


def made_episode(method: str, source: str, number: int, stretch: int | None = None) -> Episode:
    """Four questions that are measured, and one that only a judge could measure."""
    right = _RIGHT.get(method, 2)
    scores = [float(place < right) for place in range(4)]
    instance = f"{source}/{number}" if stretch is None else f"{source}/stretched-{stretch}"
    return Episode(
        id=f"{method}:{instance}",
        method=method,
        instance=instance,
        source=source,
        stretch=stretch,
        tokens=1000,
        steps=[] if method in METHODS[1:] else [Step("A chunk.", 1000, "", _calls(), 1200)],
        core="",
        entries=[],
        memory_tokens=1200,
        answers=[_answered(score) for score in [*scores, None]],
        correctness=sum(scores) / 4,
        tool_format=0.75,
        compression=-0.2,
        content=0.25,
        total=1.5,
    )


def _answered(score: float | None) -> Answered:
    return Answered("q", "Where?", ["barn"], "contains" if score is not None else "judge", [], 0, "", score)


def _calls() -> list[CallMade]:
    return [
        CallMade("new_memory_insert", "semantic", None, "a", True, True, "inserted as s1", "s1"),
        CallMade(
            "new_memory_insert", "semantic", None, "b", True, False, "inserted as s2; a placeholder", "s2"
        ),
        CallMade("memory_delete", "semantic", "s1", None, True, False, "deleted s1; a placeholder", "s1"),
        CallMade(None, None, None, "{", False, False, TURNED, None),
    ]
