"""Hostile input at every door of the project: `python -m tests.fuzz`, or `make fuzz`.

A door is a place where text or bytes of strangers enter. Each gets mutations of seeds, which are small valid
inputs, in processes that are watched. An exception that is not meant for people, an input that takes too long
and memory beyond the bound are findings.
"""
