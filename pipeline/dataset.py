"""The dataset out of the filtered sources: nothing on both sides or twice, and so many of each source."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from pipeline import draws
from pipeline.checks.contamination import Protected
from pipeline.checks.dropped import Dropped
from pipeline.checks.near_duplicate import Sketch, near_duplicates, sketch_of
from pipeline.errors import MemcurateError
from pipeline.params import DatasetParams
from pipeline.schema import SPLITS, Instance, InstanceOutline, Reject, Split

Read = Callable[[], Iterable[Instance | InstanceOutline]]


def choose(read: Read, params: DatasetParams, seed: int) -> tuple[dict[Split, set[str]], list[Reject]]:
    """(ids of the instances of each split of the dataset, rejects).

    Evaluation sets go to their own split whole. Of the others go: those of train that share text with test or
    an evaluation set; then, of both sides, near-duplicates; then what is left of train over the limit of its
    source, taken in turn from its documents. `read()` gives all instances, from the beginning each time.
    """
    kept_clear = (one for one in read() if one.split == "test" or one.source in params.evaluation)
    protected = Protected(kept_clear, params.contamination_words)
    chosen: dict[Split, set[str]] = {split: set() for split in SPLITS}
    sketches, rejects = [], []
    for instance in read():
        if instance.source in params.evaluation:
            chosen["evaluation"].add(instance.id)
            continue
        leak = protected.shared_by(instance) if instance.split == "train" else None
        if leak is None:
            sketches.append(sketch_of(instance))
        else:
            rejects.append(_rejected(instance, leak))
    repeated = near_duplicates(sketches, params.near_duplicate)
    by_source: dict[str, list[Sketch]] = defaultdict(list)
    for one in sketches:
        if one.id in repeated:
            rejects.append(_rejected(one, repeated[one.id]))
        elif one.split == "test":
            chosen["test"].add(one.id)
        else:
            by_source[one.source].append(one)
    over = Dropped("over the limit", f"dataset.limit is {params.limit}")
    for source, clean in sorted(by_source.items()):
        turns = _in_turn(clean, seed, source)
        chosen["train"].update(one.id for one in turns[: params.limit])
        rejects += [_rejected(one, over) for one in turns[params.limit :]]
    return chosen, rejects


def _in_turn(sketches: list[Sketch], seed: int, source: str) -> list[Sketch]:
    """One of each document, then a second of each, and so on; both orders drawn."""
    by_document: dict[str, list[Sketch]] = defaultdict(list)
    for one in draws.shuffled(sketches, lambda one: one.id, seed, source, "limit"):
        by_document[one.document].append(one)
    documents = draws.shuffled(sorted(by_document), str, seed, source, "turn")
    rounds = max(map(len, by_document.values()), default=0)
    return [
        by_document[document][number]
        for number in range(rounds)
        for document in documents
        if number < len(by_document[document])
    ]


def _rejected(instance: Instance | InstanceOutline | Sketch, why: Dropped) -> Reject:
    return Reject(
        id=instance.id,
        source=instance.source,
        stage="assemble",
        kind="instance",
        reason=why.reason,
        detail=why.detail,
        split=instance.split,
        document=instance.document,
    )


def verify_sides(
    read: Callable[[Split], Iterable[Instance | InstanceOutline]], params: DatasetParams
) -> None:
    """Make sure that nothing of train stands in another split of what was written. `read(split)` gives one.

    Raises MemcurateError that names an instance, else.
    """
    others = (one for split in SPLITS if split != "train" for one in read(split))
    protected = Protected(others, params.contamination_words)
    for instance in read("train"):
        shared = protected.shared_by(instance)
        if shared is not None:
            raise MemcurateError(
                f"instance {instance.id} of {instance.source} stands in train, and {shared.detail}: "
                "this is a mistake in memcurate, please report it"
            )
