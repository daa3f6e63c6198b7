"""Questions for the label of examples that the instance does not show (paper: NLU, TREC)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pipeline import draws
from pipeline.ids import short_id
from pipeline.questions.frames import label_question
from pipeline.schema import AskedQuestion, Instance, Question, Segment


def ask_labels(
    pool: Iterable[Segment], instances: Iterable[Instance], count: int, seed: int, source: str
) -> Iterator[AskedQuestion]:
    """`count` questions an instance, about examples of its own side, drawn by seed.

    The evidence is the shown examples with the same label.
    """
    sides: dict[str, list[Segment]] = defaultdict(list)
    for example in pool:
        sides[example.document].append(example)
    for instance in instances:
        numbers = {label.name: label.number for label in instance.labels}
        shown: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for chunk in instance.chunks:
            for segment in chunk.segments:
                shown[segment.label or ""].append((segment.id, chunk.ordinal))
        visible = {identity for examples in shown.values() for identity, _ in examples}
        held_out = [example for example in sides[instance.document] if example.id not in visible]
        names = (seed, source, instance.document, instance.ordinal, "held out")
        for example in draws.shuffled(held_out, lambda one: one.id, *names)[:count]:
            same = shown[example.label or ""]
            answer = str(numbers[example.label or ""])
            text = label_question(example.text)
            evidence = [identity for identity, _ in same]
            yield AskedQuestion(
                instance.id,
                Question(
                    id=short_id(source, instance.document, instance.ordinal, text, answer, *evidence),
                    text=text,
                    answers=[answer],
                    metric="exact",
                    origin="held-out",
                    kind=None,
                    time=None,
                    evidence=evidence,
                    evidence_chunks=sorted({ordinal for _, ordinal in same}),
                    raw=example.raw,
                ),
            )
