"""Simulated worlds: people whose facts are told, changed, corrected and taken back; what holds is known.

So far a library: no stage draws a world yet.
"""
