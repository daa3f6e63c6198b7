"""Train/test split of documents. All instances of a document are in one split."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from pipeline.chunking.located import attach_questions
from pipeline.chunking.types import ChunkedSource, ChunkingContext
from pipeline.core import seeded_random
from pipeline.core.params import SplitParams
from pipeline.core.schema import Instance, Reject, Split
from pipeline.sources.parsed import Book, Document

K = TypeVar("K", bound=Hashable)


def draw_test_documents(
    weights: Mapping[str, int], params: SplitParams, seed: int, *names: object, min_weight: int = 0
) -> set[str]:
    """Draw the documents of test, in random order, until they hold about `test_fraction` of the weight.

    A document over `max_document_fraction` of the weight is not drawn; a document is skipped if test comes
    closer to its fraction without it. Where this draws none, as of a few documents of similar size, the
    lightest are: with two documents or more, neither split is empty.

    Args:
        weights: The weight of each document, such as its characters.
        params: Has the two fractions.
        seed: That of the dataset; with `names` it seeds the draw.
        names: Of the source.
        min_weight: What test holds at least, about: a larger fraction where it has to be, but at most half.
    """
    total = sum(weights.values())
    target_weight = max(params.test_fraction * total, min(min_weight, total / 2))
    drawn: set[str] = set()
    drawn_weight = 0

    def comes_closer(weight: int) -> bool:
        return abs(drawn_weight + weight - target_weight) < abs(drawn_weight - target_weight)

    order = seeded_random.shuffled(sorted(weights), str, seed, *names, "test")
    for document in order:
        weight = weights[document]
        if weight <= params.max_document_fraction * total and comes_closer(weight):
            drawn.add(document)
            drawn_weight += weight
    weighty = [document for document in order if weights[document]]
    if not drawn and len(weighty) > 1:
        # of equal ones, the first in the drawn order
        for document in sorted(weighty, key=weights.__getitem__):
            if not drawn or comes_closer(weights[document]):
                drawn.add(document)
                drawn_weight += weights[document]
    return drawn


def draw_splits(
    weights: Mapping[str, int], given: Mapping[str, Split], context: ChunkingContext
) -> dict[str, Split]:
    """Return the split of each document and group: the one that it is given, else one that is drawn."""
    drawn = {name: weight for name, weight in weights.items() if name not in given}
    test = draw_test_documents(drawn, context.split, context.seed, context.source)
    return {name: given.get(name, "test" if name in test else "train") for name in weights}


def assign_splits(
    documents: Sequence[Book | Document],
    results: Iterable[tuple[list[Instance], list[Reject]]],
    rejects: list[Reject],
    context: ChunkingContext,
) -> ChunkedSource:
    """Assign whole documents, and the documents of a group together, to splits, weighted by instances.

    `results` holds (instances, rejects) of each document. The questions of a document that makes one instance
    belong to that instance.
    """
    chunked = ChunkedSource(rejects=list(rejects))
    grouped: list[tuple[str, list[Instance]]] = []
    given: dict[str, Split] = {}
    weights: dict[str, int] = {}
    for document, (instances, rejected) in zip(documents, results, strict=True):
        group = document.group or document.name
        grouped.append((group, instances))
        weights[group] = weights.get(group, 0) + len(instances)
        if isinstance(document, Document) and document.split is not None:
            given[group] = document.split
        questions, unlocated = attach_questions(document, instances, context.source)
        chunked.document_questions += questions
        chunked.rejects += (*rejected, *unlocated)
    splits = draw_splits(weights, given, context)
    for group, instances in grouped:
        for instance in instances:
            instance.split = splits[group]
        chunked.instances += instances
    return chunked


def connected_components(groups: Iterable[Iterable[K]]) -> dict[K, int]:
    """Find the connected components of items that share a group.

    Returns the number of each item's component; components are numbered in order of first appearance.
    """
    parent: dict[K, K] = {}

    def root(item: K) -> K:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for group in groups:
        first: K | None = None
        for item in group:
            parent.setdefault(item, item)
            if first is None:
                first = item
            parent[root(item)] = root(first)
    numbers: dict[K, int] = {}
    return {item: numbers.setdefault(root(item), len(numbers)) for item in parent}
