"""The agent's memory: its entries, tools, parser of tool calls, prompts and the schema of an episode."""
