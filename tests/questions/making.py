"""Instances and questions that tests make up."""

from collections.abc import Sequence

from pipeline.schema import Chunk, Instance, Label, PlacedSegment, Question, Span


def make_instance(
    name: str,
    *chunks: dict[str, str],
    labels: Sequence[str] = (),
    shown: dict[str, str] | None = None,
    document: str = "train",
    ordinal: int = 0,
) -> Instance:
    """An instance of chunks, each a dict from segment id to text; `shown` gives segments their labels."""
    made = []
    for number, segments in enumerate(chunks):
        text, placed = "Opening.\n", []
        for identity, inner in segments.items():
            raw = Span("f.json", f"/{identity}", 0, len(inner))
            label = (shown or {}).get(identity)
            start, end = len(text), len(text) + len(inner)
            placed.append(PlacedSegment(identity, raw, document, None, None, None, label, start, end))
            text += inner + "\n"
        made.append(Chunk(f"{name}/{number}", number, text, 1, "2024-01-01 00:00", placed))
    numbers = [Label(number, label) for number, label in enumerate(labels)]
    return Instance(name, "made", "train", document, ordinal, len(made), made, [], numbers)


def make_question(
    identity: str = "made/q",
    text: str = "Where does the owl live?",
    answers: Sequence[str] = ("a barn",),
    evidence: Sequence[str] = ("made/s",),
    evidence_chunks: Sequence[int] = (0,),
    metric: str = "contains",
) -> Question:
    assert metric in ("contains", "exact", "judge")
    raw = Span("f.json", f"/{identity}", 0, len(text))
    return Question(
        identity,
        text,
        list(answers),
        metric,  # type: ignore[arg-type]  # any string, so that tests can write it plainly
        "carried",
        None,
        None,
        list(evidence),
        list(evidence_chunks),
        raw,
    )
