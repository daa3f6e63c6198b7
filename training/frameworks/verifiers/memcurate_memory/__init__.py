"""The memory environment of memcurate as a taskset, harness and environment of verifiers."""

from .harness import MemoryHarness
from .taskset import MemoryEpisodes, MemoryTaskset

__all__ = ["MemoryEpisodes", "MemoryHarness", "MemoryTaskset"]
