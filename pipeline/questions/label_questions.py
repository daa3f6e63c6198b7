"""Questions for the labels of examples that the instance does not show (paper: NLU, TREC)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pipeline.core import seeded_random
from pipeline.core.ids import short_id
from pipeline.core.question_templates import label_question
from pipeline.core.schema import Instance, InstanceQuestion, Question, Segment


def make_label_questions(
    labelled_examples: Iterable[Segment],
    instances: Iterable[Instance],
    per_instance: int,
    seed: int,
    source: str,
) -> Iterator[InstanceQuestion]:
    """Make up to `per_instance` questions of each instance for the labels of examples that it does not show.

    The examples are of the instance's own document, and so of its own split; they are drawn by `seed`. The
    evidence is the shown examples with the same label.
    """
    examples_by_document: dict[str, list[Segment]] = defaultdict(list)
    for example in labelled_examples:
        examples_by_document[example.document].append(example)
    for instance in instances:
        label_numbers = {label.name: label.number for label in instance.labels}
        shown: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for chunk in instance.chunks:
            for segment in chunk.segments:
                shown[segment.label or ""].append((segment.id, chunk.index))
        shown_ids = {segment_id for examples in shown.values() for segment_id, _ in examples}
        candidates = [
            example for example in examples_by_document[instance.document] if example.id not in shown_ids
        ]
        names = (seed, source, instance.document, instance.index, "held out")
        for example in seeded_random.shuffled(candidates, lambda one: one.id, *names)[:per_instance]:
            same_label_examples = shown[example.label or ""]
            answer = str(label_numbers[example.label or ""])
            text = label_question(example.text)
            evidence = [segment_id for segment_id, _ in same_label_examples]
            yield InstanceQuestion(
                instance.id,
                Question(
                    id=short_id(source, instance.document, instance.index, text, answer, *evidence),
                    text=text,
                    answers=[answer],
                    metric="exact",
                    origin="label",
                    kind=None,
                    time=None,
                    evidence=evidence,
                    evidence_chunks=sorted({index for _, index in same_label_examples}),
                    source_span=example.source_span,
                ),
            )
