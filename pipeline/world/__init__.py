"""Simulated worlds: people whose facts are told, changed, corrected and taken back, event by event.

So far a library: no stage draws a world yet.
"""
