"""Lineage both ways: from a dataset row to its raw characters, and from a raw record to its outcome."""
