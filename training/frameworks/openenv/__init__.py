"""The memory environment of memcurate as an environment of OpenEnv: its client, action and observation."""

from .client import MemcurateEnv
from .models import MemcurateAction, MemcurateObservation, MemcurateState
from .tool_environment import MemcurateToolEnv

__all__ = ["MemcurateAction", "MemcurateEnv", "MemcurateObservation", "MemcurateState", "MemcurateToolEnv"]
