"""Runs the resources server, as NeMo Gym starts it."""

from memcurate_memory.server import MemoryServer

if __name__ == "__main__":
    MemoryServer.run_webserver()
