"""The memcurate command: one module per command."""
