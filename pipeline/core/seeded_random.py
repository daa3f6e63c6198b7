"""Draw random numbers by hash, without a random stream, for the whole project.

A draw is a hash of the seed and of names that identify the draw. So it depends neither on earlier draws, nor
on the number of workers or the Python version, and adding an item to a list leaves the order of
the others as it was.
"""

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_SEPARATOR = "\x1f"


def draw(seed: int, *names: object) -> int:
    """Draw a 64-bit integer uniformly, which depends on (seed, names) only."""
    key = _SEPARATOR.join([str(seed), *(str(name) for name in names)])
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")


def randint(low: int, high: int, seed: int, *names: object) -> int:
    """Draw an integer uniformly from low to high, both included."""
    return low + draw(seed, *names) % (high - low + 1)


def shuffled(items: Iterable[T], key: Callable[[T], object], seed: int, *names: object) -> list[T]:
    """Return the items in random order. `key` identifies an item; items of equal keys keep their order."""
    return sorted(items, key=lambda item: draw(seed, *names, key(item)))
