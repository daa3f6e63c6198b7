"""Ports for the servers of tests, which run side by side."""

import socket


def find_free_port() -> int:
    """Return a port on this machine where nothing listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])
