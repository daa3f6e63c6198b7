"""The split: which documents stand in test. A document is never divided between the sides."""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from pipeline import draws
from pipeline.params import SplitParams
from pipeline.schema import Split

K = TypeVar("K", bound=Hashable)

SIDES: tuple[Split, ...] = ("train", "test")


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
