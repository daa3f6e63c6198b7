"""Lineage both ways: from what is in the dataset to the raw characters, and from a raw record to its fate."""
