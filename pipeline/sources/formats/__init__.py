"""Parsers of formats that several sources share, and the deduplication of labelled examples."""
