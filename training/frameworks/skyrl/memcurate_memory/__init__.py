"""The memory environment of memcurate for SkyRL; importing it registers `memcurate_memory` with SkyRL-Gym."""

import skyrl_gym

ENV_CLASS = "memcurate_memory"

if ENV_CLASS not in skyrl_gym.registry:
    skyrl_gym.register(id=ENV_CLASS, entry_point="memcurate_memory.env:MemoryTextEnv")
