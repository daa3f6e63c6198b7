"""The split: which documents stand in test. A document is never divided between the sides."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from pipeline import draws
from pipeline.chunking.context import Chunked, Context
from pipeline.documents import Book, Document
from pipeline.params import SplitParams
from pipeline.schema import AskedQuestion, Instance, Reject

K = TypeVar("K", bound=Hashable)


def draw_test(weights: Mapping[str, int], params: SplitParams, seed: int, *names: object) -> set[str]:
    """The documents of test: drawn in random order until they hold about `test_share` of the weight.

    A document over `max_document_share` is never drawn; one that would take test further from its
    share than leaving it out is passed over.
    """
    total = sum(weights.values())
    wanted = params.test_share * total
    drawn: set[str] = set()
    held = 0
    for document in draws.shuffled(sorted(weights), str, seed, *names, "test"):
        weight = weights[document]
        if weight <= params.max_document_share * total and abs(held + weight - wanted) < abs(held - wanted):
            drawn.add(document)
            held += weight
    return drawn


def divided(
    documents: Sequence[Book | Document],
    results: Iterable[tuple[list[Instance], list[Reject]]],
    rejects: list[Reject],
    context: Context,
) -> Chunked:
    """Whole documents, and those of a group together, to a side, by their number of instances.

    `results` are those of each document. The questions of a document that makes one instance are that one's.
    """
    chunked = Chunked(rejects=list(rejects))
    held: list[tuple[str, list[Instance]]] = []
    for document, (instances, dropped) in zip(documents, results, strict=True):
        held.append((document.group or document.name, instances))
        chunked.rejects += dropped
        if len(instances) == 1:
            chunked.asked += (AskedQuestion(instances[0].id, question) for question in document.questions)
    weights: dict[str, int] = {}
    for group, instances in held:
        weights[group] = weights.get(group, 0) + len(instances)
    test = draw_test(weights, context.split, context.seed, context.source)
    for group, instances in held:
        for instance in instances:
            instance.split = "test" if group in test else "train"
        chunked.instances += instances
    return chunked


def connected(groups: Iterable[Iterable[K]]) -> dict[K, int]:
    """Number the components of items that stand in a group together, in order of first appearance."""
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
