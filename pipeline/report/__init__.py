"""The report of a build: each source's yield, its rejects by reason, distributions and examples."""
