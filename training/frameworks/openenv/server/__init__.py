"""The server: an episode of the memory environment for each session."""

from .memcurate_environment import MemcurateEnvironment

__all__ = ["MemcurateEnvironment"]
