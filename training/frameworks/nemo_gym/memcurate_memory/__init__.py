"""The memory environment of memcurate for NeMo Gym: a resources server, an agent, and rows."""

AGENT = "memcurate_memory_agent"
