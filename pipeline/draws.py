"""Every random draw of the project, made without a random stream.

A draw is a hash of (seed, the names that say what is drawn). Nothing depends on how many draws came
before it, on the number of workers or on the Python version, and adding one item to a pool leaves the
order of the others as it was.
"""

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_SEPARATOR = "\x1f"


def _draw(seed: int, names: tuple[object, ...]) -> int:
    """A uniform 64-bit integer that (seed, names) alone decides."""
    key = _SEPARATOR.join([str(seed), *(str(name) for name in names)])
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")


def integer(low: int, high: int, seed: int, *names: object) -> int:
    """A whole number drawn uniformly from low to high, both included."""
    return low + _draw(seed, names) % (high - low + 1)


def shuffled(items: Iterable[T], key: Callable[[T], object], seed: int, *names: object) -> list[T]:
    """The items in random order. `key` names an item: equal keys keep their given order."""
    return sorted(items, key=lambda item: _draw(seed, (*names, key(item))))
