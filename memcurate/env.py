"""The memory environment (`training/environment`), for trainers of other projects."""

from training.environment import *  # noqa: F403  # its __all__ is the list of names
