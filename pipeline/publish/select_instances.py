"""Selection of the dataset's instances: decontamination, near-duplicates, and a limit per source."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from pipeline.core import seeded_random
from pipeline.core.errors import MemcurateError
from pipeline.core.params import DatasetParams
from pipeline.core.rejection import Rejection, make_instance_reject
from pipeline.core.schema import SPLITS, Instance, InstanceProjection, Reject, Split
from pipeline.dedup.contamination import ContaminationIndex
from pipeline.dedup.near_duplicate import Sketch, find_near_duplicates, make_sketch

InstanceReader = Callable[[], Iterable[Instance | InstanceProjection]]


def select_instances(
    read: InstanceReader, params: DatasetParams, seed: int
) -> tuple[dict[Split, set[str]], list[Reject]]:
    """Select the instances of each split; return (their ids by split, rejects).

    Sources of `dataset.eval_only_sources` go to the split `evaluation` whole. Of the others are rejected:

    1. train instances that share text with test or with an evaluation set;
    2. near-duplicates, in train and test;
    3. train instances beyond `dataset.max_train_per_source`, which are drawn from the documents in turn.

    `read()` returns all instances, from the beginning each time.
    """
    protected_instances = (
        one for one in read() if one.split == "test" or one.source in params.eval_only_sources
    )
    contamination_index = ContaminationIndex(protected_instances, params.decontamination_ngram)
    selected: dict[Split, set[str]] = {split: set() for split in SPLITS}
    sketches, rejects = [], []
    for instance in read():
        if instance.source in params.eval_only_sources:
            selected["evaluation"].add(instance.id)
            continue
        overlap = contamination_index.find_overlap(instance) if instance.split == "train" else None
        if overlap is None:
            sketches.append(make_sketch(instance))
        else:
            rejects.append(make_instance_reject("assemble", instance, overlap))
    repeated = find_near_duplicates(sketches, params.near_duplicate)
    by_source: dict[str, list[Sketch]] = defaultdict(list)
    for one in sketches:
        if one.id in repeated:
            rejects.append(make_instance_reject("assemble", one, repeated[one.id]))
        elif one.split == "test":
            selected["test"].add(one.id)
        else:
            by_source[one.source].append(one)
    over_limit = Rejection("over the limit", f"dataset.max_train_per_source is {params.max_train_per_source}")
    for source, candidates in sorted(by_source.items()):
        ordered = _round_robin(candidates, seed, source)
        selected["train"].update(one.id for one in ordered[: params.max_train_per_source])
        rejects += [
            make_instance_reject("assemble", one, over_limit)
            for one in ordered[params.max_train_per_source :]
        ]
    return selected, rejects


def _round_robin(sketches: list[Sketch], seed: int, source: str) -> list[Sketch]:
    """Order instances in rounds, one of each document per round; both orders are drawn."""
    by_document: dict[str, list[Sketch]] = defaultdict(list)
    for one in seeded_random.shuffled(sketches, lambda one: one.id, seed, source, "limit"):
        by_document[one.document].append(one)
    documents = seeded_random.shuffled(sorted(by_document), str, seed, source, "turn")
    rounds = max(map(len, by_document.values()), default=0)
    return [
        by_document[document][number]
        for number in range(rounds)
        for document in documents
        if number < len(by_document[document])
    ]


def assert_no_leakage(
    read: Callable[[Split], Iterable[Instance | InstanceProjection]], params: DatasetParams
) -> None:
    """Verify that no train instance shares text with another split, in the files as written.

    `read(split)` returns the instances of a split. Raises MemcurateError that names the first such instance.
    """
    others = (one for split in SPLITS if split != "train" for one in read(split))
    contamination_index = ContaminationIndex(others, params.decontamination_ngram)
    for instance in read("train"):
        overlap = contamination_index.find_overlap(instance)
        if overlap is not None:
            raise MemcurateError(
                f"instance {instance.id} of {instance.source} is in train, but {overlap.detail}: "
                "this is a bug in memcurate, please report it"
            )
