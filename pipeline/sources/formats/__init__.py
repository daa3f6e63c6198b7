"""Formats of raw files, a class each, and what they share: known books, labelled examples, lines."""
