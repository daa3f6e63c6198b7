"""Simulated worlds: people whose facts are told, changed, corrected and taken back, event by event.

`files.py` writes the worlds of a source, which the format `simulated_world` reads.
"""
