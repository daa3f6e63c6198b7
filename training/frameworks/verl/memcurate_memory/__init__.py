"""The memory environment of memcurate for verl: an agent loop whose every step is a row of the batch."""

AGENT_NAME = "memcurate_memory"  # in the column `agent_name`, and in agent_loop.yaml
