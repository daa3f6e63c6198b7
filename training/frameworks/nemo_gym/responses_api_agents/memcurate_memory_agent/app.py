"""Runs the agent, as NeMo Gym starts it."""

from memcurate_memory.agent import MemoryAgent

if __name__ == "__main__":
    MemoryAgent.run_webserver()
